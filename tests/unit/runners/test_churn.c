// SPDX-License-Identifier: GPL-3.0-or-later
/* churn: the slope of a leak, and what stands for churn that cannot be run. */
#include "tests/unit/test.h"

#include <math.h>

#include "harness/base/clock.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/churn.h"
#include "tests/unit/fixture/expect.h"

#define COUNT 101

static double guests[COUNT], values[COUNT];

/* In use: FIRST, and EACH more per guest, with noise that sums to nothing. */
static double growth_of(double first, double each, double noise)
{
	size_t i;

	for (i = 0; i < COUNT; i++) {
		guests[i] = (double)(5 * i);
		values[i] = first + each * guests[i] + (i % 2 ? noise : -noise);
	}
	return churn_growth(guests, values, COUNT);
}

static void a_leak_has_its_slope(void **state)
{
	(void)state;
	assert_close(growth_of(1e9, 0, 0), 1, 1e-12);
	/* 4 KiB of each guest stay, of 1 GB in use before. */
	assert_close(growth_of(1e9, 4096, 0), 1 + 4096e3 / 1e9, 1e-9);
	assert_close(growth_of(1e9, -4096, 0), 1 - 4096e3 / 1e9, 1e-9);
	/* One descriptor of each, of 800 before. */
	assert_close(growth_of(800, 1, 0), 1 + 1000. / 800, 1e-9);
	/* Noise of 0.1 % does not look like a leak of 1 %. */
	assert_close(growth_of(1e9, 0, 1e6), 1, 1e-3);
}

/* The figure is over what was in use where the readings begin. */
static void the_first_guests_are_left_out(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		guests[i] = (double)(100 + i);
		values[i] = 500 + 2 * (double)i;
	}
	assert_close(churn_growth(guests, values, COUNT), 1 + 2000. / 500,
		     1e-9);
}

static void too_little_says_nothing(void **state)
{
	double some[] = {1, 2, 3}, none[] = {0, 0, 0},
	       absent[] = {NAN, NAN, NAN};

	(void)state;
	assert_true(isnan(churn_growth(some, some, 2)));
	assert_true(isnan(churn_growth(some, none, 3)));
	assert_true(isnan(churn_growth(some, absent, 3)));
}

/* There is no VMM beside a unit test. */
static void a_vmm_that_is_missing_is_a_result(void **state)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	result_init(&res);
	churn_run("kvm", &bc, &res);
	assert_int_equal(res.series_count, 0); /* it was not asked for */
	bench_case_add(&bc, "churn", "");
	churn_run("kvm", &bc, &res);
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_RUNNER_FAILED);
	assert_contains(res.series[0].reason, "guest 1: ");
	assert_contains(res.series[0].reason, "l1vh-vmm");
	bench_case_release(&bc);
	result_release(&res);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_has_its_slope),
		cmocka_unit_test(the_first_guests_are_left_out),
		cmocka_unit_test(too_little_says_nothing),
		cmocka_unit_test(a_vmm_that_is_missing_is_a_result),
	};

	return RUN_TESTS(tests);
}
