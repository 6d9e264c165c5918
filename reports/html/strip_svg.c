// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/strip_svg.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"

#define WIDTH 420
#define LEFT 92 /* for the runners' names */
#define RIGHT 14
#define TOP 26 /* for the title */
#define STRIP 30
#define BOTTOM 22 /* for the numbers */
#define PLOT (WIDTH - LEFT - RIGHT)

/* Heights within a strip, and how far apart; a dot is as wide as a cell. */
#define LANES 5
#define LANE 4
#define CELL 4
#define CELLS (PLOT / CELL + 1)
#define MAX_TICKS 5

struct axis {
	double low, high;
	double step; /* between numbers */
	double divisor;
	const char *label; /* what the numbers are of, divided */
};

static const struct {
	const char *unit;
	double at_least;
	const char *label;
} scales[] = {
	{"ns", 1e9, "s"},
	{"ns", 1e6, "ms"},
	{"ns", 1e3, "us"},
	{"bytes_per_s", 1e9, "GB/s"},
	{"bytes_per_s", 1e6, "MB/s"},
};

/* 1, 2 or 5 times a power of ten, so that there are MAX_TICKS at most. */
static double step_of(double span)
{
	double power = pow(10, floor(log10(span / MAX_TICKS)));
	double step = span / MAX_TICKS / power;

	return power * (step <= 1 ? 1 : step <= 2 ? 2 : step <= 5 ? 5 : 10);
}

static void axis_scale(struct axis *a, const char *unit)
{
	double most = fmax(fabs(a->low), fabs(a->high));
	size_t i;

	a->divisor = 1;
	a->label = unit;
	for (i = 0; i < ARRAY_SIZE(scales); i++)
		if (!strcmp(unit, scales[i].unit) &&
		    most >= scales[i].at_least) {
			a->divisor = scales[i].at_least;
			a->label = scales[i].label;
			return;
		}
}

/* False without a sample. */
static bool axis_init(struct axis *a, const struct model *m,
		      const struct model_row *row)
{
	double margin;
	size_t i, k;

	a->low = INFINITY;
	a->high = -INFINITY;
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
	a->step = step_of(a->high - a->low);
	axis_scale(a, row->unit);
	return true;
}

static int x_of(const struct axis *a, double value)
{
	return LEFT + (int)lround((value - a->low) / (a->high - a->low) * PLOT);
}

static int y_of_strip(const struct model *m, size_t runner)
{
	return TOP + STRIP * (int)(m->runner_count - 1 - runner);
}

/* As many digits as tell one number from the next. */
static void write_axis(const struct axis *a, int bottom, struct strbuf *out)
{
	double digits = ceil(-log10(a->step / a->divisor));
	double i;

	for (i = ceil(a->low / a->step); i * a->step <= a->high; i++) {
		int x = x_of(a, i * a->step);

		strbuf_printf(out,
			      "<path class=\"tick\" d=\"M%d %dV%d\"/>"
			      "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">"
			      "%.*f</text>\n",
			      x, TOP, bottom, x, bottom + 14,
			      digits > 0 ? (int)digits : 0,
			      i * a->step / a->divisor);
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
		x = x_of(a, c->samples[k]);
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
			const struct axis *a, size_t runner, struct strbuf *out)
{
	int y = y_of_strip(m, runner);

	strbuf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
		      LEFT - 8, y + STRIP / 2 + 4);
	html_cell(out, "", m->runners[runner], "</text>");
	if (!row->cells[runner].sample_count)
		return;
	strbuf_printf(out, "<path class=\"dots r%zu\" d=\"", runner);
	write_dots(a, &row->cells[runner], y + (STRIP - LANE * (LANES - 1)) / 2,
		   out);
	strbuf_puts(out, "\"/>\n");
}

bool strip_svg(const struct model *m, const struct model_row *row,
	       struct strbuf *out)
{
	int bottom = TOP + STRIP * (int)m->runner_count;
	char name[80];
	struct axis a;
	size_t i;

	if (!axis_init(&a, m, row))
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
	html_cell(out, "", a.label,
		  row->lower_is_better ? " (lower is better)</text>\n"
				       : " (higher is better)</text>\n");
	write_axis(&a, bottom, out);
	for (i = 0; i < m->runner_count; i++)
		write_strip(m, row, &a, i, out);
	strbuf_puts(out, "</svg>\n");
	return true;
}
