/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_COMPARISON_H
#define REPORTS_HTML_HTML_COMPARISON_H

/* html_comparison - every series except those of the micro guest and of
 * footprint, one row per series, with all runners. */
struct model;
struct strbuf;

void html_comparison_write(const struct model *m, struct strbuf *out);

#endif
