// SPDX-License-Identifier: GPL-3.0-or-later
/* A process with the emulator preloaded, which this one plays: no result of it
 * may be called mshv. */
#include "tests/unit/test.h"

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/qemu.h"
#include "runners/machine/vmm_child.h"
#include "tests/unit/fixture/expect.h"

/* The library's symbol, by which it is known to be there. */
int mshv_emu_is_preloaded(void);
int mshv_emu_is_preloaded(void)
{
	return 1;
}

static void nothing_is_measured_as_mshv(void **state)
{
	static const struct {
		const struct runner_ops *runner;
		const char *its_name;
	} rows[] = {
		{&runner_mshv, "called mshv-emu"},
		{&runner_qemu_mshv, "called qemu-mshv-emu"},
	};
	struct bench_case bc = {.vcpu_count = 1, .timeout_ns = 1};
	struct result res;
	size_t i;

	(void)state;
	bench_case_add(&bc, "null", "");
	assert_true(vmm_child_mshv_is_emulated());
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		result_init(&res);
		rows[i].runner->run(&bc, &res);
		assert_int_equal(res.status, RUN_SKIPPED);
		assert_contains(res.reason, rows[i].its_name);
		assert_int_equal(res.grade, GRADE_EMULATED);
		assert_int_equal(rows[i].runner->grade(), GRADE_EMULATED);
		assert_int_equal(res.series_count, 0);
		result_release(&res);
	}
	bench_case_release(&bc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_measured_as_mshv),
	};

	return RUN_TESTS(tests);
}
