/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_FLAT_H
#define HARNESS_STATS_FLAT_H

/*
 * flat - does what a program has in use grow with time? An equivalence test of
 * the slope: two one-sided tests against a margin (Schuirmann 1987; for trends
 * Dixon and Pechmann, Ecology 86, 2005).
 *
 * Readings of one process depend on each other, so they are not the unit: the
 * time is cut into FLAT_WINDOWS windows of equal length, the first
 * FLAT_WARM_UP are left out, in which caches fill, and a line is fitted through
 * the medians of the others by least squares. Pure.
 */
#include <stddef.h>

#include "harness/stats/margin.h"

#define FLAT_WINDOWS 20
#define FLAT_WARM_UP 2
#define FLAT_ENDS 3 /* windows at either end, which must differ as well */

struct flat {
	double level;     /* of the line at the beginning, without warm-up */
	double growth;    /* over the whole time, in the readings' unit */
	double low, high; /* its interval; the same where nothing varies */
	size_t windows;   /* with readings, without warm-up */
	enum verdict verdict; /* PASS: inside MARGIN on both sides */
};

/*
 * VALUES[i] was read at TIMES_S[i], in any order; MARGIN is a growth over the
 * whole time, above zero. CONFIDENCE is that of each one-sided bound. NOT
 * EVALUABLE where fewer than half of the windows have readings.
 */
struct flat flat_judge(const double *times_s, const double *values,
		       size_t count, double margin, double confidence);

#endif
