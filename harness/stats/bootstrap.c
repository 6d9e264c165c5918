// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/bootstrap.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"

/* So many draws are summed side by side. */
#define BESIDE 4

_Static_assert(BOOTSTRAP_DRAWS % BESIDE == 0, "each draw is of one group");

struct bootstrap {
	uint64_t seed;
	uint32_t *draws; /* owned; BOOTSTRAP_DRAWS rows of so many blocks */
	size_t block_count;
};

struct bootstrap *bootstrap_create(uint64_t seed)
{
	struct bootstrap *b = xcalloc(1, sizeof(*b));

	b->seed = seed;
	return b;
}

void bootstrap_destroy(struct bootstrap *b)
{
	if (!b)
		return;
	free(b->draws);
	free(b);
}

static void draw(struct bootstrap *b, size_t n)
{
	gsl_rng *rng;
	size_t i;

	if (b->block_count == n)
		return;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, b->seed);
	b->draws = xrealloc(b->draws, BOOTSTRAP_DRAWS * n, sizeof(*b->draws));
	b->block_count = n;
	for (i = 0; i < BOOTSTRAP_DRAWS * n; i++)
		b->draws[i] = (uint32_t)gsl_rng_uniform_int(rng, n);
	gsl_rng_free(rng);
}

/* Each is summed in its own order, and the processor need not wait for one sum to go
 * on with the next. */
static void draw_means(const uint32_t *draws, const double *logs, size_t n,
		       double *means)
{
	double sums[BESIDE] = {0};
	size_t i, k;

	for (i = 0; i < n; i++)
		for (k = 0; k < BESIDE; k++)
			sums[k] += logs[draws[k * n + i]];
	for (k = 0; k < BESIDE; k++)
		means[k] = sums[k] / (double)n;
}

/* The bias of the draws relative to the estimate, as a normal quantile. */
static double bias(const double *means, double mean)
{
	double below = 0;
	int i;

	for (i = 0; i < BOOTSTRAP_DRAWS; i++)
		below += means[i] < mean ? 1 : means[i] > mean ? 0 : .5;
	/* No draw at all on one side would be infinitely far. */
	below = fmin(fmax(below, .5), BOOTSTRAP_DRAWS - .5);
	return gsl_cdf_ugaussian_Pinv(below / BOOTSTRAP_DRAWS);
}

/* Skewness, by leaving out one block at a time: such a mean differs from the
 * mean of all by (mean - x) / (n - 1), and the factor cancels. */
static double acceleration(const double *logs, size_t n, double mean)
{
	double squares = 0, cubes = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double d = logs[i] - mean;

		squares += d * d;
		cubes += d * d * d;
	}
	return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

static double corrected(double p, double z0, double a)
{
	double z = z0 + gsl_cdf_ugaussian_Pinv(p);

	return gsl_cdf_ugaussian_P(z0 + z / (1 - a * z));
}

static void interval(struct bootstrap *b, const double *logs, size_t n,
		     double mean, double alpha, struct ratio_estimate *e)
{
	double *means = xcalloc(BOOTSTRAP_DRAWS, sizeof(*means));
	double z0, a;
	size_t i;

	draw(b, n);
	for (i = 0; i < BOOTSTRAP_DRAWS; i += BESIDE)
		draw_means(b->draws + i * n, logs, n, means + i);
	z0 = bias(means, mean);
	a = acceleration(logs, n, mean);
	e->low = exp(quantile_pick(means, BOOTSTRAP_DRAWS,
				   corrected(alpha / 2, z0, a)));
	e->high = exp(quantile_pick(means, BOOTSTRAP_DRAWS,
				    corrected(1 - alpha / 2, z0, a)));
	e->has_interval = true;
	free(means);
}

struct ratio_estimate bootstrap_ratio_by(struct bootstrap *b,
					 const double *logs, size_t block_count,
					 double confidence)
{
	struct ratio_estimate e = {.ratio = NAN, .block_count = block_count};
	double mean = 0;
	size_t i;

	if (!block_count)
		return e;
	for (i = 0; i < block_count; i++)
		mean += logs[i] / (double)block_count;
	e.ratio = e.low = e.high = exp(mean);
	if (block_count > 1)
		interval(b, logs, block_count, mean, 1 - confidence, &e);
	return e;
}

struct ratio_estimate bootstrap_ratio(const double *logs, size_t block_count,
				      double confidence, uint64_t seed)
{
	struct bootstrap *b = bootstrap_create(seed);
	struct ratio_estimate e =
		bootstrap_ratio_by(b, logs, block_count, confidence);

	bootstrap_destroy(b);
	return e;
}
