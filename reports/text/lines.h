/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_LINES_H
#define REPORTS_TEXT_LINES_H

/*
 * lines - text for a terminal of a certain width, from any
 * source: no line is longer than the terminal, and no byte controls it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct strbuf;

#define LINES_COLUMNS 100 /* wanted, and where there is no terminal */

struct line_style {
	size_t columns;
	bool is_utf8; /* what it shows; else ASCII */
};

/*
 * Of a stream: the terminal's width, LINES_COLUMNS at most, which is also that
 * of a file or a pipe. UTF-8 where the locale of the environment has it.
 */
struct line_style line_style_of(FILE *out);

/* The number of columns of TEXT. The result may be too high, never too low: a
 * character of one column may count as two. */
size_t line_width(const char *text);

/* TEXT on one line, cut to COLUMNS, with "~" for what is cut off. */
void line_cut(struct strbuf *out, const char *text, size_t columns,
	      const struct line_style *style);

/* The same, filled up with blanks. */
void line_pad(struct strbuf *out, const char *text, size_t columns,
	      const struct line_style *style);

/* The same on OUT in its own style, cut to MOST columns and filled up with
 * blanks to LEAST. */
void line_print(const char *text, size_t least, size_t most, FILE *out);

/* TEXT on MOST lines at most, broken at blanks where there are some; lines
 * after the first begin with INDENT blanks. What is left over is cut off. */
void line_wrap(struct strbuf *out, const char *text, size_t indent, size_t most,
	       const struct line_style *style);

/* What a noun ends in beside that number: "s", but of one "". */
const char *line_plural(size_t count);

/* How many lines TEXT has. */
size_t line_count(const char *text);

/*
 * A bar of CELLS columns, of which PART, from 0 to 1, is filled: by eighths in
 * UTF-8, by whole characters in ASCII. Without blanks behind it.
 */
void line_bar(struct strbuf *out, double part, size_t cells,
	      const struct line_style *style);

#endif
