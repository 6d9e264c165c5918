// SPDX-License-Identifier: GPL-3.0-or-later
/* flat: what leaks, what does not, and what cannot be said. */
#include "tests/unit/test.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "harness/stats/flat.h"
#include "tests/unit/fixture/expect.h"

#define READINGS 400

struct readings {
	double times_s[READINGS];
	double values[READINGS];
};

/* Readings that depend on each other: an AR(1) process, over the growth. */
static void draw(struct readings *r, gsl_rng *rng, double growth, double sd)
{
	double noise = 0;
	size_t i;

	for (i = 0; i < READINGS; i++) {
		noise = .8 * noise + gsl_ran_gaussian(rng, .6 * sd);
		r->times_s[i] = (double)i * 5;
		r->values[i] = 100 + growth * (double)i / READINGS + noise;
	}
}

/* Of 200 draws. */
static int draws_with(enum verdict verdict, double growth, double sd)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	static struct readings r;
	int i, n = 0;

	for (i = 0; i < 200; i++) {
		draw(&r, rng, growth, sd);
		n += flat_judge(r.times_s, r.values, READINGS, 1, .95)
			     .verdict == verdict;
	}
	gsl_rng_free(rng);
	return n;
}

static void what_stays_is_flat(void **state)
{
	struct readings r;
	struct flat f;
	size_t i;

	(void)state;
	for (i = 0; i < READINGS; i++) {
		r.times_s[i] = (double)i;
		r.values[i] = 12;
	}
	f = flat_judge(r.times_s, r.values, READINGS, 1, .95);
	assert_int_equal(f.verdict, VERDICT_PASS);
	assert_int_equal(f.windows, FLAT_WINDOWS - FLAT_WARM_UP);
	assert_close(f.level, 12, 1e-9);
	assert_close(f.high, 0, 1e-9);
	/* A cache that fills in the first tenth is no leak. */
	for (i = 0; i < READINGS / 10; i++)
		r.values[i] = 2;
	f = flat_judge(r.times_s, r.values, READINGS, 1, .95);
	assert_int_equal(f.verdict, VERDICT_PASS);
}

/* One descriptor for each fifth of the time. */
static void a_slow_leak_is_found(void **state)
{
	struct readings r;
	struct flat f;
	size_t i;

	(void)state;
	for (i = 0; i < READINGS; i++) {
		r.times_s[READINGS - 1 - i] = 1e9 + (double)i * 60;
		r.values[READINGS - 1 - i] = 30 + (double)(i * 5 / READINGS);
	}
	f = flat_judge(r.times_s, r.values, READINGS, 1, .95);
	assert_int_equal(f.verdict, VERDICT_FAIL);
	assert_close(f.growth, 5, .5);
	/* What shrinks so is not flat either. */
	for (i = 0; i < READINGS; i++)
		r.values[i] = -r.values[i];
	f = flat_judge(r.times_s, r.values, READINGS, 1, .95);
	assert_int_equal(f.verdict, VERDICT_FAIL);
}

/* One descriptor that is opened late is at the margin, and no proof of a leak. */
static void one_step_decides_nothing(void **state)
{
	struct readings r;
	size_t i;

	(void)state;
	for (i = 0; i < READINGS; i++) {
		r.times_s[i] = (double)i;
		r.values[i] = i < READINGS / 2 ? 12 : 13;
	}
	assert_int_equal(
		flat_judge(r.times_s, r.values, READINGS, 1, .95).verdict,
		VERDICT_UNDECIDED);
	for (i = READINGS / 2; i < READINGS; i++)
		r.values[i] = 14;
	assert_int_equal(
		flat_judge(r.times_s, r.values, READINGS, 1, .95).verdict,
		VERDICT_FAIL);
}

/* At the margin at most 5 % pass, although the readings depend on each other
 * (windows of 20 readings; the correlation of neighbours is 0.8). */
static void the_margin_is_kept(void **state)
{
	(void)state;
	assert_in_range(draws_with(VERDICT_PASS, 1, .5), 0, 20);
	assert_in_range(draws_with(VERDICT_PASS, 0, .3), 190, 200);
	assert_in_range(draws_with(VERDICT_FAIL, 3, .5), 190, 200);
}

static void noise_decides_nothing(void **state)
{
	(void)state;
	assert_in_range(draws_with(VERDICT_UNDECIDED, 0, 20), 180, 200);
}

static void too_few_cannot_be_judged(void **state)
{
	const double times_s[] = {0, 1, 2}, values[] = {5, 5, 5};
	const double once[] = {7, 7, 7};

	(void)state;
	assert_int_equal(flat_judge(times_s, values, 3, 1, .95).verdict,
			 VERDICT_NOT_EVALUABLE);
	assert_int_equal(flat_judge(once, values, 3, 1, .95).verdict,
			 VERDICT_NOT_EVALUABLE);
	assert_int_equal(flat_judge(NULL, NULL, 0, 1, .95).verdict,
			 VERDICT_NOT_EVALUABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_is_flat),
		cmocka_unit_test(a_slow_leak_is_found),
		cmocka_unit_test(one_step_decides_nothing),
		cmocka_unit_test(the_margin_is_kept),
		cmocka_unit_test(noise_decides_nothing),
		cmocka_unit_test(too_few_cannot_be_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
