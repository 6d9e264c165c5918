/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_HIGHLIGHTS_H
#define REPORTS_HTML_HTML_HIGHLIGHTS_H

/* html_highlights - the page's chart of ratios, and rows of a group as a table. */
#include <stddef.h>

struct highlight_row;
struct model;
struct strbuf;

void html_highlights_write_chart(const struct model *m, struct strbuf *out);
/* ROWS are of one group, COUNT of them, 1 at least. */
void html_highlights_write_table(const struct model *m,
				 const struct highlight_row *rows, size_t count,
				 struct strbuf *out);

#endif
