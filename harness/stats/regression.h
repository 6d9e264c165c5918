/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_REGRESSION_H
#define HARNESS_STATS_REGRESSION_H

/*
 * regression - ordinary least squares: the cost of each term, with Student's
 * interval, and tolerance limits for a further observation.
 *
 * Draper, Smith: Applied Regression Analysis, 3rd ed. 1998, ch. 5; tolerance
 * limits by the noncentral t distribution (Hahn, Meeker: Statistical
 * Intervals, 1991, 4.6), in regression with 1/leverage for the sample size.
 */
#include <stddef.h>

#define REGRESSION_MAX_TERMS 8

struct regression {
	size_t term_count;
	size_t df; /* observations less terms */
	double value[REGRESSION_MAX_TERMS];
	double low[REGRESSION_MAX_TERMS]; /* NaN: they all fit exactly */
	double high[REGRESSION_MAX_TERMS];
	double residual_sd;
	double worst_leverage; /* of the observations */
};

/*
 * X has a row of TERM_COUNT for each of the COUNT values of Y. -EDOM if the
 * terms are collinear, or if no degrees of freedom are left to estimate noise.
 */
int regression_fit(const double *x, const double *y, size_t count,
		   size_t term_count, double confidence,
		   struct regression *out);

/* The expected value for one row of X. */
double regression_at(const struct regression *r, const double *row);

/*
 * The factor of the upper tolerance limit, in standard deviations above the
 * expected value: with CONFIDENCE, COVERAGE of all observations stay below the
 * limit. SIZE is that of the sample, or 1/leverage; DF is that of the
 * deviation's estimate.
 */
double tolerance_factor(double coverage, double confidence, double size,
			double df);

#endif
