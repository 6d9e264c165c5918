/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_AXIS_H
#define REPORTS_HTML_PICTURES_AXIS_H

/* axis - the position of a value along one side of an SVG picture, and the
 * numbers beside that side. */
#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* No axis goes further: whatever a store may hold, ticks come to an end. */
#define AXIS_MOST 1e200

struct axis {
	double low, high; /* the values at both ends */
	double from, to;  /* their positions in pixels; FROM may be larger */
	bool is_log;
};

/* In pixels. A value outside of the axis stands at its nearer end. */
double axis_at(const struct axis *a, double value);

/* 1, 2 or 5 times a power of ten, so that SPAN has MOST ticks at most. */
double axis_step(double span, unsigned int most);

/* A line of CLASS at VALUE, from TOP to BOTTOM, with TEXT, plain, below it. */
void axis_tick_write(const struct axis *a, double value, const char *class,
		     int top, int bottom, const char *text, struct strbuf *out);

/* NAME, cut to MOST characters, ends at X beside what is drawn at the height Y. */
void axis_name_write(const char *name, size_t most, double x, double y,
		     struct strbuf *out);

#endif
