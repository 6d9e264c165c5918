/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_PARTS_H
#define REPORTS_HTML_HTML_PARTS_H

/* html_parts - building blocks of the page's sections. */
#include <stdbool.h>
#include <stddef.h>

#include "harness/core/grade.h"

struct model;
struct model_row;
struct ratio;
struct strbuf;

/* TEXT with the five special characters escaped. */
void html_escape(struct strbuf *out, const char *text);

/* TEXT percent-encoded for an address (RFC 3986, 2.1). */
void html_percent(struct strbuf *out, const char *text);

/* OPEN and CLOSE as they are, TEXT escaped between them. */
void html_cell(struct strbuf *out, const char *open, const char *text,
	       const char *close);

/*
 * A table, lines of TEXT as they stand, or a figure. Wider than the page, it is
 * scrolled by itself, with the keyboard too; LABEL, plain text, says what it is
 * then. ATTRIBUTES are markup, each with a blank before it; of class "broad" a
 * table is printed across the paper. A table ends in its tbody.
 */
void html_table_begin(struct strbuf *out, const char *label,
		      const char *attributes);
void html_table_end(struct strbuf *out);
void html_lines(struct strbuf *out, const char *label, const char *text);
void html_figure_begin(struct strbuf *out, const char *label);
/* A figure of PICTURE, which is released; false if it is empty, and nothing is
 * written. */
bool html_figure(struct strbuf *out, const char *label, struct strbuf *picture);

/* TEXT, cut to MOST characters, its last one a mark of that then. */
void html_cut(struct strbuf *out, const char *text, size_t most);

/* What a figure rests on: its ratio to the baseline and interval where there is
 * one, boots, samples, grade. */
void html_basis(struct strbuf *out, const struct model_row *row, size_t runner);
/* A table's cell of numbers, begun; on hover it says html_basis(). */
void html_number_begin(struct strbuf *out, const struct model_row *row,
		       size_t runner);

/* The median of RUNNER in ROW and its ratio to the baseline. */
void html_median(struct strbuf *out, const struct model_row *row,
		 size_t runner);
/* The median alone, or in a word why there is none. */
void html_value(struct strbuf *out, const struct model_row *row, size_t runner);

/*
 * A closed section. It opens on a click, on a link to ID, on a search for its
 * text, and on paper.
 */
void html_fold_begin(struct strbuf *out, const char *id, const char *title);
void html_fold_end(struct strbuf *out);

/* One line, which opens: the reasons why rows have no figure, of the rows that
 * IS_WANTED accepts; no output without such rows. */
void html_skipped(struct strbuf *out, const struct model *m,
		  bool (*is_wanted)(const struct model_row *row,
				    const void *arg),
		  const void *arg);

/* R's interval, or why it has none: "0.990 to 1.010", "2 blocks". */
void html_interval(struct strbuf *out, const struct ratio *r,
		   size_t block_count);
void html_grade(struct strbuf *out, enum grade grade);
/* All that HAS names, each with a blank before it. */
void html_grades(struct strbuf *out, const bool has[GRADE_COUNT]);

#endif
