/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_CHANGES_H
#define HARNESS_STATS_CHANGES_H

/*
 * changes - where a series of figures becomes another one (Matteson and James,
 * 2014, "E-divisive"): by the energy between what lies before and behind, which
 * assumes no distribution. Pure.
 */
#include <stddef.h>

/* How far two samples are from being of one distribution (Szekely and Rizzo). */
struct energy {
	double e;           /* 2 E|X-Y| - E|X-X'| - E|Y-Y'| */
	double t;           /* nm / (n+m) times that */
	double coefficient; /* h, 0 to 1: the share of 2 E|X-Y| */
};

struct energy changes_energy(const double *x, size_t n, const double *y,
			     size_t m);

/* A best division: [0, TAU) from [TAU, KAPPA), what lies behind being left out
 * of it. */
struct split {
	size_t tau, kappa;
	double q; /* NaN: fewer than two values */
};

/* Of all divisions the one that divides most, with LEAST values at least on
 * either side; takes n^2 of time. */
struct split changes_best_split(const double *values, size_t n, size_t least);

struct change {
	size_t index;         /* of the first value that is different */
	double before, after; /* medians of the stretches on either side */
	double magnitude;     /* AFTER / BEFORE - 1 */
	double p;             /* by permutation of both stretches */
};

struct change_options {
	size_t window; /* values looked at at once; two windows overlap by half */
	double max_p; /* of one alarm in a whole series of pure noise */
	double least_magnitude; /* smaller ones are no changes */
	size_t least_values;    /* of a stretch: fewer are outliers */
	unsigned long seed;     /* of the permutations */
};

extern const struct change_options change_defaults;

/*
 * All changes, in order. Each window is divided where it divides best, as long
 * as fewer permutations than MAX_P allows divide as well; of what all windows
 * found, the worst is taken back until each stretch differs from the next.
 * *CHANGES is for free(). Values must be finite.
 */
size_t changes_find(const double *values, size_t n,
		    const struct change_options *opts, struct change **changes);

#endif
