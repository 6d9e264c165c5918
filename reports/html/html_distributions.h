/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_DISTRIBUTIONS_H
#define REPORTS_HTML_HTML_DISTRIBUTIONS_H

/* html_distributions - the curve of memory latency, and the samples of every
 * other series. */
struct model;
struct strbuf;

/* The curve, or why there is none. */
void html_latency_write(const struct model *m, struct strbuf *out);
void html_distributions_write(const struct model *m, struct strbuf *out);

#endif
