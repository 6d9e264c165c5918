/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_DIAGNOSE_H
#define HARNESS_STATS_DIAGNOSE_H

/*
 * diagnose - oddities of a series, in the order in which it was measured. It
 * flags values and never deletes them. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

/* Lag-1 autocorrelation; NaN for fewer than three values or without
 * variance. */
double diagnose_autocorrelation(const double *values, size_t n);

struct drift {
	double slope;  /* per step: Theil and Sen's median slope */
	double p;      /* Kendall's, two-sided, by the normal distribution */
	double halves; /* mean of the second half over that of the first */
};

struct drift diagnose_drift(const double *values, size_t n);

/* The values of either group, and their medians. */
struct modes {
	size_t low_count, high_count;
	double low, high;
};

/*
 * Two groups: two adjacent sorted values are more than a quarter of the median
 * apart, with two values or more on either side; they part at the widest of such
 * gaps. MODES may be NULL; it is filled in where there are two.
 */
bool diagnose_is_bimodal(const double *values, size_t n, struct modes *modes);

/*
 * Outliers by the generalized extreme Studentized deviate (Rosner 1983), of
 * at most MAX. R and LAMBDA, if not NULL, have room for MAX.
 */
size_t diagnose_outliers(const double *values, size_t n, size_t max,
			 double alpha, double *r, double *lambda);

#endif
