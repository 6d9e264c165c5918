/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_MICRO_H
#define REPORTS_HTML_HTML_MICRO_H

/* html_micro - the page's section on the micro guest: a table per
 * workload, a row per primitive, and the cost of an operation per runner. */
struct model;
struct strbuf;

void html_micro_write(const struct model *m, struct strbuf *out);

#endif
