// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/diagnose.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"

double diagnose_autocorrelation(const double *values, size_t n)
{
	double mean, sum = 0, all = 0;
	size_t i;

	if (n < 3)
		return NAN;
	mean = gsl_stats_mean(values, 1, n);
	for (i = 0; i < n; i++) {
		double d = values[i] - mean;

		all += d * d;
		if (i + 1 < n)
			sum += d * (values[i + 1] - mean);
	}
	return all > 0 ? sum / all : NAN;
}

struct drift diagnose_drift(const double *values, size_t n)
{
	struct drift d = {NAN, NAN, NAN};
	double *slopes, concordance = 0, variance, x = (double)n;
	size_t i, k, m = 0;

	if (n < 3)
		return d;
	slopes = xcalloc(n * (n - 1) / 2, sizeof(*slopes));
	for (i = 0; i < n; i++)
		for (k = i + 1; k < n; k++) {
			slopes[m++] = (values[k] - values[i]) / (double)(k - i);
			concordance += (values[k] > values[i]) -
				       (values[k] < values[i]);
		}
	d.slope = quantile_median(slopes, m);
	free(slopes);
	variance = x * (x - 1) * (2 * x + 5) / 18;
	d.p = fmin(1, 2 * gsl_cdf_ugaussian_Q(fmax(0, fabs(concordance) - 1) /
					      sqrt(variance)));
	d.halves = gsl_stats_mean(values + n - n / 2, 1, n / 2) /
		   gsl_stats_mean(values, 1, n / 2);
	return d;
}

bool diagnose_is_bimodal(const double *values, size_t n, struct modes *modes)
{
	double *sorted, gap;
	size_t i, at = 0;

	if (n < 4)
		return false;
	sorted = xcalloc(n, sizeof(*sorted));
	memcpy(sorted, values, n * sizeof(*sorted));
	gsl_sort(sorted, 1, n);
	gap = fabs(quantile_median(sorted, n)) / 4;
	for (i = 2; i + 1 < n; i++)
		if (sorted[i] - sorted[i - 1] > gap) {
			gap = sorted[i] - sorted[i - 1];
			at = i;
		}
	if (at && modes)
		*modes = (struct modes){
			.low_count = at,
			.high_count = n - at,
			.low = quantile_median(sorted, at),
			.high = quantile_median(sorted + at, n - at),
		};
	free(sorted);
	return at > 0;
}

/* Takes the value farthest from the mean out of LEFT values. */
static double take_extreme(double *left, size_t n)
{
	double mean = gsl_stats_mean(left, 1, n);
	double sd = gsl_stats_sd(left, 1, n);
	double most;
	size_t i, at = 0;

	for (i = 1; i < n; i++)
		if (fabs(left[i] - mean) > fabs(left[at] - mean))
			at = i;
	most = fabs(left[at] - mean) / sd;
	left[at] = left[n - 1];
	return most;
}

size_t diagnose_outliers(const double *values, size_t n, size_t max,
			 double alpha, double *r, double *lambda)
{
	double *left = xcalloc(n + 1, sizeof(*left));
	size_t found = 0, i;

	memcpy(left, values, n * sizeof(*left));
	for (i = 1; i <= max && i + 2 <= n; i++) {
		double x = (double)n, k = (double)i;
		double extreme = take_extreme(left, n - i + 1);
		double t = gsl_cdf_tdist_Qinv(alpha / (2 * (x - k + 1)),
					      x - k - 1);
		double limit =
			(x - k) * t / sqrt((x - k - 1 + t * t) * (x - k + 1));

		if (r)
			r[i - 1] = extreme;
		if (lambda)
			lambda[i - 1] = limit;
		if (extreme > limit)
			found = i;
	}
	free(left);
	return found;
}
