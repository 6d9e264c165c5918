// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/trend_chart.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "reports/text/lines.h"

#define ROWS 8
#define LEVELS (2 * ROWS) /* a mark fills one half of a line */
#define LABEL_COLUMNS 14  /* at most */
/* Noise of a hundredth must not look like a mountain. */
#define LEAST_SPAN .1

enum column_kind {
	COLUMN_RUN,
	COLUMN_CHANGE,
	COLUMN_BREAK,
};

struct column {
	enum column_kind kind;
	int level; /* of a run, from 0 at the bottom */
};

struct chart {
	const struct trend *t;
	struct line_style style;
	double low, high;
	int label_columns;
	size_t first;           /* the first run that is drawn */
	struct column *columns; /* owned */
	size_t count;
};

/* Whether a line stands before RUN. */
static bool find_line(const struct trend *t, size_t run, enum column_kind *kind)
{
	size_t i;

	for (i = 0; i < t->break_count; i++)
		if (t->breaks[i] == run) {
			*kind = COLUMN_BREAK;
			return true;
		}
	for (i = 0; i < t->change_count; i++)
		if (t->changes[i].run == run) {
			*kind = COLUMN_CHANGE;
			return true;
		}
	return false;
}

static double label_width(const struct chart *c, double value)
{
	char text[32];

	return (double)strlen(
		units_format(value, c->t->h->unit, text, sizeof(text)));
}

static void find_range(struct chart *c)
{
	size_t i;

	c->low = INFINITY;
	c->high = -INFINITY;
	for (i = c->first; i < c->t->h->run_count; i++) {
		double value = trend_run_median(c->t->h, i);

		c->low = fmin(c->low, value);
		c->high = fmax(c->high, value);
	}
	c->low = fmin(c->low, c->high * (1 - LEAST_SPAN));
	c->high = fmax(c->high, c->low * (1 + LEAST_SPAN));
	c->label_columns =
		(int)fmax(label_width(c, c->low), label_width(c, c->high));
}

static int level_of(const struct chart *c, double value)
{
	double part =
		c->high > c->low ? (value - c->low) / (c->high - c->low) : .5;

	return (int)lround(part * (LEVELS - 1));
}

static void add_column(struct chart *c, enum column_kind kind, int level)
{
	c->columns[c->count++] = (struct column){kind, level};
}

static void fill(struct chart *c)
{
	const struct history *h = c->t->h;
	enum column_kind kind;
	size_t i;

	c->columns = xcalloc(2 * h->run_count, sizeof(*c->columns));
	for (i = c->first; i < h->run_count; i++) {
		if (i > c->first && find_line(c->t, i, &kind))
			add_column(c, kind, 0);
		add_column(c, COLUMN_RUN, level_of(c, trend_run_median(h, i)));
	}
}

static const char *mark_of(const struct chart *c, const struct column *column,
			   int row)
{
	bool is_utf8 = c->style.is_utf8;
	int upper = 2 * (ROWS - 1 - row) + 1;

	if (column->kind == COLUMN_CHANGE)
		return is_utf8 ? "\u2502" : "|";
	if (column->kind == COLUMN_BREAK)
		return is_utf8 ? "\u250a" : ":";
	if (column->level == upper)
		return is_utf8 ? "\u2580" : "'";
	if (column->level == upper - 1)
		return is_utf8 ? "\u2584" : ".";
	return " ";
}

static void write_row(const struct chart *c, int row, FILE *out)
{
	struct strbuf line = {0};
	char label[32] = "";
	size_t i;

	if (row == 0)
		units_format(c->high, c->t->h->unit, label, sizeof(label));
	if (row == ROWS - 1)
		units_format(c->low, c->t->h->unit, label, sizeof(label));
	strbuf_printf(&line, "%*s ", c->label_columns, label);
	for (i = 0; i < c->count; i++)
		strbuf_puts(&line, mark_of(c, &c->columns[i], row));
	while (line.len && line.str[line.len - 1] == ' ')
		line.str[--line.len] = '\0';
	fprintf(out, "%s\n", strbuf_str(&line));
	strbuf_release(&line);
}

/* Below the first run and the last, if there is room for both. */
static void write_days(const struct chart *c, FILE *out)
{
	const struct history *h = c->t->h;
	char from[32], to[32];
	int gap = (int)c->count - 20;

	units_format_date(h->runs[c->first].started_unix_ns, from,
			  sizeof(from));
	units_format_date(h->runs[h->run_count - 1].started_unix_ns, to,
			  sizeof(to));
	if (gap >= 1)
		fprintf(out, "%*s %.10s%*s%.10s\n", c->label_columns, "", from,
			gap, "", to);
	else
		fprintf(out, "%*s %.10s to %.10s\n", c->label_columns, "", from,
			to);
}

void trend_chart_write(const struct trend *t, FILE *out)
{
	struct chart c = {.t = t, .style = line_style_of(out)};
	size_t room = c.style.columns - LABEL_COLUMNS - 1;
	size_t lines = t->change_count + t->break_count;
	size_t most = room > lines + 2 ? room - lines : 2;
	int row;

	if (t->h->run_count < 2)
		return;
	c.first = t->h->run_count > most ? t->h->run_count - most : 0;
	find_range(&c);
	fill(&c);
	for (row = 0; row < ROWS; row++)
		write_row(&c, row, out);
	write_days(&c, out);
	free(c.columns);
}
