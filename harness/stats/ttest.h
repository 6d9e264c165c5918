/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_TTEST_H
#define HARNESS_STATS_TTEST_H

/*
 * ttest - Student's and Welch's tests of a difference of means, A less B, and
 * its interval. As R's t.test(a, b) gives them.
 *
 * A sample with one value, or with all values equal, has no result: then t and
 * p are NaN. Pure.
 */
#include <stddef.h>

struct ttest {
	double difference; /* mean of A less mean of B */
	double se;
	double t;
	double df;
	double p; /* two-sided */
	double low, high;
};

struct ttest ttest_paired(const double *a, const double *b, size_t n,
			  double confidence);

/* Unequal variances; the degrees of freedom are Satterthwaite's. */
struct ttest ttest_welch(const double *a, size_t a_count, const double *b,
			 size_t b_count, double confidence);

/* Equal variances. */
struct ttest ttest_pooled(const double *a, size_t a_count, const double *b,
			  size_t b_count, double confidence);

/* Whether one further VALUE, A, is inside the prediction interval of the N
 * values before it, B (Hahn and Meeker: Statistical Intervals, 1991, 4.7). */
struct ttest ttest_further(double value, const double *before, size_t n,
			   double confidence);

/* From an estimate that is known already: t, p and the interval. */
struct ttest ttest_of(double difference, double se, double df,
		      double confidence);

#endif
