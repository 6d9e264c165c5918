/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_CURVES_H
#define REPORTS_HTML_PICTURES_CURVES_H

/*
 * curves - lines over a logarithmic axis, one or more per runner: latency over the
 * working set, shares of requests over latency.
 */
#include <stdbool.h>
#include <stddef.h>

struct picture;
struct strbuf;

struct curve_point {
	double x, y;
	char *title; /* owned; what is said of it, as markup; NULL: no mark */
};

struct curve {
	size_t runner;
	bool is_dashed;
	bool is_stair;              /* steps, as a distribution has them */
	struct curve_point *points; /* owned */
	size_t count;
};

struct curves {
	struct curve *curves; /* owned */
	size_t count;
	const char *x_unit, *y_unit; /* of units_format(); "": shares */
	bool is_log_y;               /* else from 0 to 1 */
	const char *note;            /* of dashed lines; NULL: there are none */
};

/* A new one, valid until the next. */
struct curve *curves_add(struct curves *c, size_t runner);
/* TITLE is taken. */
void curve_add(struct curve *c, double x, double y, char *title);
void curves_release(struct curves *c);

/* C has a point with X and, on a logarithmic axis, Y above zero. */
void curves_write(const struct picture *p, const struct curves *c,
		  struct strbuf *out);

#endif
