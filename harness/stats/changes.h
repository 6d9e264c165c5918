/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_CHANGES_H
#define HARNESS_STATS_CHANGES_H

/*
 * changes - change points of a series (Matteson and James, 2014, "E-divisive"),
 * by the energy distance between the values before and after. It assumes no
 * distribution. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

struct change {
	size_t index;         /* of the first value that is different */
	double before, after; /* medians of the segments on either side */
	double magnitude;     /* AFTER / BEFORE - 1 */
	double p;             /* by permutation of both segments */
	double p_low, p_high; /* its interval, sampled_p.h; both P if exact */
	size_t draws;         /* permutations; 0: P is exact */
	bool is_undecided;    /* the level of a test is in its p's interval */
};

struct change_options {
	size_t window; /* values per window; two windows overlap by half */
	double max_p;  /* of one alarm in a whole series of pure noise */
	double least_magnitude; /* smaller ones are no changes */
	size_t least_values;    /* of a segment: fewer are outliers */
	unsigned long seed;     /* of the permutations */
};

extern const struct change_options change_defaults;

/*
 * All changes, in order. Each window is split at the best place, as long as a
 * permutation test (split_test.h) does not place p above MAX_P over the number
 * of windows. Of the changes found by all windows, the least significant is
 * dropped until each segment differs from the next. A change IS_UNDECIDED where
 * the permutations leave it open; it is no alarm. *CHANGES is for free(). Values
 * must be finite.
 */
size_t changes_find(const double *values, size_t n,
		    const struct change_options *opts, struct change **changes);

#endif
