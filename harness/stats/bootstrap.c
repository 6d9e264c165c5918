// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/bootstrap.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"

static double draw_mean(gsl_rng *rng, const double *logs, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += logs[gsl_rng_uniform_int(rng, n)];
	return sum / (double)n;
}

static void interval(const double *logs, size_t n, double alpha, uint64_t seed,
		     struct ratio_estimate *e)
{
	double *means = xcalloc(BOOTSTRAP_DRAWS, sizeof(*means));
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	int i;

	gsl_rng_set(rng, seed);
	for (i = 0; i < BOOTSTRAP_DRAWS; i++)
		means[i] = draw_mean(rng, logs, n);
	e->low = exp(quantile(means, BOOTSTRAP_DRAWS, alpha / 2));
	e->high = exp(quantile(means, BOOTSTRAP_DRAWS, 1 - alpha / 2));
	e->has_interval = true;
	gsl_rng_free(rng);
	free(means);
}

struct ratio_estimate bootstrap_ratio(const double *base,
				      const double *candidate,
				      size_t block_count, double confidence,
				      uint64_t seed)
{
	struct ratio_estimate e = {.ratio = NAN, .block_count = block_count};
	double *logs;
	double sum = 0;
	size_t i;

	if (!block_count)
		return e;
	logs = xcalloc(block_count, sizeof(*logs));
	for (i = 0; i < block_count; i++) {
		logs[i] = log(candidate[i] / base[i]);
		sum += logs[i];
	}
	e.ratio = e.low = e.high = exp(sum / (double)block_count);
	if (block_count > 1)
		interval(logs, block_count, 1 - confidence, seed, &e);
	free(logs);
	return e;
}
