// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Margins by what their figures mean: the smallest passing margin passes and
 * nothing below it does, kinds agree where they must, and the pairs that are
 * needed are needed.
 */
#include "tests/unit/test.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "harness/stats/margin.h"
#include "tests/unit/fixture/expect.h"

#define CONFIDENCE .95
#define ALPHA (1 - CONFIDENCE)

/* Estimates on either side of nothing, sharp and dull ones. */
static const struct {
	double difference, se, df;
} estimates[] = {
	{0, .01, 5},    {.02, .01, 5},     {-.02, .01, 5},     {.08, .01, 5},
	{-.08, .01, 5}, {.001, .0001, 30}, {-.3, .2, 3},       {.3, .2, 3},
	{.04, .02, 1},  {-.01, .3, 100},   {.0001, .00001, 7},
};

static struct ttest estimate(size_t i)
{
	return ttest_of(estimates[i].difference, estimates[i].se,
			estimates[i].df, CONFIDENCE);
}

static struct margin_test judge(const struct ttest *t, double margin,
				enum margin_kind kind)
{
	return margin_judge(t, 10, margin, kind, CONFIDENCE);
}

/* The upper bound of the difference, the other way round. */
static double upper(const struct ttest *t)
{
	return t->difference + gsl_cdf_tdist_Pinv(CONFIDENCE, t->df) * t->se;
}

static void the_smallest_margin_just_passes(void **state)
{
	struct margin_test m, at;
	struct ttest t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(estimates); i++) {
		t = estimate(i);
		m = judge(&t, .05, MARGIN_NON_INFERIOR);
		assert_close(m.smallest, fmax(0, expm1(upper(&t))), 1e-9);
		assert_true(isnan(m.p_below));
		assert_close(margin_p(&m), m.p, 0);
		if (m.smallest <= 0)
			continue; /* any margin passes */
		at = judge(&t, m.smallest, MARGIN_NON_INFERIOR);
		assert_close(at.p, ALPHA, 1e-9);
		at = judge(&t, m.smallest * 1.0001, MARGIN_NON_INFERIOR);
		assert_int_equal(at.verdict, VERDICT_PASS);
		at = judge(&t, m.smallest * .9999, MARGIN_NON_INFERIOR);
		assert_int_not_equal(at.verdict, VERDICT_PASS);
	}
}

/* "Better by more than M" holds for margins below the one that is found. */
static void the_largest_margin_of_superiority(void **state)
{
	struct margin_test m, at;
	struct ttest t;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(estimates); i++) {
		t = estimate(i);
		m = judge(&t, 0, MARGIN_SUPERIOR);
		assert_close(log1p(m.smallest), -upper(&t), 1e-9);
		/* With no margin it is a plain one-sided test. */
		assert_close(m.p, gsl_cdf_tdist_P(t.t, t.df), 1e-12);
		assert_int_equal(m.verdict == VERDICT_PASS, upper(&t) <= 0);
		if (m.smallest <= 0)
			continue;
		at = judge(&t, m.smallest * .9999, MARGIN_SUPERIOR);
		assert_int_equal(at.verdict, VERDICT_PASS);
		at = judge(&t, m.smallest * 1.0001, MARGIN_SUPERIOR);
		assert_int_not_equal(at.verdict, VERDICT_PASS);
	}
}

/* It is two tests of inferiority, one on each side. */
static void equivalence_is_both_sides(void **state)
{
	static const double margins[] = {.005, .02, .05, .3, 2};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(estimates); i++)
		for (k = 0; k < ARRAY_SIZE(margins); k++) {
			struct ttest t = estimate(i), other = t;
			struct margin_test both, above, below;

			other.difference = -t.difference;
			both = judge(&t, margins[k], MARGIN_EQUIVALENT);
			above = judge(&t, margins[k], MARGIN_NON_INFERIOR);
			below = judge(&other, margins[k], MARGIN_NON_INFERIOR);
			assert_close(both.p, above.p, 1e-12);
			assert_close(both.p_below, below.p, 1e-12);
			assert_close(margin_p(&both), fmax(above.p, below.p),
				     1e-12);
			assert_int_equal(both.verdict == VERDICT_PASS,
					 above.verdict == VERDICT_PASS &&
						 below.verdict == VERDICT_PASS);
			assert_int_equal(both.verdict == VERDICT_FAIL,
					 above.verdict == VERDICT_FAIL ||
						 below.verdict == VERDICT_FAIL);
		}
}

/* As the margin grows, a verdict goes from FAIL over UNDECIDED to PASS. */
static void wider_margins_are_never_harder(void **state)
{
	static const int order[] = {[VERDICT_FAIL] = 0,
				    [VERDICT_UNDECIDED] = 1,
				    [VERDICT_PASS] = 2};
	double margin;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(estimates); i++) {
		struct ttest t = estimate(i);
		int last = 0, at;

		for (margin = 1e-6; margin < 10; margin *= 1.3) {
			at = order[judge(&t, margin, MARGIN_NON_INFERIOR)
					   .verdict];
			assert_true(at >= last);
			last = at;
		}
		assert_int_equal(last, order[VERDICT_PASS]);
	}
}

static bool is_enough(double n, double sd, double distance)
{
	double quantiles = gsl_cdf_tdist_Pinv(CONFIDENCE, n - 1) +
			   gsl_cdf_tdist_Pinv(MARGIN_POWER, n - 1);

	return quantiles * sd / sqrt(n) <= distance;
}

static void pairs_that_are_needed(void **state)
{
	static const double sds[] = {.001, .01, .05, .3};
	static const double margins[] = {.01, .05, .2};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sds); i++)
		for (k = 0; k < ARRAY_SIZE(margins); k++) {
			double n = margin_pairs(sds[i], margins[k], 0,
						CONFIDENCE, MARGIN_POWER);
			double distance = log1p(margins[k]);

			assert_true(n >= 2);
			assert_true(is_enough(n, sds[i], distance));
			if (n > 2)
				assert_false(
					is_enough(n - 1, sds[i], distance));
		}
	/* No noise at all: two pairs, for there is no variance of one. */
	assert_close(margin_pairs(0, .05, 0, CONFIDENCE, MARGIN_POWER), 2, 0);
	assert_true(isnan(margin_pairs(NAN, .05, 0, CONFIDENCE, MARGIN_POWER)));
	assert_true(isnan(margin_pairs(-1, .05, 0, CONFIDENCE, MARGIN_POWER)));
}

static void what_cannot_be_judged(void **state)
{
	static const enum margin_kind kinds[] = {
		MARGIN_NON_INFERIOR, MARGIN_EQUIVALENT, MARGIN_SUPERIOR};
	struct ttest good = estimate(1), bad[3];
	struct margin_test m;
	size_t i, k;

	(void)state;
	bad[0] = ttest_of(.1, 0, 5, CONFIDENCE); /* all values equal */
	bad[1] = ttest_of(.1, .01, 0, CONFIDENCE);
	bad[2] = ttest_of(.1, NAN, 5, CONFIDENCE);
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			m = judge(&bad[i], .05, kinds[k]);
			assert_int_equal(m.verdict, VERDICT_NOT_EVALUABLE);
			assert_true(isnan(m.p) && isnan(m.smallest));
			assert_true(isnan(margin_p(&m)));
		}
		m = judge(&good, -.01, kinds[k]);
		assert_int_equal(m.verdict, VERDICT_NOT_EVALUABLE);
	}
	/* Better by nothing is a claim, worse by nothing is none. */
	assert_int_equal(judge(&good, 0, MARGIN_EQUIVALENT).verdict,
			 VERDICT_NOT_EVALUABLE);
	assert_int_not_equal(judge(&good, 0, MARGIN_SUPERIOR).verdict,
			     VERDICT_NOT_EVALUABLE);
}

static void names_are_told_apart(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < VERDICT_COUNT; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(verdict_name((enum verdict)i),
						verdict_name((enum verdict)k));
	assert_string_equal(verdict_name(VERDICT_NOT_EVALUABLE),
			    "NOT EVALUABLE");
	assert_string_not_equal(margin_kind_words(MARGIN_SUPERIOR),
				margin_kind_words(MARGIN_NON_INFERIOR));
	assert_contains(margin_kind_words(MARGIN_NON_INFERIOR), "worse");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_margin_just_passes),
		cmocka_unit_test(the_largest_margin_of_superiority),
		cmocka_unit_test(equivalence_is_both_sides),
		cmocka_unit_test(wider_margins_are_never_harder),
		cmocka_unit_test(pairs_that_are_needed),
		cmocka_unit_test(what_cannot_be_judged),
		cmocka_unit_test(names_are_told_apart),
	};

	return RUN_TESTS(tests);
}
