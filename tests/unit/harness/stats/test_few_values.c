// SPDX-License-Identifier: GPL-3.0-or-later
/* What statistics say of no value, of one, of equal ones, and of too many to
 * count: a figure that there is not is NaN, never a number. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/stats/diagnose.h"
#include "harness/stats/levels.h"
#include "harness/stats/multiplicity.h"
#include "harness/stats/permute.h"
#include "harness/stats/quantile.h"
#include "harness/stats/sequential.h"
#include "harness/stats/ttest.h"
#include "tests/unit/fixture/expect.h"

static const double same[] = {5, 5, 5, 5};
static const double some[] = {4, 1, 3, 2};

static void t_tests(void **state)
{
	const struct ttest none[] = {
		ttest_paired(some, same, 0, .95),
		ttest_paired(some, same, 1, .95),
		ttest_welch(some, 1, same, 4, .95),
		ttest_welch(some, 4, same, 1, .95),
		ttest_pooled(some, 1, same, 4, .95),
		ttest_pooled(some, 4, same, 0, .95),
		ttest_further(1, some, 1, .95),
		ttest_welch(same, 4, same, 4, .95),
		ttest_paired(same, same, 4, .95),
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(none); i++)
		assert_true(isnan(none[i].t) && isnan(none[i].p) &&
			    isnan(none[i].low) && isnan(none[i].high));
	/* The difference is known all the same, where there are two means. */
	assert_close(ttest_welch(same, 4, same, 4, .95).difference, 0, 0);
	/* One arm's noise is enough. */
	assert_false(isnan(ttest_welch(same, 4, some, 4, .95).p));
}

/* With equal sizes both have one standard error, and Welch's has no more
 * degrees of freedom (Satterthwaite 1946). */
static void welch_and_pooled(void **state)
{
	const double wide[] = {10, 30, 20, 60}, narrow[] = {11, 12, 13, 10};
	struct ttest w = ttest_welch(wide, 4, narrow, 4, .95);
	struct ttest p = ttest_pooled(wide, 4, narrow, 4, .95);

	(void)state;
	assert_close(w.se, p.se, 1e-12);
	assert_close(w.difference, p.difference, 0);
	assert_close(p.df, 6, 0);
	assert_true(w.df >= 3 && w.df < 6);
	assert_true(w.high - w.low > p.high - p.low);
	w = ttest_welch(narrow, 4, wide, 4, .95);
	assert_close(w.t, -ttest_welch(wide, 4, narrow, 4, .95).t, 1e-12);
}

static void quantiles(void **state)
{
	double low, high;

	(void)state;
	assert_true(isnan(quantile(some, 0, .5)));
	assert_true(isnan(quantile_of_sorted(some, 0, .5)));
	assert_true(isnan(quantile_median(some, 0)));
	assert_close(quantile(some, 1, .99), 4, 0);
	assert_close(quantile(some, 4, 0), 1, 0);
	assert_close(quantile(some, 4, 1), 4, 0);
	assert_close(quantile(some, 4, .5), 2.5, 0);
	assert_close(some[0], 4, 0); /* it is not sorted in place */
	/* 1 - 2 / 2^n: of four 0.875, of five 0.9375. */
	assert_false(quantile_median_interval(some, 0, .5, &low, &high));
	assert_true(isnan(low) && isnan(high));
	assert_true(quantile_median_interval(some, 4, .875, &low, &high));
	assert_true(low == 1 && high == 4);
	assert_false(quantile_median_interval(some, 4, .88, &low, &high));
}

static void oddities(void **state)
{
	const double two_groups[] = {1, 1, 9, 9}, one_off[] = {1, 1, 1, 9};
	double r[3], lambda[3];

	(void)state;
	assert_true(isnan(diagnose_autocorrelation(same, 4)));
	assert_true(isnan(diagnose_drift(some, 2).slope));
	assert_true(isnan(diagnose_drift(some, 0).p));
	assert_close(diagnose_drift(same, 4).slope, 0, 0);
	assert_close(diagnose_drift(same, 4).p, 1, 0);
	assert_false(diagnose_is_bimodal(two_groups, 3, NULL));
	assert_true(diagnose_is_bimodal(two_groups, 4, NULL));
	/* A single value apart is an outlier and no group. */
	assert_false(diagnose_is_bimodal(one_off, 4, NULL));
	assert_int_equal(diagnose_outliers(same, 4, 3, .05, NULL, NULL), 0);
	assert_int_equal(diagnose_outliers(some, 2, 3, .05, r, lambda), 0);
	assert_int_equal(diagnose_outliers(some, 4, 0, .05, r, lambda), 0);
}

static void levels(void **state)
{
	/* Boots alike, samples not: boots add no variance. */
	const double v[] = {1, 3, 3, 1, 1, 3};
	struct levels l = levels_of(v, 3, 2, .95);

	(void)state;
	assert_close(l.between_alone, 0, 0);
	assert_close(l.correlation, 0, 0);
	assert_true(isnan(levels_best_samples(&l, 60, 5)));
	/* Where samples cost as much as boots, one is best. */
	l.between_alone = l.within * 100;
	assert_close(levels_best_samples(&l, 1, 1), 1, 0);
}

static void adjusted(void **state)
{
	const double p[] = {.5, .9, 1};
	double out[3];

	(void)state;
	multiplicity_holm(p, 0, out);
	multiplicity_bh(p, 0, out);
	multiplicity_holm(p, 1, out);
	assert_close(out[0], .5, 0);
	multiplicity_holm(p, 3, out); /* never above 1 */
	assert_true(out[0] == 1 && out[1] == 1 && out[2] == 1);
	multiplicity_bh(p, 3, out);
	assert_true(out[0] == 1 && out[1] == 1 && out[2] == 1);
}

/* What was not tested makes nothing else less sure. */
static void no_test_does_not_count(void **state)
{
	const double p[] = {NAN, .03, NAN, .01};
	double out[4];

	(void)state;
	multiplicity_holm(p, 4, out);
	assert_true(isnan(out[0]) && isnan(out[2]));
	assert_close(out[1], .03, 0);
	assert_close(out[3], .02, 0);
	multiplicity_bh(p, 4, out);
	assert_true(isnan(out[0]) && isnan(out[2]));
	assert_close(out[1], .03, 0);
	assert_close(out[3], .02, 0);
}

/* --- permutations ------------------------------------------------------------- */

/* Of 2^n signs of equal sizes, as many minuses as a fair coin gives. */
static double p_of_coin(int n, int minuses)
{
	double ways = 1, tail = 0;
	int i;

	for (i = 0; i <= n; i++) {
		if (i <= minuses || i >= n - minuses)
			tail += ways;
		ways = ways * (n - i) / (i + 1);
	}
	return tail / exp2(n);
}

/* Counted to 19 values, drawn from 20 on: 9999 draws have a standard error of
 * at most 0.005. */
static void signs(void **state)
{
	static const int counts[] = {1, 2, 10, 19, 20, 40, 63, 64, 70};
	double d[70] = {0};
	size_t i;

	(void)state;
	assert_true(isnan(permute_signs(d, 0, 1).p));
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		int n = counts[i], minuses = n * 2 / 5, k;
		struct permute_test t;

		for (k = 0; k < n; k++)
			d[k] = k < minuses ? -1 : 1;
		t = permute_signs(d, (size_t)n, 1);
		assert_int_equal(t.is_exact, n < 20);
		assert_close(t.p, p_of_coin(n, minuses),
			     t.is_exact ? 1e-12 : .025);
		assert_close(t.smallest_p, fmin(1, exp2(1 - n)), 1e-18);
		/* By the seed alone. */
		assert_close(permute_signs(d, (size_t)n, 1).p, t.p, 0);
	}
}

static void means(void **state)
{
	const double a[] = {1, 2}, b[] = {3, 4, 5};
	struct permute_test t;

	(void)state;
	assert_true(isnan(permute_means(a, 0, b, 3, 1).p));
	assert_true(isnan(permute_means(a, 2, b, 0, 1).p));
	/* Of ten choices of two, 1 + 2 and 4 + 5 are as far from the middle. */
	t = permute_means(a, 2, b, 3, 1);
	assert_true(t.is_exact);
	assert_close(t.p, .2, 1e-12);
	assert_close(t.smallest_p, .1, 1e-12);
	t = permute_means(a, 2, b, 2, 1); /* two of six */
	assert_close(t.p, 2. / 6, 1e-12);
	assert_close(t.smallest_p, 2. / 6, 1e-12);
}

/* --- looks ---------------------------------------------------------------------- */

static void spending(void **state)
{
	const double stale[] = {.5, .5, 1};
	double levels[3], last = 0, at;

	(void)state;
	assert_close(sequential_spent(0, .05), 0, 0);
	assert_close(sequential_spent(-1, .05), 0, 0);
	assert_close(sequential_spent(NAN, .05), 0, 0);
	assert_close(sequential_spent(1, .05), .05, 0);
	assert_close(sequential_spent(7, .05), .05, 0);
	for (at = .05; at < 1; at += .05) {
		assert_true(sequential_spent(at, .05) > last);
		last = sequential_spent(at, .05);
	}
	assert_true(last < .05);
	/* Nothing came in between the first two: the second spends nothing. */
	sequential_levels(stale, 3, .05, true, levels);
	assert_true(levels[0] > 0 && levels[2] > levels[0]);
	assert_close(levels[1], 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_tests),
		cmocka_unit_test(welch_and_pooled),
		cmocka_unit_test(quantiles),
		cmocka_unit_test(oddities),
		cmocka_unit_test(levels),
		cmocka_unit_test(adjusted),
		cmocka_unit_test(no_test_does_not_count),
		cmocka_unit_test(signs),
		cmocka_unit_test(means),
		cmocka_unit_test(spending),
	};

	return RUN_TESTS(tests);
}
