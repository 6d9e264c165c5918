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

/* Of all divisions the one that divides most; takes n^2 of memory. */
struct split changes_best_split(const double *values, size_t n);

#endif
