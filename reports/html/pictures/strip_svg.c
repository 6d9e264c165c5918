// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/strip_svg.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/findings/model.h"
#include "reports/html/pictures/axis.h"
#include "reports/html/pictures/palette.h"
#include "reports/html/html_parts.h"

#define WIDTH 420
#define LEFT 92 /* for the runners' names */
#define RIGHT 14
#define TOP 26 /* for the title */
#define STRIP 30
#define BOTTOM 22 /* for the numbers */
#define PLOT (WIDTH - LEFT - RIGHT)

/* Heights within a strip, and how far apart; a cell has the width of a dot. */
#define LANES 5
#define LANE 4
#define CELL 4
#define CELLS (PLOT / CELL + 1)
#define MAX_TICKS 5

struct scale {
	struct axis axis;
	double step; /* between numbers */
	double divisor;
	const char *label; /* what the numbers are of, divided */
};

static const struct {
	const char *unit;
	double at_least;
	const char *label;
} divisors[] = {
	{"ns", 1e9, "s"},
	{"ns", 1e6, "ms"},
	{"ns", 1e3, "us"},
	{"bytes_per_s", 1e9, "GB/s"},
	{"bytes_per_s", 1e6, "MB/s"},
};

static void find_divisor(struct scale *s, const char *unit)
{
	double most = fmax(fabs(s->axis.low), fabs(s->axis.high));
	size_t i;

	s->divisor = 1;
	s->label = unit;
	for (i = 0; i < ARRAY_SIZE(divisors); i++)
		if (!strcmp(unit, divisors[i].unit) &&
		    most >= divisors[i].at_least) {
			s->divisor = divisors[i].at_least;
			s->label = divisors[i].label;
			return;
		}
}

/* False without a sample. */
static bool scale_init(struct scale *s, const struct model *m,
		       const struct model_row *row)
{
	struct axis *a = &s->axis;
	double margin;
	size_t i, k;

	*a = (struct axis){INFINITY, -INFINITY, LEFT, LEFT + PLOT, false};
	for (i = 0; i < m->runner_count; i++)
		for (k = 0; k < row->cells[i].sample_count; k++) {
			double value = row->cells[i].samples[k];

			if (!isfinite(value))
				continue;
			a->low = fmin(a->low, value);
			a->high = fmax(a->high, value);
		}
	if (a->low > a->high)
		return false;
	margin = a->high > a->low   ? (a->high - a->low) / 50
		 : fabs(a->low) > 0 ? fabs(a->low) / 10
				    : 1;
	a->low -= margin;
	a->high += margin;
	s->step = axis_step(a->high - a->low, MAX_TICKS);
	find_divisor(s, row->unit);
	return true;
}

static int y_of_strip(const struct model *m, size_t runner)
{
	return TOP + STRIP * (int)(m->runner_count - 1 - runner);
}

/* As many digits as tell one number from the next. */
static void write_axis(const struct scale *s, int bottom, struct strbuf *out)
{
	double digits = ceil(-log10(s->step / s->divisor));
	char text[32];
	double i;

	for (i = ceil(s->axis.low / s->step); i * s->step <= s->axis.high;
	     i++) {
		snprintf(text, sizeof(text), "%.*f",
			 digits > 0 ? (int)digits : 0,
			 i * s->step / s->divisor);
		axis_tick_write(&s->axis, i * s->step, "tick", TOP, bottom,
				text, out);
	}
}

/*
 * Dots that would cover one another are one: of the samples that fall into a
 * cell as large as a dot the first is drawn, where it is. So every dot is a
 * sample, and no sample is further than a dot's width from one; how many lie
 * below a dot cannot be seen.
 */
static void write_dots(const struct axis *a, const struct model_cell *c, int y,
		       struct strbuf *out)
{
	int16_t at[LANES][CELLS] = {
		{0}}; /* 0: free, for dots are right of it */
	size_t lane, k;

	for (k = 0; k < c->sample_count; k++) {
		int x, cell;

		if (!isfinite(c->samples[k]))
			continue;
		x = (int)lround(axis_at(a, c->samples[k]));
		cell = (x - LEFT) / CELL;
		if (!at[k * 2 % LANES][cell])
			at[k * 2 % LANES][cell] = (int16_t)x;
	}
	for (lane = 0; lane < LANES; lane++) {
		int last = 0;

		for (k = 0; k < CELLS; k++) {
			int x = at[lane][k];

			if (!x)
				continue;
			if (last)
				strbuf_printf(out, "m%d 0h0", x - last);
			else
				strbuf_printf(out, "M%d %dh0", x,
					      y + LANE * (int)lane);
			last = x;
		}
	}
}

static void write_strip(const struct model *m, const struct model_row *row,
			const struct scale *s, size_t runner,
			struct strbuf *out)
{
	int y = y_of_strip(m, runner);

	strbuf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
		      LEFT - 8, y + STRIP / 2 + 4);
	html_cell(out, "", m->runners[runner], "</text>");
	if (!row->cells[runner].sample_count)
		return;
	strbuf_printf(out, "<path class=\"dots r%zu\" d=\"",
		      palette_look(m->runners, m->runner_count, runner));
	write_dots(&s->axis, &row->cells[runner],
		   y + (STRIP - LANE * (LANES - 1)) / 2, out);
	strbuf_puts(out, "\"/>\n");
}

bool strip_svg(const struct model *m, const struct model_row *row,
	       struct strbuf *out)
{
	int bottom = TOP + STRIP * (int)m->runner_count;
	char name[80];
	struct scale s;
	size_t i;

	if (!scale_init(&s, m, row))
		return false;
	strbuf_printf(out,
		      "<svg class=\"strips\" role=\"img\""
		      " viewBox=\"0 0 %d %d\" width=\"%d\" aria-label=\"",
		      WIDTH, bottom + BOTTOM, WIDTH);
	model_row_name(row, name, sizeof(name));
	html_cell(out, "samples of ", name, "\">");
	strbuf_printf(
		out,
		"<text class=\"title\" x=\"%d\" y=\"15\" text-anchor=\"middle\">",
		LEFT + PLOT / 2);
	html_cell(out, "", name, ", ");
	html_cell(out, "", s.label,
		  row->lower_is_better ? " (lower is better)</text>\n"
				       : " (higher is better)</text>\n");
	write_axis(&s, bottom, out);
	for (i = 0; i < m->runner_count; i++)
		write_strip(m, row, &s, i, out);
	strbuf_puts(out, "</svg>\n");
	return true;
}
