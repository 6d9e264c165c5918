// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/ranks.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"

struct item {
	double value;
	bool is_of_a;
	size_t rank; /* doubled, so that the mean of two is whole */
};

static int by_value(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Equal values share the mean of their ranks. Returns the sum of t^3 - t over
 * groups of t equal ones. */
static double rank(struct item *items, size_t n)
{
	double ties = 0;
	size_t i, k;

	qsort(items, n, sizeof(*items), by_value);
	for (i = 0; i < n; i = k) {
		double t;

		for (k = i; k < n && items[k].value == items[i].value; k++)
			items[k].rank = i + 1;
		t = (double)(k - i);
		ties += t * t * t - t;
		while (k-- > i)
			items[k].rank += i + (size_t)t;
		k = i + (size_t)t;
	}
	return ties;
}

/* Tails of a distribution of sums: WAYS[s] of them. */
static void tails(const double *ways, size_t count, size_t at,
		  struct rank_test *t)
{
	double below = 0, above = 0, all = 0;
	size_t s;

	for (s = 0; s < count; s++) {
		all += ways[s];
		if (s <= at)
			below += ways[s];
		if (s >= at)
			above += ways[s];
	}
	t->p_less = below / all;
	t->p_greater = above / all;
	t->is_exact = true;
}

static void tails_normal(double z_low, double z_high, struct rank_test *t)
{
	t->p_less = gsl_cdf_ugaussian_P(z_low);
	t->p_greater = gsl_cdf_ugaussian_Q(z_high);
}

static void two_sided(struct rank_test *t)
{
	t->p = fmin(1, 2 * fmin(t->p_less, t->p_greater));
}

/* ways[k][s]: to choose k items whose doubled ranks sum up to s. */
static double *choose_ways(const struct item *items, size_t n, size_t chosen,
			   size_t max)
{
	double *ways = xcalloc((chosen + 1) * (max + 1), sizeof(*ways));
	size_t i, k, s;

	ways[0] = 1;
	for (i = 0; i < n; i++)
		for (k = chosen; k-- > 0;)
			for (s = 0; s + items[i].rank <= max; s++)
				ways[(k + 1) * (max + 1) + s + items[i].rank] +=
					ways[k * (max + 1) + s];
	return ways;
}

struct rank_test ranks_mann_whitney(const double *a, size_t a_count,
				    const double *b, size_t b_count)
{
	struct rank_test t = {NAN, NAN, NAN, NAN, NAN, false};
	size_t n = a_count + b_count, i, sum = 0, max = 2 * n * (a_count + 1);
	double na = (double)a_count, nb = (double)b_count, ties, sd, off;
	struct item *items;

	if (!a_count || !b_count)
		return t;
	items = xcalloc(n, sizeof(*items));
	for (i = 0; i < n; i++)
		items[i] = (struct item){.value = i < a_count ? a[i]
							      : b[i - a_count],
					 .is_of_a = i < a_count};
	ties = rank(items, n);
	for (i = 0; i < n; i++)
		sum += items[i].is_of_a ? items[i].rank : 0;
	t.statistic = (double)sum / 2 - na * (na + 1) / 2;
	t.smallest_p =
		fmin(1, 2 * exp(-gsl_sf_lnchoose((unsigned int)n,
						 (unsigned int)a_count)));
	if (n <= RANKS_EXACT_MAX) {
		double *ways = choose_ways(items, n, a_count, max);

		tails(ways + a_count * (max + 1), max + 1, sum, &t);
		free(ways);
	} else {
		sd = sqrt(
			na * nb / 12 *
			((double)n + 1 - ties / ((double)n * ((double)n - 1))));
		off = t.statistic - na * nb / 2;
		tails_normal((off + 0.5) / sd, (off - 0.5) / sd, &t);
	}
	two_sided(&t);
	free(items);
	return t;
}

/* ways[s]: subsets of the items whose doubled ranks sum up to s. */
static double *subset_ways(const struct item *items, size_t n, size_t max)
{
	double *ways = xcalloc(max + 1, sizeof(*ways));
	size_t i, s;

	ways[0] = 1;
	for (i = 0; i < n; i++)
		for (s = max + 1; s-- > items[i].rank;)
			ways[s] += ways[s - items[i].rank];
	return ways;
}

struct rank_test ranks_signed(const double *a, const double *b, size_t n)
{
	struct rank_test t = {NAN, NAN, NAN, NAN, NAN, false};
	struct item *items = xcalloc(n + 1, sizeof(*items));
	size_t i, m = 0, sum = 0, max;
	double ties, sd, off, count;

	for (i = 0; i < n; i++)
		if (a[i] != b[i])
			items[m++] = (struct item){.value = fabs(a[i] - b[i]),
						   .is_of_a = a[i] > b[i]};
	if (!m) {
		free(items);
		return t;
	}
	ties = rank(items, m);
	for (i = 0; i < m; i++)
		sum += items[i].is_of_a ? items[i].rank : 0;
	count = (double)m;
	max = m * (m + 1);
	t.statistic = (double)sum / 2;
	t.smallest_p = fmin(1, 2 * exp2(-count));
	if (m <= RANKS_EXACT_MAX) {
		double *ways = subset_ways(items, m, max);

		tails(ways, max + 1, sum, &t);
		free(ways);
	} else {
		sd = sqrt(count * (count + 1) * (2 * count + 1) / 24 -
			  ties / 48);
		off = t.statistic - count * (count + 1) / 4;
		tails_normal((off + 0.5) / sd, (off - 0.5) / sd, &t);
	}
	two_sided(&t);
	free(items);
	return t;
}

/* --- shifts ---------------------------------------------------------------- */

/* 1 - 0.9 is less than 0.1. */
#define ALPHA_ROUNDING 1e-12

/* The largest k with 2 P(statistic <= k - 1) <= alpha; 0: there is none. */
static size_t cut(const double *ways, size_t count, double alpha)
{
	double all = 0, below = 0;
	size_t k;

	for (k = 0; k < count; k++)
		all += ways[k];
	for (k = 0; k < count; k++) {
		below += ways[k];
		if (2 * below / all > alpha + ALPHA_ROUNDING)
			break;
	}
	return k;
}

/* VALUES are sorted here; the interval leaves K - 1 of them out at each end. */
static struct rank_shift shift_of(double *values, size_t count, size_t k)
{
	struct rank_shift s = {NAN, NAN, NAN};

	quantile_sort(values, count);
	s.shift = quantile_of_sorted(values, count, 0.5);
	if (k && 2 * k <= count) {
		s.low = values[k - 1];
		s.high = values[count - k];
	}
	return s;
}

/* By the normal distribution of the statistic. */
static size_t cut_normal(double mean, double sd, double alpha)
{
	double k = mean - gsl_cdf_ugaussian_Pinv(1 - alpha / 2) * sd;

	return k >= 1 ? (size_t)k : 0;
}

struct rank_shift ranks_shift(const double *a, size_t a_count, const double *b,
			      size_t b_count, double confidence)
{
	size_t n = a_count + b_count, max = 2 * n * (a_count + 1), i, k, at = 0;
	double na = (double)a_count, nb = (double)b_count;
	struct rank_shift s = {NAN, NAN, NAN};
	double *all;

	if (b_count && a_count > RANKS_SHIFT_MAX / b_count)
		return s;
	all = xcalloc(a_count * b_count + 1, sizeof(*all));
	for (i = 0; i < a_count; i++)
		for (k = 0; k < b_count; k++)
			all[i * b_count + k] = b[k] - a[i];
	if (n <= RANKS_EXACT_MAX && a_count && b_count) {
		struct item *items = xcalloc(n, sizeof(*items));
		double *ways, *u = xcalloc(a_count * b_count + 1, sizeof(*u));

		/* Ranks without ties: the sum of ranks is U and a constant. */
		for (i = 0; i < n; i++)
			items[i].rank = 2 * (i + 1);
		ways = choose_ways(items, n, a_count, max);
		for (i = 0; i <= a_count * b_count; i++)
			u[i] = ways[a_count * (max + 1) +
				    a_count * (a_count + 1) + 2 * i];
		at = cut(u, a_count * b_count + 1, 1 - confidence);
		free(u);
		free(ways);
		free(items);
	} else {
		at = cut_normal(na * nb / 2, sqrt(na * nb * (na + nb + 1) / 12),
				1 - confidence);
	}
	s = shift_of(all, a_count * b_count, at);
	free(all);
	return s;
}

struct rank_shift ranks_center(const double *d, size_t n, double confidence)
{
	size_t count = n * (n + 1) / 2, i, k, at = 0, m = 0;
	struct rank_shift s = {NAN, NAN, NAN};
	double x = (double)n;
	double *walsh;

	if (n > RANKS_SHIFT_MAX / (n + 1))
		return s;
	walsh = xcalloc(count + 1, sizeof(*walsh));
	for (i = 0; i < n; i++)
		for (k = i; k < n; k++)
			walsh[m++] = (d[i] + d[k]) / 2;
	if (n <= RANKS_EXACT_MAX) {
		struct item *items = xcalloc(n + 1, sizeof(*items));
		double *ways;

		for (i = 0; i < n; i++)
			items[i].rank = i + 1;
		ways = subset_ways(items, n, count);
		at = cut(ways, count + 1, 1 - confidence);
		free(ways);
		free(items);
	} else {
		at = cut_normal(x * (x + 1) / 4,
				sqrt(x * (x + 1) * (2 * x + 1) / 24),
				1 - confidence);
	}
	s = shift_of(walsh, count, at);
	free(walsh);
	return s;
}

struct rank_shift ranks_shift_paired(const double *a, const double *b, size_t n,
				     double confidence)
{
	double *d = xcalloc(n + 1, sizeof(*d));
	struct rank_shift s;
	size_t i;

	for (i = 0; i < n; i++)
		d[i] = b[i] - a[i];
	s = ranks_center(d, n, confidence);
	free(d);
	return s;
}
