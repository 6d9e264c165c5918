/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_SCREEN_TABLE_H
#define REPORTS_TEXT_SCREEN_TABLE_H

/*
 * screen_table - highlights as a table for a terminal: native's figure, and the
 * slow-down of each guest. A narrow terminal loses the bars first, then the
 * words, then guests.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/findings/highlights.h"
#include "reports/text/lines.h"

struct model;
struct strbuf;

struct screen_table {
	const struct model *m; /* borrowed */
	struct highlight_row rows[HIGHLIGHTS_MOST];
	size_t row_count;
	struct line_style style;
	bool has_base;       /* the run has native boots */
	size_t first, shown; /* runners with a column of their own */
	size_t hidden_count; /* guests that the terminal has no room for */
	bool has_words;      /* "lower" and "higher"; else arrows */
	size_t base_width, guest_width, bar_cells;
	/* Of the ratios that are shown. */
	bool has_ratio, has_interval, has_no_interval, has_one_within;
};

void screen_table_init(struct screen_table *t, const struct model *m,
		       const struct line_style *style);

void screen_table_write_head(const struct screen_table *t, struct strbuf *out);

/* The first COUNT rows. */
void screen_table_write_rows(const struct screen_table *t, size_t count,
			     struct strbuf *out);

/* The meaning of the signs, on at most MOST lines; no output without signs. */
void screen_table_write_legend(const struct screen_table *t, size_t most,
			       struct strbuf *out);

#endif
