/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_CHANGES_H
#define HARNESS_STATS_CHANGES_H

/*
 * changes - change points of a series (Matteson and James, 2014, "E-divisive"),
 * by the energy distance between the values before and after. It assumes no
 * distribution. Pure.
 */
#include <stddef.h>

/* The energy distance of two samples (Szekely and Rizzo). */
struct energy {
	double e;           /* 2 E|X-Y| - E|X-X'| - E|Y-Y'| */
	double t;           /* nm / (n+m) times that */
	double coefficient; /* h, 0 to 1: the fraction of 2 E|X-Y| */
};

struct energy changes_energy(const double *x, size_t n, const double *y,
			     size_t m);

/* The best split: [0, TAU) from [TAU, KAPPA); later values are left out. */
struct split {
	size_t tau, kappa;
	double q; /* NaN: fewer than two values */
};

/* The split with the largest energy distance, with at least LEAST values on
 * either side; takes time n^2. */
struct split changes_best_split(const double *values, size_t n, size_t least);

struct change {
	size_t index;         /* of the first value that is different */
	double before, after; /* medians of the segments on either side */
	double magnitude;     /* AFTER / BEFORE - 1 */
	double p;             /* by permutation of both segments */
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
 * permutation test gives a p of at most MAX_P. Of the changes found by all
 * windows, the least significant is dropped until each segment differs from
 * the next. *CHANGES is for free(). Values must be finite.
 */
size_t changes_find(const double *values, size_t n,
		    const struct change_options *opts, struct change **changes);

#endif
