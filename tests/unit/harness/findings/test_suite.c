// SPDX-License-Identifier: GPL-3.0-or-later
/* suite: groups of series, each as one figure, and as text and JSON show it. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <math.h>

#include "harness/findings/suite.h"
#include "reports/data/suites_json.h"
#include "reports/text/sections.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/run/json_path.h"
#include "tests/unit/fixture/run/shown.h"

/* Native and a guest that takes RATIO of native's time, or has RATIO of its
 * rate. */
static void add_pair(struct shown *s, uint32_t block, const char *workload,
		     const char *point, double ratio)
{
	shown_sample(s, "native", block, workload, point, 10);
	shown_sample(s, "kvm", block, workload, point, 10 * ratio);
}

static const struct suite *only_suite(struct shown *s)
{
	const struct findings *f = shown_find(s);

	assert_int_equal(f->suites.count, 1);
	return &f->suites.rows[0];
}

static void a_group_needs_two_series(void **state)
{
	struct shown *s = *state;

	assert_int_equal(shown_find(s)->suites.count, 0);
	add_pair(s, 0, "cpu_integer", "", 1.1);
	add_pair(s, 0, "kernel_fault", "", 1.1);
	/* Another group, whose name begins with the same letters. */
	add_pair(s, 0, "cpux_integer", "", 1.1);
	assert_int_equal(shown_find(s)->suites.count, 0);
	add_pair(s, 0, "cpu_float", "", 1.1);
	assert_string_equal(only_suite(s)->group, "cpu");
	assert_int_equal(only_suite(s)->series_count, 2);
}

/* 1.1 times the time, and 1/1.2 of the rate: both are worse. */
static void rates_and_times_count_in_one_direction(void **state)
{
	struct shown *s = *state;
	const struct suite *suite;

	add_pair(s, 0, "cpu_integer", "", 1.1);
	add_pair(s, 0, "cpu_aes", "", 1 / 1.2);
	suite = only_suite(s);
	assert_int_equal(suite->block_counts[1], 1);
	assert_close(suite->worse[1].ratio, sqrt(1.1 * 1.2), 1e-12);
}

/* Of a program's many metrics, its main one alone. */
static void a_program_counts_by_its_main_metric(void **state)
{
	struct shown *s = *state;
	const struct suite *suite;

	add_pair(s, 0, "storage", "randread-4k-qd1/iops", .5);
	add_pair(s, 0, "storage", "randread-4k-qd1/p50", 9);
	add_pair(s, 0, "storage", "randread-4k-qd1/p99", 9);
	assert_int_equal(shown_find(s)->suites.count, 0);
	add_pair(s, 0, "storage", "fsync-4k-qd1/iops", .125);
	suite = only_suite(s);
	assert_int_equal(suite->series_count, 2);
	assert_int_equal(suite->count, 4);
	/* Half and an eighth of the rate. */
	assert_close(suite->worse[1].ratio, 4, 1e-12);
}

static void start_times_are_not_compared(void **state)
{
	struct shown *s = *state;

	add_pair(s, 0, "boot", "agent_ready", 80);
	add_pair(s, 0, "boot", "init", 80);
	assert_int_equal(shown_find(s)->suites.count, 0);
}

/* A series that failed under a guest does not make that one better than others. */
static void a_guest_that_lacks_a_series_has_no_mean(void **state)
{
	struct shown *s = *state;
	const struct suite *suite;
	uint32_t block;

	for (block = 0; block < 5; block++) {
		add_pair(s, block, "cpu_integer", "", 1.1);
		add_pair(s, block, "cpu_float", "", 1.1);
		add_pair(s, block, "cpu_aes", "", .25);
		shown_sample(s, "mshv", block, "cpu_integer", "", 11);
		shown_sample(s, "mshv", block, "cpu_float", "", 11);
		shown_refuse(s, "mshv", block, "cpu_aes", "", RUN_TIMEOUT, "x");
	}
	suite = only_suite(s);
	assert_int_equal(suite->series_count, 3);
	assert_close(suite->worse[1].ratio, cbrt(1.1 * 1.1 * 4), 1e-9);
	assert_true(isnan(suite->worse[2].ratio));
}

static void a_block_without_a_series_is_left_out(void **state)
{
	struct shown *s = *state;
	const struct suite *suite;
	uint32_t block;

	for (block = 0; block < 5; block++) {
		add_pair(s, block, "cpu_integer", "", 2);
		if (block != 2)
			add_pair(s, block, "cpu_float", "", block == 4 ? 2 : 8);
	}
	suite = only_suite(s);
	assert_int_equal(suite->block_counts[1], 4);
	/* Three blocks of 4 and one of 2. */
	assert_close(suite->worse[1].ratio, pow(2, 7. / 4), 1e-12);
	assert_true(suite->worse[1].low < suite->worse[1].ratio);
	assert_true(suite->worse[1].high > suite->worse[1].ratio);
}

/* One of them was skipped under one guest: its other is no figure of all. */
static void one_series_is_not_the_group(void **state)
{
	struct shown *s = *state;
	const struct suite *suite;

	add_pair(s, 0, "cpu_integer", "", 2);
	add_pair(s, 0, "cpu_float", "", 2);
	shown_sample(s, "qemu", 0, "cpu_integer", "", 20);
	shown_refuse(s, "qemu", 0, "cpu_float", "", RUN_SKIPPED, "no FPU");
	suite = only_suite(s);
	assert_close(suite->worse[1].ratio, 2, 1e-12);
	assert_true(isnan(suite->worse[2].ratio));
	assert_int_equal(suite->block_counts[2], 0);
}

/* A bundle may number its blocks as it likes. */
static void far_blocks_cost_no_memory(void **state)
{
	static const uint32_t blocks[] = {UINT32_MAX - 1, 7, 2000000000};
	struct shown *s = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		add_pair(s, blocks[i], "cpu_integer", "", 2);
		add_pair(s, blocks[i], "cpu_float", "", 2);
	}
	assert_int_equal(only_suite(s)->block_counts[1], 3);
	assert_close(only_suite(s)->worse[1].ratio, 2, 1e-12);
}

/* With N blocks of noise; the second guest measured nothing. */
static void fill(struct shown *s, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		add_pair(s, i, "cpu_integer", "", i % 2 ? 1.21 : 1.19);
		add_pair(s, i, "cpu_float", "", 1.2);
	}
	result_fail(&shown_boot(s, "qemu", 0)->res, RUN_SKIPPED, "no qemu");
}

static void text_has_a_line_per_group(void **state)
{
	struct shown *s = *state;

	assert_string_equal(shown_print(s, sections_write_suites), "");
	fill(s, 3);
	assert_contains(shown_print(s, sections_write_suites),
			"  cpu (2 series)            kvm 1.198 (3 blocks)"
			"  qemu -\n");
	fill(s, 4);
	assert_contains(shown_print(s, sections_write_suites),
			"  kvm 1.200 [1.19");
}

/* There is nothing to be better or worse than. */
static void text_is_silent_without_native(void **state)
{
	struct shown *s = *state;

	shown_sample(s, "kvm", 0, "cpu_integer", "", 1);
	shown_sample(s, "kvm", 0, "cpu_float", "", 1);
	shown_sample(s, "qemu", 0, "cpu_integer", "", 1);
	shown_sample(s, "qemu", 0, "cpu_float", "", 1);
	assert_string_equal(shown_print(s, sections_write_suites), "");
	assert_true(isnan(s->findings.suites.rows[0].worse[1].ratio));
}

static void json_has_a_row_per_guest(void **state)
{
	struct shown *s = *state;
	json_t *list;

	fill(s, 4);
	list = suites_json(shown_find(s));
	assert_int_equal(json_array_size(list), 2);
	assert_json_text(list, "0.runner", "kvm");
	assert_json_text(list, "0.group", "cpu");
	assert_json_number(list, "0.series_count", 2);
	assert_json_number(list, "0.block_count", 4);
	assert_json_number(list, "0.worse_ratio",
			   s->findings.suites.rows[0].worse[1].ratio);
	assert_true(json_real_value(json_at(list, "0.worse_low")) < 1.2);
	assert_true(json_real_value(json_at(list, "0.worse_high")) > 1.2);
	assert_json_text(list, "1.runner", "qemu");
	assert_json_number(list, "1.block_count", 0);
	assert_json_number(list, "1.worse_ratio", NAN);
	assert_json_number(list, "1.worse_low", NAN);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SHOWN(a_group_needs_two_series),
		WITH_SHOWN(rates_and_times_count_in_one_direction),
		WITH_SHOWN(a_program_counts_by_its_main_metric),
		WITH_SHOWN(start_times_are_not_compared),
		WITH_SHOWN(a_guest_that_lacks_a_series_has_no_mean),
		WITH_SHOWN(a_block_without_a_series_is_left_out),
		WITH_SHOWN(one_series_is_not_the_group),
		WITH_SHOWN(far_blocks_cost_no_memory),
		WITH_SHOWN(text_has_a_line_per_group),
		WITH_SHOWN(text_is_silent_without_native),
		WITH_SHOWN(json_has_a_row_per_guest),
	};

	return RUN_TESTS(tests);
}
