// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/bootstrap.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"

static double draw_ratio(gsl_rng *rng, const double *base,
			 const double *candidate, size_t n, double *b,
			 double *c)
{
	size_t i;

	for (i = 0; i < n; i++) {
		size_t k = gsl_rng_uniform_int(rng, n);

		b[i] = base[k];
		c[i] = candidate[k];
	}
	return quantile_median(c, n) / quantile_median(b, n);
}

struct ratio_estimate bootstrap_ratio(const double *base,
				      const double *candidate,
				      size_t block_count, double confidence,
				      uint64_t seed)
{
	struct ratio_estimate e = {.ratio = NAN, .block_count = block_count};
	double alpha = 1 - confidence;
	double *ratios, *b, *c;
	gsl_rng *rng;
	int i;

	if (!block_count)
		return e;
	e.ratio = quantile_median(candidate, block_count) /
		  quantile_median(base, block_count);
	e.low = e.high = e.ratio;
	if (block_count < 2)
		return e;
	ratios = xcalloc(BOOTSTRAP_DRAWS, sizeof(*ratios));
	b = xcalloc(block_count, sizeof(*b));
	c = xcalloc(block_count, sizeof(*c));
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, seed);
	for (i = 0; i < BOOTSTRAP_DRAWS; i++)
		ratios[i] = draw_ratio(rng, base, candidate, block_count, b, c);
	e.low = quantile(ratios, BOOTSTRAP_DRAWS, alpha / 2);
	e.high = quantile(ratios, BOOTSTRAP_DRAWS, 1 - alpha / 2);
	e.has_interval = true;
	gsl_rng_free(rng);
	free(c);
	free(b);
	free(ratios);
	return e;
}
