// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/trend_svg.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "reports/html/pictures/axis.h"
#include "reports/html/pictures/palette.h"
#include "reports/html/html_parts.h"

#define WIDTH 900.0
#define HEIGHT 260.0
#define BOTTOM (HEIGHT - 34) /* the dates are below */
#define LEFT 90.0            /* for the labels */
#define MARGIN 16.0

struct axes {
	struct axis x; /* the boots, from 0 */
	struct axis y; /* the values */
	size_t look;   /* of palette.h */
};

static struct axes axes_of(const struct history *h)
{
	double last = h->value_count > 1 ? (double)h->value_count - 1 : 1;
	struct axes a = {{0, last, LEFT, WIDTH - MARGIN, false},
			 {INFINITY, -INFINITY, BOTTOM, MARGIN, false},
			 0};
	size_t i;

	for (i = 0; i < h->value_count; i++) {
		a.y.low = fmin(a.y.low, h->values[i]);
		a.y.high = fmax(a.y.high, h->values[i]);
	}
	return a;
}

static void write_label(const struct axes *a, double value, const char *unit,
			struct strbuf *out)
{
	char text[32];

	strbuf_printf(out,
		      "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\""
		      " font-size=\"12\" fill=\"currentColor\">",
		      LEFT - 8, axis_at(&a->y, value) + 4);
	html_cell(out, "", units_format(value, unit, text, sizeof(text)),
		  "</text>\n");
}

/* At an end of the line. */
static void write_date(double x, const char *anchor,
		       const struct history_run *run, struct strbuf *out)
{
	char text[32];

	strbuf_printf(out,
		      "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\""
		      " font-size=\"12\" fill=\"currentColor\">",
		      x, HEIGHT - 6, anchor);
	html_cell(out, "",
		  units_format_date(run->started_unix_ns, text, sizeof(text)),
		  "</text>\n");
}

/* A line from FIRST to END; the history goes on behind a break, not over it. */
static void write_line(const struct history *h, const struct axes *a,
		       size_t first, size_t end, struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "<polyline class=\"curve r%zu\" points=\"", a->look);
	for (i = first; i < end; i++)
		strbuf_printf(out, "%.1f,%.1f ", axis_at(&a->x, (double)i),
			      axis_at(&a->y, h->values[i]));
	strbuf_puts(out, "\"/>\n");
}

/* A dot per boot, which says what it is. */
static void write_boots(const struct history *h, const struct axes *a,
			struct strbuf *out)
{
	char value[32], date[32];
	size_t r, i;

	for (r = 0; r < h->run_count; r++) {
		const struct history_run *run = &h->runs[r];

		units_format_date(run->started_unix_ns, date, sizeof(date));
		for (i = run->first; i < run->first + run->count; i++) {
			strbuf_printf(
				out,
				"<circle class=\"f%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\">",
				a->look, axis_at(&a->x, (double)i),
				axis_at(&a->y, h->values[i]));
			html_cell(out, "<title>",
				  units_format(h->values[i], h->unit, value,
					       sizeof(value)),
				  ", ");
			strbuf_printf(out,
				      "boot %zu of %zu of %s UTC, %s</title>"
				      "</circle>\n",
				      i - run->first + 1, run->count, date,
				      run->grade);
		}
	}
}

/* Where each run begins, for the script that zooms: "90.0:2026-11-25 ...". */
static void write_days(const struct history *h, const struct axes *a,
		       struct strbuf *out)
{
	char date[32];
	size_t r;

	strbuf_puts(out, " data-days=\"");
	for (r = 0; r < h->run_count; r++)
		strbuf_printf(out, "%.0f:%.10s ",
			      axis_at(&a->x, (double)h->runs[r].first),
			      units_format_date(h->runs[r].started_unix_ns,
						date, sizeof(date)));
	strbuf_puts(out, "\"");
}

/* Between the boot before INDEX and that one. */
static void write_mark(const struct axes *a, size_t index, const char *class,
		       const char *colour, double magnitude, struct strbuf *out)
{
	double x = axis_at(&a->x, (double)index - 0.5);

	strbuf_printf(out,
		      "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\""
		      " y2=\"%.0f\" stroke=\"%s\" stroke-dasharray=\"5 3\">",
		      class, x, x, BOTTOM + 8, colour);
	if (isfinite(magnitude))
		strbuf_printf(out, "<title>%+.1f %%</title>", 100 * magnitude);
	strbuf_puts(out, "</line>\n");
}

void trend_svg(const struct trend *t, const char *name, const char *runner,
	       struct strbuf *out)
{
	const struct history *h = t->h;
	struct axes a = axes_of(h);
	size_t i, first = 0;

	a.look = palette_look(&runner, 1, 0);
	html_cell(out,
		  "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\""
		  " aria-label=\"",
		  name, "\"");
	write_days(h, &a, out);
	strbuf_printf(
		out,
		" class=\"trend\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\">\n",
		WIDTH, HEIGHT, WIDTH);
	write_label(&a, a.y.high, h->unit, out);
	if (a.y.low < a.y.high)
		write_label(&a, a.y.low, h->unit, out);
	write_date(LEFT, "start", &h->runs[0], out);
	if (h->run_count > 1)
		write_date(WIDTH - MARGIN, "end", &h->runs[h->run_count - 1],
			   out);
	for (i = 0; i < t->break_count; i++) {
		size_t end = h->runs[t->breaks[i]].first;

		write_line(h, &a, first, end, out);
		write_mark(&a, end, "break", "var(--dim)", NAN, out);
		first = end;
	}
	write_line(h, &a, first, h->value_count, out);
	write_boots(h, &a, out);
	for (i = 0; i < t->change_count; i++)
		write_mark(&a, t->changes[i].c.index, "change",
			   t->changes[i].is_worse ? "var(--bad)"
						  : "var(--good)",
			   t->changes[i].c.magnitude, out);
	strbuf_puts(out, "</svg>\n");
}
