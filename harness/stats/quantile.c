// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/quantile.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

void quantile_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

double quantile_of_sorted(const double *sorted, size_t count, double p)
{
	double at = (double)(count - 1) * p;
	size_t i = (size_t)at;
	double low, high;

	if (!count)
		return NAN;
	low = sorted[i];
	high = i + 1 < count ? sorted[i + 1] : low;
	return low + (high - low) * (at - (double)i);
}

double quantile(const double *values, size_t count, double p)
{
	double *sorted, result;

	if (!count)
		return NAN;
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, values, count * sizeof(*sorted));
	quantile_sort(sorted, count);
	result = quantile_of_sorted(sorted, count, p);
	free(sorted);
	return result;
}

double quantile_median(const double *values, size_t count)
{
	return quantile(values, count, 0.5);
}

bool quantile_median_interval(const double *values, size_t count,
			      double confidence, double *low, double *high)
{
	double *sorted;
	size_t k = 0;

	*low = *high = NAN;
	/* Leaving k out at each end is wrong with twice this probability. */
	while (k < count / 2 &&
	       1 - 2 * gsl_cdf_binomial_P((unsigned int)k, 0.5,
					  (unsigned int)count) >=
		       confidence)
		k++;
	if (!k)
		return false;
	sorted = xcalloc(count, sizeof(*sorted));
	memcpy(sorted, values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	*low = sorted[k - 1];
	*high = sorted[count - k];
	free(sorted);
	return true;
}
