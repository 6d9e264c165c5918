/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_DISTRIBUTIONS_H
#define REPORTS_HTML_HTML_DISTRIBUTIONS_H

/* html_distributions - the curve of memory latency, and the samples of every
 * other series. */
struct model;
struct strbuf;

void html_distributions_write(const struct model *m, struct strbuf *out);

#endif
