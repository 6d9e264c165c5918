// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/axis.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "reports/html/html_parts.h"

#define TEXT_BELOW 12

double axis_at(const struct axis *a, double value)
{
	double part;

	if (!(a->high > a->low))
		part = 0.5;
	else if (a->is_log)
		part = log(value / a->low) / log(a->high / a->low);
	else
		part = (value - a->low) / (a->high - a->low);
	return a->from + (a->to - a->from) * fmin(fmax(part, 0), 1);
}

double axis_step(double span, unsigned int most)
{
	double power = pow(10, floor(log10(span / most)));
	double step = span / most / power;

	return power * (step <= 1 ? 1 : step <= 2 ? 2 : step <= 5 ? 5 : 10);
}

void axis_tick_write(const struct axis *a, double value, const char *class,
		     int top, int bottom, const char *text, struct strbuf *out)
{
	double x = axis_at(a, value);

	strbuf_printf(out,
		      "<path class=\"%s\" d=\"M%.1f %dV%d\"/>"
		      "<text class=\"axis\" x=\"%.1f\" y=\"%d\""
		      " text-anchor=\"middle\">%s</text>\n",
		      class, x, top, bottom, x, bottom + TEXT_BELOW, text);
}

void axis_name_write(const char *name, size_t most, double x, double y,
		     struct strbuf *out)
{
	strbuf_printf(out, "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">",
		      x, y + 4);
	html_cut(out, name, most);
	strbuf_puts(out, "</text>");
}
