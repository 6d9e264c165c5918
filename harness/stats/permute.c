// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/permute.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"

/* Sums that differ only by rounding are equal. */
#define EPSILON 1e-9

struct deal {
	const double *values;
	size_t n, chosen;
	double observed; /* distance of the sum from its expectation */
	double expected;
	double slack;
	uint64_t hits, all;
};

static void count(struct deal *d, double sum)
{
	d->all++;
	d->hits += fabs(sum - d->expected) >= d->observed - d->slack;
}

/* All sums of LEFT values from AT on, added to SUM. */
static void deal_all(struct deal *d, size_t at, size_t left, double sum)
{
	if (!left) {
		count(d, sum);
		return;
	}
	for (; at + left <= d->n; at++)
		deal_all(d, at + 1, left - 1, sum + d->values[at]);
}

static void deal_some(struct deal *d, uint64_t seed)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double *taken = xcalloc(d->chosen, sizeof(*taken));
	int i;

	gsl_rng_set(rng, seed);
	for (i = 0; i < PERMUTE_DRAWS; i++) {
		double sum = 0;
		size_t k;

		/* The choice takes a pointer to non-const, but never writes
		 * to it. */
		gsl_ran_choose(rng, taken, d->chosen,
			       (void *)(uintptr_t)d->values, d->n,
			       sizeof(*taken));
		for (k = 0; k < d->chosen; k++)
			sum += taken[k];
		count(d, sum);
	}
	free(taken);
	gsl_rng_free(rng);
}

static double p_of(const struct deal *d, bool is_exact)
{
	return is_exact ? (double)d->hits / (double)d->all
			: (1 + (double)d->hits) / (1 + (double)d->all);
}

struct permute_test permute_means(const double *a, size_t a_count,
				  const double *b, size_t b_count,
				  uint64_t seed)
{
	struct permute_test t = {NAN, NAN, false};
	size_t n = a_count + b_count, i;
	double *all, sum = 0, sum_a = 0, log_ways;
	struct deal d = {.n = n, .chosen = a_count};

	if (!a_count || !b_count)
		return t;
	all = xcalloc(n, sizeof(*all));
	memcpy(all, a, a_count * sizeof(*all));
	memcpy(all + a_count, b, b_count * sizeof(*all));
	for (i = 0; i < n; i++) {
		sum += all[i];
		sum_a += i < a_count ? all[i] : 0;
		d.slack += fabs(all[i]) * EPSILON;
	}
	d.values = all;
	d.expected = sum * (double)a_count / (double)n;
	d.observed = fabs(sum_a - d.expected);
	log_ways = gsl_sf_lnchoose((unsigned int)n, (unsigned int)a_count);
	t.is_exact = log_ways <= log(PERMUTE_EXACT_MAX);
	t.smallest_p = exp(-log_ways) * (a_count == b_count ? 2 : 1);
	if (t.is_exact)
		deal_all(&d, 0, a_count, 0);
	else
		deal_some(&d, seed);
	t.p = p_of(&d, t.is_exact);
	free(all);
	return t;
}

struct permute_test permute_signs(const double *d, size_t n, uint64_t seed)
{
	struct permute_test t = {NAN, NAN, false};
	struct deal all = {.expected = 0};
	gsl_rng *rng;
	double sum = 0;
	uint64_t m, draws;
	size_t i;

	if (!n)
		return t;
	for (i = 0; i < n; i++) {
		sum += d[i];
		all.slack += fabs(d[i]) * EPSILON;
	}
	all.observed = fabs(sum);
	t.is_exact = n < 64 && 1ull << n <= PERMUTE_EXACT_MAX;
	t.smallest_p = fmin(1, exp2(1 - (double)n));
	draws = t.is_exact ? 1ull << n : PERMUTE_DRAWS;
	rng = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(rng, seed);
	for (m = 0; m < draws; m++) {
		sum = 0;
		for (i = 0; i < n; i++)
			sum += (t.is_exact ? m >> i & 1
					   : gsl_rng_uniform_int(rng, 2))
				       ? d[i]
				       : -d[i];
		count(&all, sum);
	}
	gsl_rng_free(rng);
	t.p = p_of(&all, t.is_exact);
	return t;
}
