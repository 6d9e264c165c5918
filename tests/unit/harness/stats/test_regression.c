// SPDX-License-Identifier: GPL-3.0-or-later
/* regression: published and computed answers. */
#include "tests/unit/test.h"

#include <errno.h>
#include <math.h>

#include "harness/stats/regression.h"
#include "tests/unit/fixture/expect.h"

/* NIST StRD, Norris: intercept -0.262323073774029, slope 1.00211681802045,
 * residual deviation 0.884796396144373, 34 degrees of freedom. */
static void norris_is_reproduced(void **state)
{
	static const double xy[][2] = {
		{0.2, 0.1},     {337.4, 338.8}, {118.2, 118.1}, {884.6, 888.0},
		{10.1, 9.2},    {226.5, 228.1}, {666.3, 668.5}, {996.3, 998.5},
		{448.6, 449.1}, {777.0, 778.9}, {558.2, 559.2}, {0.4, 0.3},
		{0.6, 0.1},     {775.5, 778.1}, {666.9, 668.8}, {338.0, 339.3},
		{447.5, 448.9}, {11.6, 10.8},   {556.0, 557.7}, {228.1, 228.3},
		{995.8, 998.0}, {887.6, 888.8}, {120.2, 119.6}, {0.3, 0.3},
		{0.3, 0.6},     {556.8, 557.6}, {339.1, 339.3}, {887.2, 888.0},
		{999.0, 998.5}, {779.0, 778.9}, {11.1, 10.2},   {118.3, 117.6},
		{229.2, 228.9}, {669.1, 668.4}, {448.9, 449.2}, {0.5, 0.2},
	};
	double x[2 * ARRAY_SIZE(xy)], y[ARRAY_SIZE(xy)];
	const double row[] = {1, 100};
	struct regression r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(xy); i++) {
		x[2 * i] = 1;
		x[2 * i + 1] = xy[i][0];
		y[i] = xy[i][1];
	}
	assert_int_equal(regression_fit(x, y, ARRAY_SIZE(xy), 2, 0.95, &r), 0);
	assert_int_equal(r.df, 34);
	assert_close(r.value[0], -0.262323073774029, 1e-9);
	assert_close(r.value[1], 1.00211681802045, 1e-12);
	assert_close(r.residual_sd, 0.884796396144373, 1e-9);
	/* Its standard error is 0.429796848199937E-03; t(0.975, 34). */
	assert_close(r.high[1] - r.value[1], 2.03224450932 * 0.000429796848,
		     1e-9);
	assert_close(regression_at(&r, row),
		     -0.262323073774029 + 100.211681802045, 1e-8);
}

/* Krishnamoorthy, Mathew: Statistical Tolerance Regions, 2009, table B1;
 * with 20 and 0.999 as R's package tolerance has it. */
static void factors_are_the_published_ones(void **state)
{
	(void)state;
	assert_close(tolerance_factor(0.99, 0.95, 10, 9), 3.981, 0.001);
	assert_close(tolerance_factor(0.90, 0.95, 10, 9), 2.355, 0.001);
	assert_close(tolerance_factor(0.95, 0.95, 10, 9), 2.911, 0.001);
	assert_close(tolerance_factor(0.95, 0.95, 30, 29), 2.220, 0.001);
}

static void what_cannot_be_told_apart_is_not_fitted(void **state)
{
	const double same[] = {1, 2, 1, 2, 1, 2, 1, 2};
	const double few[] = {1, 1, 1, 2};
	const double y[] = {1, 2, 3, 4};
	struct regression r;

	(void)state;
	assert_int_equal(regression_fit(same, y, 4, 2, 0.95, &r), -EDOM);
	assert_int_equal(regression_fit(few, y, 2, 2, 0.95, &r), -EDOM);
}

static void an_exact_fit_has_no_interval(void **state)
{
	const double x[] = {1, 0, 1, 0, 1, 1, 1, 1};
	const double y[] = {4, 4, 6, 6};
	struct regression r;

	(void)state;
	assert_int_equal(regression_fit(x, y, 4, 2, 0.95, &r), 0);
	assert_close(r.value[0], 4, 1e-9);
	assert_close(r.value[1], 2, 1e-9);
	assert_true(isnan(r.low[1]) || r.high[1] - r.low[1] < 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(norris_is_reproduced),
		cmocka_unit_test(factors_are_the_published_ones),
		cmocka_unit_test(what_cannot_be_told_apart_is_not_fitted),
		cmocka_unit_test(an_exact_fit_has_no_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
