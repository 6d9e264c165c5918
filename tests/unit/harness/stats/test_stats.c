// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/stats: quantiles and the bootstrap, against known answers. */
#include "tests/unit/test.h"

#include <gsl/gsl_rng.h>
#include <math.h>

#include "harness/stats/bootstrap.h"
#include "harness/stats/quantile.h"
#include "harness/stats/ranks.h"
#include "tests/unit/fixture/expect.h"

/* R: quantile(c(3,1,4,1,5,9,2,6), c(0,.25,.5,.9,1), type = 7) */
static void quantiles_agree_with_r(void **state)
{
	const double v[] = {3, 1, 4, 1, 5, 9, 2, 6};
	const double p[] = {0, 0.25, 0.5, 0.9, 1};
	const double want[] = {1, 1.75, 3.5, 6.9, 9};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(p); i++)
		assert_true(fabs(quantile(v, ARRAY_SIZE(v), p[i]) - want[i]) <
			    1e-12);
	assert_true(isnan(quantile_median(v, 0)));
	assert_true(quantile_median(v, 1) == 3);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Few different values, both zeros and both infinities among them. */
static double *made_up(gsl_rng *rng, size_t n)
{
	static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, 1, -1};
	double *out = calloc(n + 1, sizeof(*out));
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = gsl_rng_uniform_int(rng, 4)
				 ? gsl_rng_uniform(rng) - .5
				 : odd[gsl_rng_uniform_int(rng,
							   ARRAY_SIZE(odd))];
	return out;
}

/* Which of two equal values comes first shows in a report if one is -0. */
static void sorting_is_qsorts_bit_for_bit(void **state)
{
	static const size_t counts[] = {0,  1,  2,  11,   12,
					13, 24, 25, 1000, 4097};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t i, round;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		for (round = 0; round < 20; round++) {
			size_t n = counts[i], size = n * sizeof(double);
			double *a = made_up(rng, n);
			double *b = calloc(n + 1, sizeof(*b));

			memcpy(b, a, size);
			quantile_sort(a, n);
			qsort(b, n, sizeof(*b), compare);
			assert_memory_equal(a, b, size);
			free(a);
			free(b);
		}
	gsl_rng_free(rng);
}

static void picking_finds_what_sorting_does(void **state)
{
	static const double p[] = {0, .001, .025, .5, .9, .975, 1};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t i, n;

	(void)state;
	assert_true(isnan(quantile_pick(NULL, 0, .5)));
	for (n = 1; n < 300; n++) {
		double *values = calloc(n, sizeof(*values));
		double *sorted = calloc(n, sizeof(*sorted));

		for (i = 0; i < n; i++)
			values[i] = (double)gsl_rng_uniform_int(rng, n) / 7;
		memcpy(sorted, values, n * sizeof(*values));
		quantile_sort(sorted, n);
		/* Each time in the order that the last one left. */
		for (i = 0; i < ARRAY_SIZE(p); i++)
			assert_true(quantile_pick(values, n, p[i]) ==
				    quantile_of_sorted(sorted, n, p[i]));
		free(values);
		free(sorted);
	}
	gsl_rng_free(rng);
}

/* Of ratios B over A, block by block. */
static struct ratio_estimate ratio_of(const double *a, const double *b,
				      size_t n, uint64_t seed)
{
	double logs[32];
	size_t i;

	assert_in_range(n, 0, ARRAY_SIZE(logs));
	for (i = 0; i < n; i++)
		logs[i] = log(b[i] / a[i]);
	return bootstrap_ratio(logs, n, 0.95, seed);
}

/* Against limits from 400,000 draws by another program. */
static void skewness_moves_the_interval(void **state)
{
	const double logs[] = {.01,  .02,  .015, .03, .12,
			       .005, .022, .018, .2,  .011};
	struct ratio_estimate e = bootstrap_ratio(logs, 10, 0.95, 11);

	(void)state;
	assert_true(fabs(log(e.low) - .0168) < .0005);
	assert_true(fabs(log(e.high) - .1023) < .003);
}

/* What an earlier version printed, which summed one draw after the other and sorted
 * them, to the last bit but that of exp(). */
static void intervals_stay_what_they_were(void **state)
{
	const double logs[] = {.01,  .02,  .015, .03, .12,
			       .005, .022, .018, .2,  .011};
	struct ratio_estimate e = bootstrap_ratio(logs, 10, 0.95, 11);
	struct rank_shift s = ranks_center(logs, 10, 0.95);

	(void)state;
	assert_close(e.low, 0x1.04564e24da88bp+0, 4.5e-16);
	assert_close(e.high, 0x1.1b972f4fe5c35p+0, 4.5e-16);
	e = bootstrap_ratio(logs, 7, 0.9, 5);
	assert_close(e.low, 0x1.040dfc54e5fc6p+0, 4.5e-16);
	assert_close(e.high, 0x1.12bfaf192bbbfp+0, 4.5e-16);
	assert_true(s.shift == 0x1.47ae147ae147bp-6);
	assert_true(s.low == 0x1.999999999999ap-7);
	assert_true(s.high == 0x1.b020c49ba5e36p-4);
}

static void kept_draws_are_those_of_each_series_alone(void **state)
{
	const double logs[] = {.01,  .02,  .015, .03, .12,
			       .005, .022, .018, .2,  .011};
	static const size_t counts[] = {10, 10, 4, 9, 1, 0, 10};
	struct bootstrap *b = bootstrap_create(11);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct ratio_estimate kept =
			bootstrap_ratio_by(b, logs, counts[i], 0.95);
		struct ratio_estimate alone =
			bootstrap_ratio(logs, counts[i], 0.95, 11);

		if (!counts[i])
			continue;
		assert_true(kept.low == alone.low && kept.high == alone.high);
		assert_int_equal(kept.has_interval, alone.has_interval);
	}
	bootstrap_destroy(b);
	bootstrap_destroy(NULL);
}

static void equal_arms_give_exactly_one(void **state)
{
	const double v[] = {10, 11, 12, 13, 14, 15};
	struct ratio_estimate e = ratio_of(v, v, 6, 1);

	(void)state;
	assert_true(e.ratio == 1 && e.low == 1 && e.high == 1);
	assert_true(e.has_interval);
}

static void one_block_has_no_interval(void **state)
{
	const double a[] = {10}, b[] = {12};
	struct ratio_estimate e = ratio_of(a, b, 1, 1);

	(void)state;
	assert_true(fabs(e.ratio - 1.2) < 1e-12);
	assert_false(e.has_interval);
	e = ratio_of(a, b, 0, 1);
	assert_true(isnan(e.ratio));
}

static void same_seed_same_interval(void **state)
{
	const double a[] = {10, 12, 9, 11, 13}, b[] = {14, 13, 12, 15, 16};
	struct ratio_estimate x = ratio_of(a, b, 5, 42);
	struct ratio_estimate y = ratio_of(a, b, 5, 42);

	(void)state;
	assert_true(x.low == y.low && x.high == y.high);
	assert_true(x.low <= x.ratio && x.ratio <= x.high);
}

/* A normal deviate by Box and Muller from a fixed generator. */
static double normal(uint64_t *x)
{
	double u[2];
	int i;

	for (i = 0; i < 2; i++) {
		*x = *x * 6364136223846793005u + 1442695040888963407u;
		u[i] = ((double)(*x >> 11) + 0.5) / 9007199254740992.0;
	}
	return sqrt(-2 * log(u[0])) * cos(2 * M_PI * u[1]);
}

/*
 * A against A must alarm about as often as stated, and a real slow-down must
 * be found. 200 campaigns of 20 blocks, noise 2 %: 5 % alarms are expected;
 * the bootstrap stays below 10 %.
 */
static void alarms_are_rare_and_slowdowns_are_found(void **state)
{
	uint64_t x = 7;
	int alarms = 0, found = 0;
	int round, i;

	(void)state;
	for (round = 0; round < 200; round++) {
		double a[20], b[20], c[20];
		struct ratio_estimate e;

		for (i = 0; i < 20; i++) {
			a[i] = 100 * exp(0.02 * normal(&x));
			b[i] = 100 * exp(0.02 * normal(&x));
			c[i] = 105 * exp(0.02 * normal(&x));
		}
		e = ratio_of(a, b, 20, (uint64_t)round);
		alarms += e.low > 1 || e.high < 1;
		e = ratio_of(a, c, 20, (uint64_t)round);
		found += e.low > 1;
	}
	assert_in_range(alarms, 0, 20);
	assert_in_range(found, 190, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_agree_with_r),
		cmocka_unit_test(sorting_is_qsorts_bit_for_bit),
		cmocka_unit_test(picking_finds_what_sorting_does),
		cmocka_unit_test(intervals_stay_what_they_were),
		cmocka_unit_test(skewness_moves_the_interval),
		cmocka_unit_test(kept_draws_are_those_of_each_series_alone),
		cmocka_unit_test(equal_arms_give_exactly_one),
		cmocka_unit_test(one_block_has_no_interval),
		cmocka_unit_test(same_seed_same_interval),
		cmocka_unit_test(alarms_are_rare_and_slowdowns_are_found),
	};

	return RUN_TESTS(tests);
}
