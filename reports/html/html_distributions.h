/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_DISTRIBUTIONS_H
#define REPORTS_HTML_HTML_DISTRIBUTIONS_H

/* html_distributions - the samples of every series. */
struct model;
struct strbuf;

void html_distributions_write(const struct model *m, struct strbuf *out);

#endif
