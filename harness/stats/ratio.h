/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_RATIO_H
#define HARNESS_STATS_RATIO_H

/*
 * ratio - a ratio, candidate over baseline, and its interval.
 *
 * On logarithms a ratio is a difference, with Student's interval; exp() gives
 * the ratio. All values must be above zero. A figure that does not exist is
 * NaN. Pure. The derivations are in docs/statistics.md.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/ttest.h"

struct ratio {
	double ratio;
	double low, high;
	struct ttest log; /* of the mean logarithm of the ratio */
};

/* BASE[i] and CANDIDATE[i] belong together: the primary estimate. */
struct ratio ratio_paired(const double *base, const double *candidate, size_t n,
			  double confidence);

/* The same from logarithms of ratios, one per block. */
struct ratio ratio_of_logs(const double *logs, size_t n, double confidence);

/* From the test of a log ratio, such as that of cluster_compare(). */
struct ratio ratio_from_log(struct ttest log);

/* 1 / R, its interval turned with it; .log stays as it is. */
struct ratio ratio_inverse(const struct ratio *r);

/* Two unpaired samples; geometric means. */
struct ratio ratio_welch(const double *base, size_t base_count,
			 const double *candidate, size_t candidate_count,
			 double confidence);

/* The ratio of two ratios, A / B, both log estimates. */
struct ratio ratio_of_ratios(const struct ratio *a, const struct ratio *b,
			     double confidence);

/*
 * Ratio of arithmetic means (Fieller 1954). False if the baseline's mean does
 * not differ significantly from zero: then the interval is unbounded, and NaN.
 */
bool ratio_fieller(const double *base, size_t base_count,
		   const double *candidate, size_t candidate_count,
		   double confidence, struct ratio *out);

#endif
