/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_QUANTILE_H
#define HARNESS_STATS_QUANTILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * quantile - order statistics of a sample. P in [0, 1]; between two values
 * linear interpolation at (n - 1) p (Hyndman and Fan 1996, type 7, as R and
 * NumPy). NaN for an empty sample. The input is left as it is.
 */
double quantile(const double *values, size_t count, double p);
double quantile_median(const double *values, size_t count);

/* The same in two steps, for several quantiles of the same values. */
void quantile_sort(double *values, size_t count);
double quantile_of_sorted(const double *sorted, size_t count, double p);

/* The same of values in any order, which it changes: for a few quantiles of many
 * values it is faster than sorting. */
double quantile_pick(double *values, size_t count, double p);

/*
 * The narrowest pair of order statistics that contains the population's median
 * with at least CONFIDENCE, for any distribution, by the binomial distribution.
 * False if there are too few values; for 0.95 that is below six.
 */
bool quantile_median_interval(const double *values, size_t count,
			      double confidence, double *low, double *high);

#endif
