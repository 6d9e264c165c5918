/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_HIGHLIGHTS_H
#define REPORTS_HTML_HTML_HIGHLIGHTS_H

/* html_highlights - the page's chart of ratios, and its rows as a table. */

struct model;
struct strbuf;

void html_highlights_write_chart(const struct model *m, struct strbuf *out);
void html_highlights_write_table(const struct model *m, struct strbuf *out);

#endif
