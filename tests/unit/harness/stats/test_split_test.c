// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/stats: sampled_p's error as it states it, and split_test against a
 * count by hand. */
#include "tests/unit/test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "harness/stats/sampled_p.h"
#include "harness/stats/split_test.h"
#include "tests/unit/fixture/expect.h"

static struct sampled_p after(size_t hits, size_t misses, double level)
{
	struct sampled_p s;

	sampled_p_init(&s, level);
	while (hits--)
		sampled_p_add(&s, true);
	while (misses--)
		sampled_p_add(&s, false);
	return s;
}

/* The ratio in one formula: level^S (1-level)^(n-S) over the mean of the same,
 * B(1 + S, b + n - S) b with b = 1 / level. */
static void draws_add_up_to_the_formula(void **state)
{
	struct sampled_p s = after(7, 93, .02);

	(void)state;
	assert_int_equal(s.hits, 7);
	assert_int_equal(s.draws, 100);
	assert_close(s.log_ratio,
		     7 * log(.02) + 93 * log(.98) - log(50) -
			     gsl_sf_lnbeta(8, 50 + 93),
		     1e-10);
}

/* Without a hit the mean is b / (b + n): at .02 that and 0.98^n meet at 1e-3 for
 * n = 457. */
static void what_is_far_from_the_level_is_decided_soon(void **state)
{
	struct sampled_p none = after(0, 456, .02);
	double low, high;

	(void)state;
	assert_false(sampled_p_is_decided(&none));
	sampled_p_interval(&none, &low, &high);
	assert_true(low == 0 && high > .02);
	sampled_p_add(&none, false);
	assert_true(sampled_p_is_decided(&none));
	sampled_p_interval(&none, &low, &high);
	assert_true(low == 0 && high < .02 && high > .0199);

	none = after(7, 0, .0005);
	assert_true(sampled_p_is_decided(&none));
	sampled_p_interval(&none, &low, &high);
	assert_true(low > .0005 && high == 1);
	none = after(0, 0, .02);
	sampled_p_interval(&none, &low, &high);
	assert_true(low == 0 && high == 1);
}

/* At a true p of just the level, whoever stops at the first chance decides in at
 * most 1 of 1000 cases: 4 of 4000, and 6 more are three standard deviations. */
static void the_error_is_no_more_than_stated(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t i, k, wrong = 0;

	(void)state;
	gsl_rng_set(rng, 27);
	for (i = 0; i < 4000; i++) {
		struct sampled_p s = after(0, 0, .05);

		for (k = 0; k < 1000 && !sampled_p_is_decided(&s); k++)
			sampled_p_add(&s, gsl_rng_uniform(rng) < .05);
		wrong += sampled_p_is_decided(&s);
	}
	print_message("%zu of 4000 decided\n", wrong);
	assert_true(wrong <= 10);
	gsl_rng_free(rng);
}

static struct split_p test_at(const double *v, size_t n, size_t index,
			      double level, unsigned long seed)
{
	struct split_test t;
	struct split_p p;

	split_test_init(&t, n, level, 1, seed);
	p = index ? split_test_place(&t, v, n, index)
		  : split_test_best(&t, v, n, energy_best_split(v, n, 1).q);
	split_test_release(&t);
	return p;
}

/* Of 20 ways to choose three of six, two divide as well; of 10 ways to choose two
 * of five, one does, and of 4 places for the odd one, one. */
static void few_choices_are_counted(void **state)
{
	static const double halves[] = {1, 2, 3, 11, 12, 13};
	static const double five[] = {1, 2, 21, 22, 24};
	static const double odd[] = {5, 9, 9, 9};
	struct split_p p = test_at(halves, 6, 3, .02, 1);

	(void)state;
	assert_close(p.p, 2. / 20, 1e-12);
	assert_true(p.p == p.low && p.p == p.high);
	assert_true(!p.draws && !p.is_undecided);
	assert_close(test_at(five, 5, 2, .02, 1).p, 1. / 10, 1e-12);
	assert_close(test_at(odd, 4, 1, .02, 1).p, 1. / 4, 1e-12);
}

/* All orders of the values, told apart by their place even where they are equal. */
static void orders_by_hand(double *v, size_t n, size_t from, double q,
			   size_t *as_well, size_t *all)
{
	size_t i;

	if (from == n) {
		*as_well += energy_best_split(v, n, 1).q >= q - 1e-9;
		(*all)++;
		return;
	}
	for (i = from; i < n; i++) {
		double value = v[from];

		v[from] = v[i];
		v[i] = value;
		orders_by_hand(v, n, from + 1, q, as_well, all);
		v[i] = v[from];
		v[from] = value;
	}
}

static void arrangements_are_all_counted(void **state)
{
	static const double list[][7] = {
		{1, 2, 3, 11, 12, 13, 14},
		{4, 4, 4, 4, 9, 9, 9},
		{1, 1, 2, 2, 3, 3, 3},
		{5, 1, 5, 1, 5, 1, 5},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(list); i++) {
		size_t as_well = 0, all = 0;
		double v[7], q = energy_best_split(list[i], 7, 1).q;
		/* A level that no p is above, for which none is left out. */
		struct split_p p = test_at(list[i], 7, 0, .9999, 1);

		memcpy(v, list[i], sizeof(v));
		orders_by_hand(v, 7, 0, q, &as_well, &all);
		assert_int_equal(all, 5040);
		assert_close(p.p, (double)as_well / 5040, 1e-12);
		assert_int_equal(p.draws, 0);
		/* Where the level is passed, the rest is left out. */
		p = test_at(list[i], 7, 0, 1e-5, 1);
		assert_true(p.low > 1e-5);
		assert_true(p.low <= (double)as_well / 5040);
		assert_true(p.high >= (double)as_well / 5040);
	}
}

/* Equal values make few arrangements of many: 50 with three that differ. */
static void equal_values_are_one(void **state)
{
	double v[50] = {0};

	(void)state;
	v[47] = v[48] = v[49] = 1;
	assert_int_equal(test_at(v, 50, 0, .0005, 1).draws, 0);
	/* At either end, three of 19600 arrangements; an end at which the others
	 * are cut off behind is as good. */
	assert_true(test_at(v, 50, 0, .0005, 1).p < .005);
}

/* The interval of draws holds the p by count, and decides as it does. */
static void draws_agree_with_the_count(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double v[20];
	size_t i, k, undecided = 0;

	(void)state;
	gsl_rng_set(rng, 6);
	for (k = 0; k < 15; k++) {
		/* Ten of 20: 184756 ways, more than are counted at .02, fewer than
		 * at 2e-4. */
		double shift = (double)(k % 5) / 2, exact;
		struct split_p p;

		for (i = 0; i < ARRAY_SIZE(v); i++)
			v[i] = gsl_ran_gaussian(rng, 1) + (i < 10 ? 0 : shift);
		exact = test_at(v, ARRAY_SIZE(v), 10, 2e-4, 1).p;
		p = test_at(v, ARRAY_SIZE(v), 10, .02, 1);
		assert_true(p.draws > 0);
		assert_true(p.low <= exact && exact <= p.high);
		undecided += p.is_undecided;
		assert_true(p.is_undecided || (p.p <= .02) == (exact <= .02));
	}
	assert_true(undecided <= 1);
	gsl_rng_free(rng);
}

/* So near to the level that draws leave it open, all ways are counted after all. */
static void what_draws_leave_open_is_counted(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	static const double near[] = {.9999, 1.0001};
	double v[20], exact;
	size_t i;

	(void)state;
	gsl_rng_set(rng, 2);
	for (i = 0; i < ARRAY_SIZE(v); i++)
		v[i] = gsl_ran_gaussian(rng, 1) + (i < 10 ? 0 : .7);
	exact = test_at(v, ARRAY_SIZE(v), 10, 2e-4, 1).p;
	if (!(exact > .005 && exact < .2))
		fail_msg("p %g", exact);
	for (i = 0; i < ARRAY_SIZE(near); i++) {
		struct split_p p =
			test_at(v, ARRAY_SIZE(v), 10, exact * near[i], 1);

		assert_int_equal(p.draws, 0);
		assert_false(p.is_undecided);
		assert_true(p.p == exact);
	}
	gsl_rng_free(rng);
}

/* p is of the values alone: not of their unit or of what was tested before. */
static void the_same_values_have_the_same_p(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct split_p a, b;
	struct split_test t;
	double v[40], scaled[40];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		v[i] = gsl_ran_gaussian(rng, 1) + (i < 20 ? 0 : .7);
		scaled[i] = v[i] * 1024;
	}
	split_test_init(&t, 40, .02, 3, 1);
	a = split_test_place(&t, v, 40, 20);
	split_test_place(&t, v, 30, 9);
	split_test_best(&t, v, 40, energy_best_split(v, 40, 3).q);
	b = split_test_place(&t, scaled, 40, 20);
	assert_true(a.draws > 0);
	assert_true(a.p == b.p && a.draws == b.draws);
	split_test_release(&t);
	gsl_rng_free(rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_add_up_to_the_formula),
		cmocka_unit_test(what_is_far_from_the_level_is_decided_soon),
		cmocka_unit_test(the_error_is_no_more_than_stated),
		cmocka_unit_test(few_choices_are_counted),
		cmocka_unit_test(arrangements_are_all_counted),
		cmocka_unit_test(equal_values_are_one),
		cmocka_unit_test(draws_agree_with_the_count),
		cmocka_unit_test(what_draws_leave_open_is_counted),
		cmocka_unit_test(the_same_values_have_the_same_p),
	};

	return RUN_TESTS(tests);
}
