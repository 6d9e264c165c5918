// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/dot_plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/findings/highlights.h"
#include "harness/findings/model.h"
#include "reports/html/axis.h"
#include "reports/html/html_parts.h"

#define WIDTH 680
#define LEFT 130.0   /* for names of series */
#define RIGHT 62     /* for numbers */
#define NAME_MOST 18 /* columns */
#define LANE 22
#define BAR_LANE 15
#define TOP 24 /* for the legend */
#define BOTTOM 20
#define SPARE 1.08 /* beside the outermost mark */

struct picture {
	const struct model *m;
	const struct highlight_row *rows;
	size_t count, first; /* the first runner that is drawn */
	struct axis axis;
	struct strbuf *out;
};

/* --- marks --- */

/* By runner, around (0, 0). */
static const char *const shapes[] = {
	"M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
	"M-4-4h8v8h-8z",
	"M0-5.5L5 4H-5z",
	"M0-5.5L5.5 0L0 5.5L-5.5 0z",
};

static void write_mark(const struct picture *p, size_t runner, double x,
		       double y)
{
	strbuf_printf(
		p->out,
		"<path class=\"mark r%zu\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>",
		runner, x, y, shapes[runner % ARRAY_SIZE(shapes)]);
}

static void write_legend(const struct picture *p)
{
	double x = LEFT;
	size_t k;

	for (k = p->first; k < p->m->runner_count; k++) {
		write_mark(p, k, x + 5, 9);
		strbuf_printf(p->out, "<text x=\"%.0f\" y=\"13\">", x + 14);
		html_cell(p->out, "", p->m->runners[k], "</text>");
		x += 30 + 7.2 * (double)strlen(p->m->runners[k]);
	}
}

/* What is said of a mark when one points at it. */
static void write_title(const struct picture *p, const struct highlight_row *h,
			size_t runner)
{
	const struct model_cell *c = &h->row->cells[runner];
	struct ratio r = highlight_worse(p->m, h, runner);

	html_cell(p->out, "<title>", h->label, " under ");
	html_cell(p->out, "", p->m->runners[runner], ": ");
	if (!isnan(r.ratio)) {
		strbuf_printf(p->out, "%.3f times worse than native, ",
			      r.ratio);
		html_interval(p->out, &r, c->ratio_count);
		strbuf_puts(p->out, "; ");
	}
	html_value(p->out, h->row, runner);
	strbuf_printf(p->out, ", %zu boots, ", c->boot_count);
	html_cell(p->out, "", grade_name(c->grade), "</title>");
}

static void write_name(const struct picture *p, const char *name, double y)
{
	axis_name_write(name, NAME_MOST, LEFT - 12, y, p->out);
}

/* --- ratios --- */

static void widen(double value, double *low, double *high)
{
	if (!(value > 0) || isinf(value))
		return;
	*low = fmin(*low, value);
	*high = fmax(*high, value);
}

static struct axis axis_of(const struct picture *p)
{
	double low = .95, high = 1.25;
	size_t i, k;

	for (i = 0; i < p->count; i++)
		for (k = p->first; k < p->m->runner_count; k++) {
			struct ratio r = highlight_worse(p->m, &p->rows[i], k);

			widen(r.ratio, &low, &high);
			widen(r.low, &low, &high);
			widen(r.high, &low, &high);
		}
	return (struct axis){.low = low / SPARE,
			     .high = high * SPARE,
			     .from = LEFT,
			     .to = WIDTH - RIGHT,
			     .is_log = true};
}

static void write_ticks(const struct picture *p, int bottom)
{
	static const double near[] = {.5, .8, .9, 1, 1.1, 1.25, 1.5, 2, 3};
	static const double far[] = {.1, .25, .5, 1, 2, 4, 8, 16, 64, 256};
	bool is_far = p->axis.high / p->axis.low > 4;
	const double *ticks = is_far ? far : near;
	size_t i, n = is_far ? ARRAY_SIZE(far) : ARRAY_SIZE(near);
	char text[16];

	for (i = 0; i < n; i++) {
		if (ticks[i] < p->axis.low || ticks[i] > p->axis.high)
			continue;
		snprintf(text, sizeof(text), "%g", ticks[i]);
		axis_tick_write(&p->axis, ticks[i],
				fabs(ticks[i] - 1) > 0 ? "tick" : "one", TOP,
				bottom, text, p->out);
	}
	strbuf_printf(
		p->out,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">times worse &rarr;</text>\n",
		WIDTH, bottom + 13);
}

static void write_ratio(const struct picture *p, const struct highlight_row *h,
			size_t runner, double y)
{
	struct ratio r = highlight_worse(p->m, h, runner);

	if (isnan(r.ratio)) {
		strbuf_printf(
			p->out,
			"<text class=\"axis\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
			WIDTH, y + 4);
		html_value(p->out, h->row, runner);
		strbuf_puts(p->out, "</text>");
		return;
	}
	strbuf_puts(p->out, "<g>");
	write_title(p, h, runner);
	if (!isnan(r.low))
		strbuf_printf(
			p->out,
			"<path class=\"whisk r%zu\" d=\"M%.1f %.1fH%.1f\"/>",
			runner, axis_at(&p->axis, r.low), y,
			axis_at(&p->axis, r.high));
	write_mark(p, runner, axis_at(&p->axis, r.ratio), y);
	strbuf_puts(p->out, "</g>\n");
}

/* Beside each other where a lane has several: none hides another. */
static void write_ratio_lanes(const struct picture *p)
{
	size_t guests = p->m->runner_count - p->first;
	size_t i, k;

	for (i = 0; i < p->count; i++) {
		double y = TOP + LANE * ((double)i + .5);

		write_name(p, p->rows[i].label, y);
		for (k = p->first; k < p->m->runner_count; k++) {
			double place = (double)(k - p->first) + .5;

			write_ratio(p, &p->rows[i], k,
				    y + (place / (double)guests - .5) * 12);
		}
	}
}

/* --- figures --- */

static double largest_of(const struct picture *p, const struct highlight_row *h)
{
	double most = 0;
	size_t k;

	for (k = p->first; k < p->m->runner_count; k++)
		most = fmax(most, h->row->cells[k].median);
	return most;
}

/* Each series has a scale of its own, from zero: units differ. */
static void write_bars(const struct picture *p, const struct highlight_row *h,
		       double y)
{
	double most = largest_of(p, h);
	size_t k;

	for (k = p->first; k < p->m->runner_count; k++, y += BAR_LANE) {
		double value = h->row->cells[k].median;
		double length = most > 0 && value > 0
					? (WIDTH - RIGHT - LEFT) * value / most
					: 0;

		strbuf_puts(p->out, "<g>");
		write_title(p, h, k);
		strbuf_printf(p->out,
			      "<path class=\"bar r%zu\" d=\"M%.1f %.1fH%.1f\"/>"
			      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
			      k, LEFT, y, LEFT + length, WIDTH, y + 4);
		html_value(p->out, h->row, k);
		strbuf_puts(p->out, "</text></g>\n");
	}
}

static void write_bar_lanes(const struct picture *p)
{
	double height = BAR_LANE * (double)(p->m->runner_count - p->first) + 6;
	size_t i;

	for (i = 0; i < p->count; i++) {
		double y = TOP + height * (double)i + BAR_LANE / 2.0;

		write_name(p, p->rows[i].label, y);
		write_bars(p, &p->rows[i], y);
	}
}

/* --- both --- */

static bool has_ratio(const struct picture *p)
{
	size_t i, k;

	for (i = 0; i < p->count; i++)
		for (k = p->first; k < p->m->runner_count; k++)
			if (!isnan(highlight_worse(p->m, &p->rows[i], k).ratio))
				return true;
	return false;
}

static int height_of(const struct picture *p, bool is_ratio)
{
	size_t guests = p->m->runner_count - p->first;

	if (is_ratio)
		return TOP + LANE * (int)p->count;
	return TOP + (int)((BAR_LANE * guests + 6) * p->count);
}

void dot_plot_write(const struct model *m, const struct highlight_row *rows,
		    size_t count, struct strbuf *out)
{
	struct picture p = {
		.m = m,
		.rows = rows,
		.count = count,
		.first = m->runner_count > 1 && model_base(m, rows->row),
		.out = out,
	};
	bool is_ratio = has_ratio(&p);
	int bottom = height_of(&p, is_ratio);

	strbuf_printf(out,
		      "<svg class=\"lanes\" role=\"img\" viewBox=\"0 0 %d %d\"",
		      WIDTH, bottom + BOTTOM);
	html_cell(
		out, " aria-label=\"", rows->group,
		is_ratio
			? ": times worse than native, by series; the table below has the numbers\">\n"
			: ": figures by series; the table below has the numbers\">\n");
	write_legend(&p);
	if (is_ratio) {
		p.axis = axis_of(&p);
		write_ticks(&p, bottom);
		write_ratio_lanes(&p);
	} else {
		write_bar_lanes(&p);
	}
	strbuf_puts(out, "</svg>\n");
}
