// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/split_test.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/sampled_p.h"

/* Statistics that differ only by rounding are equal. */
#define ROUNDING 1e-9

void split_test_init(struct split_test *t, size_t n, double level, size_t least,
		     unsigned long seed)
{
	*t = (struct split_test){.level = level, .least = least, .seed = seed};
	t->rng = gsl_rng_alloc(gsl_rng_mt19937);
	energy_tables_init(&t->tables, n);
	t->copy = xcalloc(n, sizeof(*t->copy));
	t->chosen = xcalloc(n, sizeof(*t->chosen));
}

void split_test_release(struct split_test *t)
{
	gsl_rng_free(t->rng);
	energy_tables_release(&t->tables);
	free(t->copy);
	free(t->chosen);
}

/* One of 0 to BELOW - 1. The generator gives 32 bits, so that the chances of two
 * numbers differ by less than BELOW / 2^32 of themselves. */
static size_t draw_below(struct split_test *t, size_t below)
{
	return (size_t)((uint64_t)gsl_rng_get(t->rng) * below >> 32);
}

/* --- all arrangements --- */

static bool are_few(double log_ways, double most)
{
	return log_ways <= log(most) + ROUNDING;
}

static double few_of(const struct split_test *t)
{
	return fmin(SPLIT_TEST_LAST_MAX,
		    fmax(SPLIT_TEST_EXACT_MAX,
			 SPLIT_TEST_EXACT_PER_LEVEL / t->level));
}

static struct split_p exactly(double p)
{
	return (struct split_p){.p = p, .low = p, .high = p};
}

/* The next choice of K of N, in order of the indexes; false after the last. */
static bool next_choice(size_t *chosen, size_t k, size_t n)
{
	size_t i = k;

	while (i && chosen[i - 1] == n - k + i - 1)
		i--;
	if (!i)
		return false;
	chosen[i - 1]++;
	for (; i < k; i++)
		chosen[i] = chosen[i - 1] + 1;
	return true;
}

/* --- a place --- */

/*
 * The two parts of some values, as the indexes of the smaller one say. With W the
 * sum of distances within a part, pairs counted once, C that between the parts, R
 * that from one value to all and T that of all pairs: C is the sum of R over a
 * part less 2 W, and the other part's W is T - C - W.
 */
struct parts {
	const double *values;
	size_t n, small;
	const double *sums; /* [i]: R */
	double all;         /* T */
};

static double parts_energy(const struct parts *p, const size_t *in)
{
	double k = (double)p->small, m = (double)(p->n - p->small);
	double within = 0, between = 0;
	size_t a, b;

	for (a = 0; a < p->small; a++) {
		double x = p->values[in[a]], sum = 0;

		for (b = 0; b < a; b++)
			sum += fabs(x - p->values[in[b]]);
		within += sum;
		between += p->sums[in[a]];
	}
	between -= 2 * within;
	return 2 *
	       (between - within * m / k -
		(p->all - between - within) * k / m) /
	       (k + m);
}

static struct parts parts_of(struct split_test *t, const double *values,
			     size_t n, size_t index)
{
	struct parts p = {.values = values,
			  .n = n,
			  .small = index < n - index ? index : n - index,
			  .sums = t->copy};
	size_t i, k;

	for (i = 0; i < n; i++) {
		t->copy[i] = 0;
		for (k = 0; k < n; k++)
			t->copy[i] += fabs(values[i] - values[k]);
		p.all += t->copy[i] / 2;
	}
	return p;
}

static void choose_in_order(struct split_test *t, size_t n, size_t first)
{
	size_t i;

	for (i = 0; i < n; i++)
		t->chosen[i] = (first + i) % n;
}

/* Over all ways to choose a part. */
static struct split_p count_places(struct split_test *t, const struct parts *p,
				   double enough)
{
	size_t ways = 0, as_well = 0;

	choose_in_order(t, p->n, 0);
	do {
		ways++;
		as_well += parts_energy(p, t->chosen) >= enough;
	} while (next_choice(t->chosen, p->small, p->n));
	return exactly((double)as_well / (double)ways);
}

/* As gsl_ran_choose() does, in any order. */
static bool draw_place(struct split_test *t, const struct parts *p,
		       double enough)
{
	size_t i;

	for (i = 0; i < p->small; i++) {
		size_t k = i + draw_below(t, p->n - i);
		size_t was = t->chosen[i];

		t->chosen[i] = t->chosen[k];
		t->chosen[k] = was;
	}
	return parts_energy(p, t->chosen) >= enough;
}

/* --- the best split --- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void swap(double *v, size_t a, size_t b)
{
	double value = v[a];

	v[a] = v[b];
	v[b] = value;
}

/* The next arrangement by size, equal values being one; false after the last. */
static bool next_arrangement(double *v, size_t n)
{
	size_t i = n - 1, k = n - 1;

	while (i && v[i - 1] >= v[i])
		i--;
	if (!i)
		return false;
	while (v[k] <= v[i - 1])
		k--;
	swap(v, i - 1, k);
	for (k = n - 1; i < k; i++, k--)
		swap(v, i, k);
	return true;
}

/* Of V, which is sorted: n! over the factorials of how often each value is
 * there. */
static double log_arrangements(const double *v, size_t n)
{
	double ways = gsl_sf_lnfact((unsigned int)n);
	size_t i, same = 1;

	for (i = 1; i <= n; i++, same++)
		if (i == n || v[i] > v[i - 1]) {
			ways -= gsl_sf_lnfact((unsigned int)same);
			same = 0;
		}
	return ways;
}

/* Over all arrangements of COPY, which is sorted. Enough that divide as well
 * settle it: then the rest is not looked at, and P is at least what it says. */
static struct split_p count_arrangements(struct split_test *t, size_t n,
					 double enough, double all)
{
	double seen = 0, as_well = 0;
	struct split_p out;

	do {
		seen++;
		as_well +=
			energy_divide(&t->tables, t->copy, n, t->least, enough)
				.q >= enough;
	} while (as_well <= t->level * all && next_arrangement(t->copy, n));
	out = exactly(as_well / all);
	out.high = seen < all ? (all - seen + as_well) / all : out.p;
	return out;
}

/* As gsl_ran_shuffle() does, which moves its elements byte by byte. */
static bool draw_arrangement(struct split_test *t, size_t n, double enough)
{
	size_t i;

	for (i = n - 1; i > 0; i--)
		swap(t->copy, i, draw_below(t, i + 1));
	return energy_divide(&t->tables, t->copy, n, t->least, enough).q >=
	       enough;
}

/* --- both --- */

/* P: of places; NULL: of arrangements. */
static struct split_p draw(struct split_test *t, const struct parts *p,
			   size_t n, double enough)
{
	double most =
		fmin(SPLIT_TEST_DRAWS_MAX,
		     fmax(SPLIT_TEST_DRAWS, SPLIT_TEST_PER_LEVEL / t->level));
	struct split_p out = {.is_undecided = true};
	struct sampled_p s;

	sampled_p_init(&s, t->level);
	gsl_rng_set(t->rng, t->seed + 1000003 * n + (p ? p->small : 0));
	while (out.is_undecided && (double)s.draws < most) {
		sampled_p_add(&s, p ? draw_place(t, p, enough)
				    : draw_arrangement(t, n, enough));
		out.is_undecided = !sampled_p_is_decided(&s);
	}
	sampled_p_interval(&s, &out.low, &out.high);
	out.p = (double)(1 + s.hits) / (double)(1 + s.draws);
	out.draws = s.draws;
	return out;
}

struct split_p split_test_best(struct split_test *t, const double *values,
			       size_t n, double q)
{
	double enough = q * (1 - ROUNDING), log_ways, ways;
	struct split_p p = {.is_undecided = true};

	memcpy(t->copy, values, n * sizeof(*values));
	qsort(t->copy, n, sizeof(*t->copy), compare_doubles);
	log_ways = log_arrangements(t->copy, n);
	ways = round(exp(log_ways));
	if (!are_few(log_ways, few_of(t)))
		p = draw(t, NULL, n, enough);
	if (!p.is_undecided || !are_few(log_ways, SPLIT_TEST_LAST_MAX))
		return p;
	qsort(t->copy, n, sizeof(*t->copy), compare_doubles);
	return count_arrangements(t, n, enough, ways);
}

struct split_p split_test_place(struct split_test *t, const double *values,
				size_t n, size_t index)
{
	struct parts parts = parts_of(t, values, n, index);
	double log_ways = gsl_sf_lnchoose((unsigned int)n, (unsigned int)index);
	struct split_p p = {.is_undecided = true};
	double enough;

	choose_in_order(t, n, index == parts.small ? 0 : index);
	enough = parts_energy(&parts, t->chosen) * (1 - ROUNDING);
	if (!are_few(log_ways, few_of(t)))
		p = draw(t, &parts, n, enough);
	return p.is_undecided && are_few(log_ways, SPLIT_TEST_LAST_MAX)
		       ? count_places(t, &parts, enough)
		       : p;
}
