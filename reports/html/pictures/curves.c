// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/curves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/axis.h"
#include "reports/html/pictures/palette.h"
#include "reports/html/pictures/picture.h"

#define LEFT 62.0
#define RIGHT 26.0
#define PLOT_HEIGHT 190
#define BOTTOM 18
#define NOTE_HEIGHT 14
#define MOST_TICKS 6

struct curve *curves_add(struct curves *c, size_t runner)
{
	c->curves = xrealloc(c->curves, c->count + 1, sizeof(*c->curves));
	c->curves[c->count] = (struct curve){.runner = runner};
	return &c->curves[c->count++];
}

void curve_add(struct curve *c, double x, double y, char *title)
{
	c->points = xrealloc(c->points, c->count + 1, sizeof(*c->points));
	c->points[c->count++] = (struct curve_point){x, y, title};
}

void curves_release(struct curves *c)
{
	size_t i, k;

	for (i = 0; i < c->count; i++) {
		for (k = 0; k < c->curves[i].count; k++)
			free(c->curves[i].points[k].title);
		free(c->curves[i].points);
	}
	free(c->curves);
	*c = (struct curves){0};
}

struct axes {
	struct axis x, y;
	int top, bottom;
};

static void widen(struct axis *a, double value)
{
	if (!(fabs(value) < AXIS_MOST))
		return;
	a->low = fmin(a->low, value);
	a->high = fmax(a->high, value);
}

/* A curve that is a single point still needs an axis around it. */
static void open_up(struct axis *a)
{
	if (!(a->high > 0))
		a->low = a->high = 1;
	if (a->high > a->low * 1.5)
		return;
	a->low /= 1.5;
	a->high *= 1.5;
}

static struct axes axes_of(const struct curves *c, int top)
{
	struct axes a = {
		.x = {INFINITY, 0, LEFT, PICTURE_WIDTH - RIGHT, true},
		.y = {0, 1, top + PLOT_HEIGHT, top, c->is_log_y},
		.top = top,
		.bottom = top + PLOT_HEIGHT,
	};
	size_t i, k;

	if (c->is_log_y) {
		a.y.low = INFINITY;
		a.y.high = 0;
	}
	for (i = 0; i < c->count; i++)
		for (k = 0; k < c->curves[i].count; k++) {
			widen(&a.x, c->curves[i].points[k].x);
			if (c->is_log_y)
				widen(&a.y, c->curves[i].points[k].y);
		}
	open_up(&a.x);
	if (c->is_log_y) {
		a.y.low /= 1.15;
		a.y.high *= 1.15;
		open_up(&a.y);
	}
	return a;
}

/* 1, 10 and 100, or 1, 2, 4 and 8 of bytes, but no more than have room. */
static double first_tick(const struct axis *a, double base, double *factor)
{
	double span = log(a->high / a->low) / log(base);
	double step = fmax(1, ceil(span / MOST_TICKS));

	*factor = pow(base, step);
	return pow(base, ceil(log(a->low) / log(base) - 1e-9));
}

static bool is_bytes(const char *unit)
{
	return unit[0] == 'b';
}

static void write_x_ticks(const struct axes *a, const char *unit,
			  struct strbuf *out)
{
	double base = is_bytes(unit) ? 2 : 10, factor, tick;
	char text[32];

	if (!is_bytes(unit) && a->x.high / a->x.low < 12)
		base = 2;
	for (tick = first_tick(&a->x, base, &factor); tick <= a->x.high;
	     tick *= factor)
		axis_tick_write(
			&a->x, tick, "tick", a->top, a->bottom,
			units_format_tick(tick, unit, text, sizeof(text)), out);
}

static void write_y_tick(const struct axes *a, double value, const char *text,
			 struct strbuf *out)
{
	double y = axis_at(&a->y, value);

	strbuf_printf(out,
		      "<path class=\"tick\" d=\"M%.0f %.1fH%.0f\"/>"
		      "<text class=\"axis\" x=\"%.0f\" y=\"%.1f\""
		      " text-anchor=\"end\">%s</text>\n",
		      LEFT, y, PICTURE_WIDTH - RIGHT, LEFT - 6, y + 4, text);
}

static void write_y_ticks(const struct axes *a, const struct curves *c,
			  struct strbuf *out)
{
	double base = a->y.high / a->y.low < 40 ? 2 : 10, factor, tick;
	char text[32];
	int i;

	if (!c->is_log_y) {
		for (i = 0; i <= 4; i++) {
			snprintf(text, sizeof(text), "%d %%", 25 * i);
			write_y_tick(a, i / 4.0, text, out);
		}
		return;
	}
	for (tick = first_tick(&a->y, base, &factor); tick <= a->y.high;
	     tick *= factor)
		write_y_tick(
			a, tick,
			units_format_tick(tick, c->y_unit, text, sizeof(text)),
			out);
}

static void write_line(const struct picture *p, const struct axes *a,
		       const struct curve *c, struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "<path class=\"curve%s r%zu\" d=\"",
		      c->is_dashed ? " dashed" : "",
		      picture_look(p, c->runner));
	for (i = 0; i < c->count; i++) {
		double x = axis_at(&a->x, c->points[i].x);
		double y = axis_at(&a->y, c->points[i].y);

		if (!i)
			strbuf_printf(out, "M%.1f %.1f", x, y);
		else if (c->is_stair)
			strbuf_printf(out, "H%.1fV%.1f", x, y);
		else
			strbuf_printf(out, "L%.1f %.1f", x, y);
	}
	strbuf_puts(out, "\"/>\n");
	for (i = 0; i < c->count; i++) {
		if (!c->points[i].title)
			continue;
		strbuf_printf(out, "<g><title>%s</title>", c->points[i].title);
		palette_mark(picture_look(p, c->runner),
			     axis_at(&a->x, c->points[i].x),
			     axis_at(&a->y, c->points[i].y), out);
		strbuf_puts(out, "</g>");
	}
}

void curves_write(const struct picture *p, const struct curves *c,
		  struct strbuf *out)
{
	int head = picture_head_height(p) + (c->note ? NOTE_HEIGHT : 0);
	struct axes a = axes_of(c, head + 4);
	size_t i;

	picture_begin(p, a.bottom + BOTTOM, out);
	if (c->note) {
		strbuf_printf(out, "<text class=\"axis\" x=\"0\" y=\"%d\">",
			      head - 2);
		html_cell(out, "", c->note, "</text>");
	}
	write_x_ticks(&a, c->x_unit, out);
	write_y_ticks(&a, c, out);
	for (i = 0; i < c->count; i++)
		if (c->curves[i].count)
			write_line(p, &a, &c->curves[i], out);
	strbuf_puts(out, "</svg>\n");
}
