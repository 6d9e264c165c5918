// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/ratio_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/findings/model.h"
#include "harness/findings/highlights.h"
#include "reports/html/pictures/axis.h"
#include "reports/html/pictures/palette.h"
#include "reports/html/pictures/picture.h"
#include "reports/html/html_parts.h"

#define WIDTH 270
#define LEFT 82.0 /* for the runners' names */
#define RIGHT 50  /* for numbers */
#define PLOT (WIDTH - LEFT - RIGHT)
#define TOP 20 /* for the title */
#define LANE 14
#define BOTTOM 15 /* for the axis */
#define NAME_MAX_CHARS 12

/* Where the axis may end, and what it begins with then. */
static const struct range {
	double low, high;
	double ticks[4]; /* 0: none */
} ranges[] = {
	{1 / 1.25, 1.25, {.8, 1, 1.25}},
	{.5, 2, {.5, 1, 2}},
	{.5, 4, {.5, 1, 2, 4}},
	{.5, 16, {.5, 1, 4, 16}},
};

/* The rows of one group, which stand together. */
struct panel {
	const struct model *m;
	const struct range *range;
	const struct highlight_row *rows;
	size_t count;
	struct ratio worse[MODEL_MAX_RUNNERS];
	size_t blocks[MODEL_MAX_RUNNERS];
	bool has_ratio; /* of any guest */
};

static void panel_init(struct panel *p, const struct model *m,
		       const struct highlight_row *rows, size_t most)
{
	size_t k;

	*p = (struct panel){
		.m = m,
		.rows = rows,
		.count = highlights_group(rows, most),
	};
	for (k = 0; k < m->runner_count; k++) {
		p->worse[k] =
			highlights_mean(m, rows, p->count, k, &p->blocks[k]);
		p->has_ratio |= k && !isnan(p->worse[k].ratio);
	}
}

/* The closest one that all ratios have room in; the last if none has. */
static const struct range *range_of(const struct panel *panels, size_t count)
{
	double low = 1, high = 1;
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = 1; k < panels[i].m->runner_count; k++) {
			low = fmin(low, panels[i].worse[k].ratio);
			high = fmax(high, panels[i].worse[k].ratio);
		}
	for (i = 0; i + 1 < ARRAY_SIZE(ranges); i++)
		if (low >= ranges[i].low && high <= ranges[i].high)
			break;
	return &ranges[i];
}

static struct axis axis_of(const struct panel *p)
{
	return (struct axis){.low = p->range->low,
			     .high = p->range->high,
			     .from = LEFT,
			     .to = LEFT + PLOT,
			     .is_log = true};
}

static double y_of(size_t lane)
{
	return TOP + LANE * ((double)lane + .5);
}

/* The same in words, for who cannot see it. */
static void write_label(const struct panel *p, size_t first, struct strbuf *out)
{
	size_t k;

	html_cell(out, " aria-label=\"", p->rows->group, "");
	html_cell(out, ", ",
		  p->has_ratio ? "times worse than native" : p->rows->label,
		  ": ");
	for (k = first; k < p->m->runner_count; k++) {
		html_cell(out, k > first ? ", " : "", p->m->runners[k], " ");
		if (p->has_ratio && isnan(p->worse[k].ratio))
			strbuf_puts(out, "none");
		else if (p->has_ratio)
			strbuf_printf(out, "%.2f", p->worse[k].ratio);
		else
			html_value(out, p->rows->row, k);
	}
	strbuf_puts(out, "\">");
}

static void write_axis(const struct panel *p, int bottom, struct strbuf *out)
{
	const struct axis axis = axis_of(p);
	char text[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p->range->ticks); i++) {
		double tick = p->range->ticks[i];

		if (!(tick > 0))
			continue;
		snprintf(text, sizeof(text), "%g", tick);
		axis_tick_write(&axis, tick,
				fabs(tick - 1) > 0 ? "tick" : "one", TOP,
				bottom, text, out);
	}
	strbuf_printf(out,
		      "<text class=\"axis\" x=\"%d\" y=\"%d\" "
		      "text-anchor=\"end\">worse &rarr;</text>\n",
		      WIDTH, bottom + 12);
}

/* What a bar says when one points at it. */
static void write_title(const struct panel *p, size_t runner,
			struct strbuf *out)
{
	enum grade worst = GRADE_HARDWARE;
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->rows[i].row->cells[runner].grade > worst)
			worst = p->rows[i].row->cells[runner].grade;
	strbuf_puts(out, "<title>");
	if (p->has_ratio) {
		html_cell(out, "", p->rows->group, " under ");
		html_cell(out, "", p->m->runners[runner], ": ");
		strbuf_printf(out, "%.3f times worse than native, 95 %%: ",
			      p->worse[runner].ratio);
		html_interval(out, &p->worse[runner], p->blocks[runner]);
		strbuf_printf(out, "; %zu blocks, %s", p->blocks[runner],
			      grade_name(worst));
	} else {
		picture_say(p->m, p->rows->group, p->rows->row, runner, out);
	}
	strbuf_puts(out, "</title>");
}

static void write_ratio(const struct panel *p, size_t runner, double y,
			struct strbuf *out)
{
	const struct ratio *r = &p->worse[runner];
	const struct axis axis = axis_of(p);

	strbuf_puts(out, "<g>");
	write_title(p, runner, out);
	strbuf_printf(out, "<path class=\"bar r%zu\" d=\"M%.1f %.1fH%.1f\"/>",
		      palette_look(p->m->runners, p->m->runner_count, runner),
		      axis_at(&axis, 1), y, axis_at(&axis, r->ratio));
	if (!isnan(r->low))
		strbuf_printf(
			out, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1f\"/>",
			axis_at(&axis, r->low), y, axis_at(&axis, r->high));
	strbuf_printf(
		out,
		"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.*f&times;</text></g>\n",
		WIDTH, y + 4, r->ratio < 99.5 ? 2 : 0, r->ratio);
}

static double largest(const struct model_row *row, size_t count)
{
	double most = 0;
	size_t k;

	for (k = 0; k < count; k++)
		most = fmax(most, row->cells[k].median);
	return most;
}

static void write_figure(const struct panel *p, size_t runner, double y,
			 struct strbuf *out)
{
	const struct model_row *row = p->rows->row;
	const struct model_cell *c = &row->cells[runner];
	double most = largest(row, p->m->runner_count);

	strbuf_puts(out, "<g>");
	write_title(p, runner, out);
	if (!isnan(c->median) && most > 0)
		strbuf_printf(
			out,
			"<path class=\"bar figure\" d=\"M%.1f %.1fH%.1f\"/>",
			LEFT, y,
			LEFT + (PLOT - 20) * (fmax(c->median, 0) / most));
	strbuf_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">",
		      WIDTH, y + 4);
	html_value(out, row, runner);
	strbuf_puts(out, "</text></g>\n");
}

/* For the names of two rows beside the group's. */
static bool has_room(const struct panel *p)
{
	return strlen(p->rows[0].label) + strlen(p->rows[1].label) <= 28;
}

static void write_heading(const struct panel *p, struct strbuf *out)
{
	html_cell(out, "<text class=\"title\" x=\"0\" y=\"12\">",
		  p->rows->group, "</text>");
	strbuf_printf(out, "<text x=\"%d\" y=\"12\" text-anchor=\"end\">",
		      WIDTH);
	if (!p->has_ratio) {
		html_cell(out, "", p->rows->label,
			  p->rows->row->lower_is_better
				  ? ", lower is better</text>\n"
				  : ", higher is better</text>\n");
		return;
	}
	if (p->count == 1) {
		html_cell(out, "", p->rows->label, "");
	} else if (p->count == 2 && has_room(p)) {
		html_cell(out, "", p->rows[0].label, ", ");
		html_cell(out, "", p->rows[1].label, "");
	} else {
		strbuf_printf(out, "geometric mean of %zu", p->count);
	}
	strbuf_puts(out, "</text>\n");
}

static void write_panel(const struct panel *p, size_t first, struct strbuf *out)
{
	int bottom = TOP + LANE * (int)(p->m->runner_count - first);
	size_t k;

	strbuf_printf(out, "<svg role=\"img\" viewBox=\"0 0 %d %d\"", WIDTH,
		      bottom + BOTTOM);
	write_label(p, first, out);
	write_heading(p, out);
	if (p->has_ratio)
		write_axis(p, bottom, out);
	for (k = first; k < p->m->runner_count; k++) {
		double y = y_of(k - first);

		axis_name_write(p->m->runners[k], NAME_MAX_CHARS, LEFT - 8, y,
				out);
		if (!p->has_ratio)
			write_figure(p, k, y, out);
		else if (!isnan(p->worse[k].ratio))
			write_ratio(p, k, y, out);
		else
			strbuf_printf(
				out,
				"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">-</text>",
				WIDTH, y + 4);
	}
	strbuf_puts(out, "</svg>\n");
}

bool ratio_chart_write(const struct model *m, const struct highlight_row *rows,
		       size_t count, struct strbuf *out)
{
	struct panel panels[HIGHLIGHTS_ALL];
	const struct range *range;
	size_t i, at, n = 0, first;

	if (!count)
		return false;
	first = model_base(m, rows->row) != NULL;
	if (m->runner_count == first)
		return false;
	for (at = 0; at < count; at += panels[n++].count)
		panel_init(&panels[n], m, &rows[at], count - at);
	range = range_of(panels, n);
	strbuf_puts(out, "<div class=\"panels\">\n");
	for (i = 0; i < n; i++) {
		panels[i].range = range;
		write_panel(&panels[i], first, out);
	}
	strbuf_puts(out, "</div>\n");
	return true;
}
