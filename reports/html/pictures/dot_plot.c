// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/dot_plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/highlights.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/axis.h"
#include "reports/html/pictures/palette.h"
#include "reports/html/pictures/picture.h"

#define LEFT 142.0   /* for names of series */
#define RIGHT 58     /* for numbers */
#define NAME_MOST 19 /* characters */
#define LANE 22
#define BAR_LANE 15
#define BOTTOM 18
#define SPARE 1.08 /* beside the outermost mark */

struct plot {
	struct picture p;
	const struct highlight_row *rows;
	size_t count;
	int top;
	bool is_mixed; /* lower is better in some rows, higher in others */
	struct axis axis;
	struct strbuf *out;
};

/* What is said of a mark when one points at it. */
static void write_title(const struct plot *d, const struct highlight_row *h,
			size_t runner)
{
	struct ratio r = highlight_worse(d->p.m, h, runner);

	if (isnan(r.ratio)) {
		picture_title(&d->p, h->label, h->row, runner, d->out);
		return;
	}
	html_cell(d->out, "<title>", h->label, " under ");
	html_cell(d->out, "", d->p.m->runners[runner], ": ");
	strbuf_printf(d->out, "%.3f times worse than native, ", r.ratio);
	html_interval(d->out, &r, h->row->cells[runner].ratio_count);
	strbuf_puts(d->out, "; ");
	html_value(d->out, h->row, runner);
	strbuf_puts(d->out, "; ");
	html_basis(d->out, h->row, runner);
	strbuf_puts(d->out, "</title>");
}

static void write_name(const struct plot *d, const char *name, double y)
{
	axis_name_write(name, NAME_MOST, LEFT - 12, y, d->out);
}

/* Where rows differ in it, each name says which way is better. */
static void write_row_name(const struct plot *d, const struct highlight_row *h,
			   double y)
{
	char name[48];

	snprintf(name, sizeof(name), "%s%s", h->label,
		 !d->is_mixed              ? ""
		 : h->row->lower_is_better ? " \u2193"
					   : " \u2191");
	write_name(d, name, y);
}

static void write_whisker(const struct plot *d, size_t runner, double low,
			  double high, double y)
{
	strbuf_printf(d->out,
		      "<path class=\"whisk r%zu\" d=\"M%.1f %.1fH%.1f\"/>",
		      picture_look(&d->p, runner), axis_at(&d->axis, low), y,
		      axis_at(&d->axis, high));
}

static void write_mark(const struct plot *d, size_t runner, double value,
		       double y)
{
	palette_mark(picture_look(&d->p, runner), axis_at(&d->axis, value), y,
		     d->out);
}

/* Beside each other where a lane has several: none hides another. */
static double y_in_lane(const struct plot *d, size_t lane, size_t runner)
{
	double guests = (double)(d->p.end - d->p.first);
	double place = (double)(runner - d->p.first) + .5;

	return d->top + LANE * ((double)lane + .5) + (place / guests - .5) * 12;
}

/* --- ratios --- */

static void widen(double value, double *low, double *high)
{
	if (!(value > 0) || value > AXIS_MOST)
		return;
	*low = fmin(*low, value);
	*high = fmax(*high, value);
}

static struct axis axis_between(double low, double high)
{
	return (struct axis){.low = low / SPARE,
			     .high = high * SPARE,
			     .from = LEFT,
			     .to = PICTURE_WIDTH - RIGHT,
			     .is_log = true};
}

static struct axis axis_of(const struct plot *d)
{
	double low = .95, high = 1.25;
	size_t i, k;

	for (i = 0; i < d->count; i++)
		for (k = d->p.first; k < d->p.end; k++) {
			struct ratio r =
				highlight_worse(d->p.m, &d->rows[i], k);

			widen(r.ratio, &low, &high);
			widen(r.low, &low, &high);
			widen(r.high, &low, &high);
		}
	return axis_between(low, high);
}

static void write_ticks(const struct plot *d, int bottom)
{
	static const double near[] = {.5, .8, .9, 1, 1.1, 1.25, 1.5, 2, 3};
	static const double far[] = {.1, .25, .5, 1, 2, 4, 8, 16, 64, 256};
	bool is_far = d->axis.high / d->axis.low > 4;
	const double *ticks = is_far ? far : near;
	size_t i, n = is_far ? ARRAY_SIZE(far) : ARRAY_SIZE(near);
	char text[16];

	for (i = 0; i < n; i++) {
		if (ticks[i] < d->axis.low || ticks[i] > d->axis.high)
			continue;
		snprintf(text, sizeof(text), "%g", ticks[i]);
		axis_tick_write(&d->axis, ticks[i],
				fabs(ticks[i] - 1) > 0 ? "tick" : "one", d->top,
				bottom, text, d->out);
	}
}

static void write_ratio(const struct plot *d, const struct highlight_row *h,
			size_t runner, double y)
{
	struct ratio r = highlight_worse(d->p.m, h, runner);

	if (isnan(r.ratio))
		return;
	strbuf_puts(d->out, "<g>");
	write_title(d, h, runner);
	if (!isnan(r.low))
		write_whisker(d, runner, r.low, r.high, y);
	write_mark(d, runner, r.ratio, y);
	strbuf_puts(d->out, "</g>\n");
}

/* The figures, or words, of guests without a ratio, one behind the other. */
static void write_others(const struct plot *d, const struct highlight_row *h,
			 double y)
{
	const char *comma = "";
	size_t k;

	strbuf_printf(d->out,
		      "<text class=\"axis\" x=\"%d\" y=\"%.1f\""
		      " text-anchor=\"end\">",
		      PICTURE_WIDTH, y + 4);
	for (k = d->p.first; k < d->p.end; k++) {
		if (!isnan(highlight_worse(d->p.m, h, k).ratio))
			continue;
		strbuf_puts(d->out, comma);
		html_value(d->out, h->row, k);
		comma = ", ";
	}
	strbuf_puts(d->out, "</text>\n");
}

static void write_ratio_lanes(const struct plot *d)
{
	size_t i, k;

	for (i = 0; i < d->count; i++) {
		double y = d->top + LANE * ((double)i + .5);

		write_name(d, d->rows[i].label, y);
		write_others(d, &d->rows[i], y);
		for (k = d->p.first; k < d->p.end; k++)
			write_ratio(d, &d->rows[i], k, y_in_lane(d, i, k));
	}
}

/* --- figures --- */

static double largest_of(const struct plot *d, const struct highlight_row *h)
{
	double most = 0;
	size_t k;

	for (k = d->p.first; k < d->p.end; k++)
		most = fmax(most, h->row->cells[k].median);
	return most;
}

/* Each series has a scale of its own, from zero: units differ. */
static void write_bars(const struct plot *d, const struct highlight_row *h,
		       double y)
{
	double most = largest_of(d, h);
	size_t k;

	for (k = d->p.first; k < d->p.end; k++, y += BAR_LANE) {
		double value = h->row->cells[k].median;
		double length = most > 0 && value > 0 ? (PICTURE_WIDTH - RIGHT -
							 LEFT) * (value / most)
						      : 0;

		strbuf_puts(d->out, "<g>");
		write_title(d, h, k);
		strbuf_printf(d->out,
			      "<path class=\"bar r%zu\" d=\"M%.1f %.1fH%.1f\"/>"
			      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
			      picture_look(&d->p, k), LEFT, y, LEFT + length,
			      PICTURE_WIDTH, y + 4);
		html_value(d->out, h->row, k);
		strbuf_puts(d->out, "</text></g>\n");
	}
}

static double bar_lane_height(const struct plot *d)
{
	return BAR_LANE * (double)(d->p.end - d->p.first) + 6;
}

static void write_bar_lanes(const struct plot *d)
{
	size_t i;

	for (i = 0; i < d->count; i++) {
		double y = d->top + bar_lane_height(d) * (double)i +
			   BAR_LANE / 2.0;

		write_row_name(d, &d->rows[i], y);
		write_bars(d, &d->rows[i], y);
	}
}

/* --- both --- */

static bool has_ratio(const struct plot *d)
{
	size_t i, k;

	for (i = 0; i < d->count; i++)
		for (k = d->p.first; k < d->p.end; k++)
			if (!isnan(highlight_worse(d->p.m, &d->rows[i], k)
					   .ratio))
				return true;
	return false;
}

static bool has_direction(const struct plot *d, bool is_lower)
{
	size_t i;

	for (i = 0; i < d->count; i++)
		if (d->rows[i].row->lower_is_better == is_lower)
			return true;
	return false;
}

static const char *direction_of(const struct plot *d)
{
	return d->is_mixed
		       ? "figures, each on its own scale; \u2191 higher, \u2193 lower is better"
	       : d->rows->row->lower_is_better
		       ? "figures, each on its own scale; lower is better"
		       : "figures, each on its own scale; higher is better";
}

static void start(struct plot *d, int lanes_height)
{
	d->top = picture_head_height(&d->p);
	picture_begin(&d->p, d->top + lanes_height + BOTTOM, d->out);
}

void dot_plot_write(const struct model *m, const struct highlight_row *rows,
		    size_t count, struct strbuf *out)
{
	struct plot d = {
		.p = picture_of(m, m->runner_count > 1 &&
					   model_base(m, rows->row)),
		.rows = rows,
		.count = count,
		.out = out,
	};
	bool is_ratio = has_ratio(&d);
	int height = is_ratio ? LANE * (int)count
			      : (int)(bar_lane_height(&d) * (double)count);
	size_t i;

	for (i = 0; i < count; i++)
		picture_add_grades(&d.p, rows[i].row);
	d.is_mixed = has_direction(&d, true) && has_direction(&d, false);
	d.p.label = *rows->group ? rows->group : "series";
	d.p.says = is_ratio ? "times worse than native (log); left is better"
			    : direction_of(&d);
	start(&d, height);
	if (is_ratio) {
		d.axis = axis_of(&d);
		write_ticks(&d, d.top + height);
		write_ratio_lanes(&d);
	} else {
		write_bar_lanes(&d);
	}
	strbuf_puts(out, "</svg>\n");
}

/* --- values on one axis --- */

static bool find_values(const struct model *m, const struct dot_lane *lanes,
			size_t count, double *low, double *high)
{
	size_t i, k, b;

	*low = INFINITY;
	*high = 0;
	for (i = 0; i < count; i++)
		for (k = 0; k < m->runner_count; k++)
			for (b = 0; b < lanes[i].row->cells[k].boot_count; b++)
				widen(lanes[i].row->cells[k].boots[b], low,
				      high);
	return *high > 0;
}

static void write_value_ticks(const struct plot *d, int bottom)
{
	double factor = d->axis.high / d->axis.low > 1e4 ? 100 : 10;
	double tick = pow(10, ceil(log10(d->axis.low)));
	char text[32];

	for (; tick <= d->axis.high; tick *= factor)
		axis_tick_write(
			&d->axis, tick, "tick", d->top, bottom,
			units_format_tick(tick, "ns", text, sizeof(text)),
			d->out);
}

static void write_value(const struct plot *d, const struct dot_lane *lane,
			size_t runner, double y)
{
	const struct model_cell *c = &lane->row->cells[runner];
	double low = INFINITY, high = 0;
	size_t b;

	if (!(c->median > 0))
		return;
	for (b = 0; b < c->boot_count; b++)
		widen(c->boots[b], &low, &high);
	strbuf_puts(d->out, "<g>");
	picture_title(&d->p, lane->name, lane->row, runner, d->out);
	if (c->boot_count > 1)
		write_whisker(d, runner, low, high, y);
	write_mark(d, runner, c->median, y);
	strbuf_puts(d->out, "</g>\n");
}

void dot_plot_write_values(const struct model *m, const char *label,
			   const struct dot_lane *lanes, size_t count,
			   struct strbuf *out)
{
	struct plot d = {
		.p = picture_of(m, 0),
		.count = count,
		.out = out,
	};
	double low, high;
	size_t i, k;

	if (!find_values(m, lanes, count, &low, &high))
		return;
	for (i = 0; i < count; i++)
		picture_add_grades(&d.p, lanes[i].row);
	d.p.label = label;
	d.p.says = "time of one (log), line: all boots; left is better";
	d.axis = axis_between(low, high);
	d.axis.to = PICTURE_WIDTH - 14;
	start(&d, LANE * (int)count);
	write_value_ticks(&d, d.top + LANE * (int)count);
	for (i = 0; i < count; i++) {
		write_name(&d, lanes[i].name, d.top + LANE * ((double)i + .5));
		for (k = 0; k < m->runner_count; k++)
			write_value(&d, &lanes[i], k, y_in_lane(&d, i, k));
	}
	strbuf_puts(out, "</svg>\n");
}
