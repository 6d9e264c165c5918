// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/spark_svg.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/axis.h"

#define WIDTH 200
#define HEIGHT 46
#define MARGIN 5.0
#define LEAST_SPAN .1 /* of the values */

void spark_svg(const struct spark *s, struct strbuf *out)
{
	struct axis x = {.low = 0,
			 .high = s->count > 1 ? (double)s->count - 1 : 1,
			 .from = MARGIN,
			 .to = WIDTH - MARGIN};
	struct axis y = {.low = INFINITY,
			 .high = -INFINITY,
			 .from = HEIGHT - MARGIN,
			 .to = MARGIN};
	double middle;
	size_t i;

	for (i = 0; i < s->count; i++) {
		y.low = fmin(y.low, s->values[i]);
		y.high = fmax(y.high, s->values[i]);
	}
	/* Noise of a hundredth must not look like a mountain. */
	middle = (y.low + y.high) / 2;
	y.low = fmin(y.low, middle - fabs(middle) * LEAST_SPAN / 2);
	y.high = fmax(y.high, middle + fabs(middle) * LEAST_SPAN / 2);
	strbuf_printf(out,
		      "<svg class=\"spark\" role=\"img\" viewBox=\"0 0 %d %d\"",
		      WIDTH, HEIGHT);
	html_cell(out, " aria-label=\"", s->label, "\">");
	if (s->has_change)
		strbuf_printf(out, "<path class=\"%s\" d=\"M%.1f 1V%d\"/>",
			      s->is_worse ? "worse" : "better",
			      axis_at(&x, (double)s->change - .5), HEIGHT - 1);
	strbuf_puts(out, "<path class=\"line\" d=\"");
	for (i = 0; i < s->count; i++)
		strbuf_printf(out, "%c%.1f %.1f", i ? 'L' : 'M',
			      axis_at(&x, (double)i),
			      axis_at(&y, s->values[i]));
	strbuf_puts(out, "\"/>");
	if (s->count)
		strbuf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>",
			      axis_at(&x, (double)s->count - 1),
			      axis_at(&y, s->values[s->count - 1]));
	strbuf_puts(out, "</svg>\n");
}
