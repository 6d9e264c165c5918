// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/ttest.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

static const struct ttest nothing = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};

struct ttest ttest_of(double difference, double se, double df,
		      double confidence)
{
	struct ttest t = nothing;
	double reach;

	t.difference = difference;
	if (!(se > 0) || !(df > 0))
		return t;
	reach = gsl_cdf_tdist_Pinv((1 + confidence) / 2, df) * se;
	t.se = se;
	t.df = df;
	t.t = difference / se;
	t.p = 2 * gsl_cdf_tdist_Q(fabs(t.t), df);
	t.low = difference - reach;
	t.high = difference + reach;
	return t;
}

struct ttest ttest_paired(const double *a, const double *b, size_t n,
			  double confidence)
{
	double *d = xcalloc(n + 1, sizeof(*d));
	struct ttest t = nothing;
	size_t i;

	for (i = 0; i < n; i++)
		d[i] = a[i] - b[i];
	if (n > 1)
		t = ttest_of(gsl_stats_mean(d, 1, n),
			     gsl_stats_sd(d, 1, n) / sqrt((double)n),
			     (double)n - 1, confidence);
	free(d);
	return t;
}

struct ttest ttest_welch(const double *a, size_t a_count, const double *b,
			 size_t b_count, double confidence)
{
	double na = (double)a_count, nb = (double)b_count;
	double va, vb, df;

	if (a_count < 2 || b_count < 2)
		return nothing;
	va = gsl_stats_variance(a, 1, a_count) / na;
	vb = gsl_stats_variance(b, 1, b_count) / nb;
	df = (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
	return ttest_of(gsl_stats_mean(a, 1, a_count) -
				gsl_stats_mean(b, 1, b_count),
			sqrt(va + vb), df, confidence);
}

struct ttest ttest_pooled(const double *a, size_t a_count, const double *b,
			  size_t b_count, double confidence)
{
	double na = (double)a_count, nb = (double)b_count;
	double variance;

	if (a_count < 2 || b_count < 2)
		return nothing;
	variance = ((na - 1) * gsl_stats_variance(a, 1, a_count) +
		    (nb - 1) * gsl_stats_variance(b, 1, b_count)) /
		   (na + nb - 2);
	return ttest_of(
		gsl_stats_mean(a, 1, a_count) - gsl_stats_mean(b, 1, b_count),
		sqrt(variance * (1 / na + 1 / nb)), na + nb - 2, confidence);
}

struct ttest ttest_further(double value, const double *before, size_t n,
			   double confidence)
{
	if (n < 2)
		return nothing;
	return ttest_of(value - gsl_stats_mean(before, 1, n),
			gsl_stats_sd(before, 1, n) * sqrt(1 + 1 / (double)n),
			(double)n - 1, confidence);
}
