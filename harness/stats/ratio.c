// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/ratio.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

struct ratio ratio_from_log(struct ttest log)
{
	return (struct ratio){.ratio = exp(log.difference),
			      .low = exp(log.low),
			      .high = exp(log.high),
			      .log = log};
}

static double *logs_of(const double *values, size_t n)
{
	double *logs = xcalloc(n + 1, sizeof(*logs));
	size_t i;

	for (i = 0; i < n; i++)
		logs[i] = log(values[i]);
	return logs;
}

/* A smaller relative difference between blocks is rounding error. */
#define ROUNDING 1e-13

struct ratio ratio_of_logs(const double *logs, size_t n, double confidence)
{
	double sd;

	if (!n)
		return ratio_from_log(ttest_of(NAN, NAN, NAN, confidence));
	if (n == 1)
		return ratio_from_log(ttest_of(logs[0], NAN, NAN, confidence));
	sd = gsl_stats_sd(logs, 1, n);
	return ratio_from_log(ttest_of(gsl_stats_mean(logs, 1, n),
				       sd > ROUNDING ? sd / sqrt((double)n) : 0,
				       (double)n - 1, confidence));
}

struct ratio ratio_paired(const double *base, const double *candidate, size_t n,
			  double confidence)
{
	double *logs = xcalloc(n + 1, sizeof(*logs));
	struct ratio r;
	size_t i;

	for (i = 0; i < n; i++)
		logs[i] = log(candidate[i]) - log(base[i]);
	r = ratio_of_logs(logs, n, confidence);
	free(logs);
	return r;
}

struct ratio ratio_inverse(const struct ratio *r)
{
	return (struct ratio){1 / r->ratio, 1 / r->high, 1 / r->low, r->log};
}

struct ratio ratio_welch(const double *base, size_t base_count,
			 const double *candidate, size_t candidate_count,
			 double confidence)
{
	double *b = logs_of(base, base_count);
	double *c = logs_of(candidate, candidate_count);
	struct ratio r = ratio_from_log(
		ttest_welch(c, candidate_count, b, base_count, confidence));

	free(b);
	free(c);
	return r;
}

struct ratio ratio_of_ratios(const struct ratio *a, const struct ratio *b,
			     double confidence)
{
	double va = a->log.se * a->log.se, vb = b->log.se * b->log.se;
	double df = (va + vb) * (va + vb) /
		    (va * va / a->log.df + vb * vb / b->log.df);

	return ratio_from_log(ttest_of(a->log.difference - b->log.difference,
				       sqrt(va + vb), df, confidence));
}

bool ratio_fieller(const double *base, size_t base_count,
		   const double *candidate, size_t candidate_count,
		   double confidence, struct ratio *out)
{
	double na = (double)base_count, nb = (double)candidate_count;
	double a, va, vb, wa, theta, t, df, g, reach;

	*out = (struct ratio){NAN, NAN, NAN,
			      ttest_of(NAN, NAN, NAN, confidence)};
	if (base_count < 2 || candidate_count < 2)
		return false;
	a = gsl_stats_mean(base, 1, base_count);
	theta = gsl_stats_mean(candidate, 1, candidate_count) / a;
	va = gsl_stats_variance(base, 1, base_count) / na;
	vb = gsl_stats_variance(candidate, 1, candidate_count) / nb;
	out->ratio = theta;
	wa = theta * theta * va;
	df = (vb + wa) * (vb + wa) / (vb * vb / (nb - 1) + wa * wa / (na - 1));
	if (!(df > 0))
		return false;
	t = gsl_cdf_tdist_Pinv((1 + confidence) / 2, df);
	g = t * t * va / (a * a);
	if (g >= 1)
		return false;
	reach = t * sqrt(vb * (1 - g) + wa) / fabs(a);
	out->low = (theta - reach) / (1 - g);
	out->high = (theta + reach) / (1 - g);
	out->log.df = df;
	return true;
}
