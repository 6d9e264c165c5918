/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_ENERGY_H
#define HARNESS_STATS_ENERGY_H

/*
 * energy - the energy distance of two samples (Szekely and Rizzo), and where it
 * divides a series best (Matteson and James, 2014, "E-divisive"). Pure.
 */
#include <stddef.h>

struct energy {
	double e;           /* 2 E|X-Y| - E|X-X'| - E|Y-Y'| */
	double t;           /* nm / (n+m) times that */
	double coefficient; /* h, 0 to 1: the fraction of 2 E|X-Y| */
};

struct energy energy_of(const double *x, size_t n, const double *y, size_t m);

/* The best split: [0, TAU) from [TAU, KAPPA); later values are left out. */
struct split {
	size_t tau, kappa;
	double q; /* NaN: fewer than two values */
};

/* The split with the largest energy distance, with at least LEAST values on
 * either side; takes time n^2. */
struct split energy_best_split(const double *values, size_t n, size_t least);

/*
 * What a search for a split goes over. A row's [k] is of all distances between
 * the first KAPPA and the first k values; any block of distances is four of
 * these, and only the rows of four KAPPAs are kept at a time, for each needs
 * nothing but the one before.
 */
#define ENERGY_ROWS 4

struct energy_tables {
	double *rows[ENERGY_ROWS];
	double *within;     /* [i]: of all pairs among the first i */
	double *per_pair;   /* [i]: that over i - 1 */
	double *rest;       /* [i]: i times that, less twice WITHIN */
	double *share_back; /* [i]: 1 / (room - 1 - i), 0 for none */
	double *count;      /* [i]: i */
	size_t room;
};

/* For up to N values, of as many searches as one likes. */
void energy_tables_init(struct energy_tables *t, size_t n);
void energy_tables_release(struct energy_tables *t);

/* energy_best_split(), or any split that divides as well as ENOUGH. */
struct split energy_divide(struct energy_tables *t, const double *values,
			   size_t n, size_t least, double enough);

#endif
