/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_MICRO_H
#define REPORTS_HTML_HTML_MICRO_H

/* html_micro - the page's section on the micro guest: a table a workload, a
 * row a primitive, and of each runner what an operation costs. */
struct model;
struct strbuf;

void html_micro_write(const struct model *m, struct strbuf *out);

#endif
