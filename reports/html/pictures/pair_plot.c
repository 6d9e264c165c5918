// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/pair_plot.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/findings/runs/run_pair.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/axis.h"

#define WIDTH 900
#define LEFT 330.0
#define RIGHT 70
#define LANE 20
#define TOP 20
#define BOTTOM 20
#define NAME_MOST 46
#define SPARE 1.1

struct lane {
	const struct run_pair_row *row;
	struct ratio worse; /* above 1 for every metric */
};

static struct ratio worse_of(const struct run_pair_row *r)
{
	return r->row->lower_is_better ? r->ratio : ratio_inverse(&r->ratio);
}

/* The largest difference first, whichever way. */
static int compare(const void *a, const void *b)
{
	const struct lane *left = a, *right = b;
	double l = fabs(log(left->worse.ratio));
	double r = fabs(log(right->worse.ratio));

	return (l < r) - (l > r);
}

static size_t find_lanes(const struct run_pair *p, struct lane *lanes)
{
	size_t i, count = 0;

	for (i = 0; i < p->row_count; i++) {
		struct ratio w = worse_of(&p->rows[i]);

		if (w.ratio > 0 && isfinite(w.ratio))
			lanes[count++] = (struct lane){&p->rows[i], w};
	}
	if (count)
		qsort(lanes, count, sizeof(*lanes), compare);
	return count;
}

static struct axis axis_of(const struct lane *lanes, size_t count)
{
	double most = log(1.05);
	size_t i;

	for (i = 0; i < count; i++) {
		most = fmax(most, fabs(log(lanes[i].worse.ratio)));
		if (lanes[i].worse.low > 0)
			most = fmax(most, fmin(fabs(log(lanes[i].worse.low)),
					       log(8)));
		if (lanes[i].worse.high > 0)
			most = fmax(most, fmin(fabs(log(lanes[i].worse.high)),
					       log(8)));
	}
	return (struct axis){.low = exp(-most * SPARE),
			     .high = exp(most * SPARE),
			     .from = LEFT,
			     .to = WIDTH - RIGHT,
			     .is_log = true};
}

/* Around 1, which is among them at any width. */
static void write_ticks(const struct axis *a, int bottom, struct strbuf *out)
{
	static const double near[] = {.9, .95, 1, 1.05, 1.1};
	static const double wide[] = {.5, .67, .8, 1, 1.25, 1.5, 2};
	static const double far[] = {.01, .1, .3, 1, 3, 10, 100};
	double span = a->high / a->low;
	const double *ticks = span < 1.3 ? near : span < 6 ? wide : far;
	size_t i, n = span < 1.3 ? ARRAY_SIZE(near) : ARRAY_SIZE(far);
	char text[16];

	for (i = 0; i < n; i++) {
		if (ticks[i] < a->low || ticks[i] > a->high)
			continue;
		snprintf(text, sizeof(text), "%g", ticks[i]);
		axis_tick_write(a, ticks[i],
				fabs(ticks[i] - 1) > 0 ? "tick" : "one", TOP,
				bottom, text, out);
	}
}

/* Of no interval nothing can be said, nor of one that includes 1. */
static const char *class_of(const struct ratio *w)
{
	return w->low > 1 ? "fail" : w->high < 1 ? "pass" : "open";
}

static void write_lane(const struct axis *a, const struct lane *l, double y,
		       struct strbuf *out)
{
	const struct run_pair_row *r = l->row;
	char name[80], label[160];

	model_row_name(r->row, name, sizeof(name));
	snprintf(label, sizeof(label), "%s, %s", name, r->runner_b);
	axis_name_write(label, NAME_MOST, LEFT - 8, y, out);
	strbuf_printf(out, "<g class=\"%s\">", class_of(&l->worse));
	html_cell(out, "<title>", label, ": b is ");
	strbuf_printf(out, "%.3f times worse than a, 95 %%: ", l->worse.ratio);
	html_interval(out, &l->worse, run_pair_least_count(r));
	strbuf_printf(out, "; %zu and %zu blocks</title>", r->count_a,
		      r->count_b);
	if (!isnan(l->worse.low))
		strbuf_printf(
			out, "<path class=\"effect\" d=\"M%.1f %.1fH%.1f\"/>",
			axis_at(a, l->worse.low), y, axis_at(a, l->worse.high));
	/* An interval that goes on behind the picture ends in a point. */
	if (l->worse.high > a->high)
		strbuf_printf(
			out,
			"<path class=\"effect\" d=\"M%.1f %.1fl7 5-7 5\"/>",
			a->to - 7, y - 5);
	if (l->worse.low < a->low)
		strbuf_printf(
			out,
			"<path class=\"effect\" d=\"M%.1f %.1fl-7 5 7 5\"/>",
			a->from + 7, y - 5);
	strbuf_printf(
		out,
		"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/></g>"
		"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3f&times;"
		"</text>\n",
		axis_at(a, l->worse.ratio), y, WIDTH, y + 4, l->worse.ratio);
}

static void write_lanes(const struct lane *lanes, size_t count,
			struct strbuf *out)
{
	struct axis a = axis_of(lanes, count);
	int bottom = TOP + LANE * (int)count;
	size_t i;

	strbuf_printf(
		out,
		"<svg class=\"lanes pair\" role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"b against a, by series: times worse\">\n"
		"<text class=\"axis\" x=\"%d\" y=\"12\" text-anchor=\"end\">b is times worse than a (log); left is better</text>\n",
		WIDTH, bottom + BOTTOM, WIDTH);
	write_ticks(&a, bottom, out);
	for (i = 0; i < count; i++)
		write_lane(&a, &lanes[i], TOP + LANE * ((double)i + .5), out);
	strbuf_puts(out, "</svg>\n");
}

size_t pair_plot_write(const struct run_pair *p, size_t most, size_t *found,
		       struct strbuf *out)
{
	struct lane *lanes = xcalloc(p->row_count + 1, sizeof(*lanes));
	size_t count = find_lanes(p, lanes);

	*found = count;
	count = count < most ? count : most;
	if (count)
		write_lanes(lanes, count, out);
	free(lanes);
	return count;
}
