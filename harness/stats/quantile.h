/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_QUANTILE_H
#define HARNESS_STATS_QUANTILE_H

#include <stddef.h>

/*
 * quantile - order statistics of a sample. P in [0, 1]; between two values
 * linear interpolation at (n - 1) p (Hyndman and Fan 1996, type 7, as R and
 * NumPy). NaN for an empty sample. The input is left as it is.
 */
double quantile(const double *values, size_t count, double p);
double quantile_median(const double *values, size_t count);

#endif
