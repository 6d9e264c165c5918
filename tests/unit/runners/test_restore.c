// SPDX-License-Identifier: GPL-3.0-or-later
/* restore: what stands for it where it cannot be run. Its guests are real ones, which
 * tests/system/on-host restores. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/restore.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/stage.h"

static void run(struct result *res, const char *hv, const char *workload)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};

	result_init(res);
	bench_case_add(&bc, workload, "restored");
	restore_run(hv, &bc, res);
	bench_case_release(&bc);
}

static void nobody_asked_for_it(void **state)
{
	struct result res;

	(void)state;
	run(&res, "kvm", "null");
	assert_int_equal(res.series_count, 0);
	result_release(&res);
}

/* No VMM is beside this program. The folder of the snapshot does not stay. */
static void without_a_vmm_it_fails(void **state)
{
	char folder[SCRATCH_SIZE];
	struct result res;

	(void)state;
	scratch_folder(folder, "restore");
	setenv("TMPDIR", folder, 1);
	run(&res, "kvm", "restore");
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_RUNNER_FAILED);
	assert_true(res.series[0].reason[0]);
	result_release(&res);
	assert_int_equal(rmdir(folder), 0);
	run(&res, "kvm", "restore");
	assert_contains(res.series[0].reason, "set TMPDIR");
	result_release(&res);
	unsetenv("TMPDIR");
}

/* It is the host's doing, and the reason is the VMM's. */
static void what_cannot_be_saved_is_skipped(void **state)
{
	struct result res;

	(void)state;
	stage_script("l1vh-vmm", "echo 'error its deadline is not told' >&4\n"
				 "exit 16\n");
	run(&res, "mshv", "restore_linux");
	assert_int_equal(res.series_count, 1);
	assert_int_equal(res.series[0].status, RUN_SKIPPED);
	assert_contains(res.series[0].reason, "its deadline is not told");
	result_release(&res);
	stage_script("l1vh-vmm", "echo 'error no room' >&4\nexit 70\n");
	run(&res, "mshv", "restore_linux");
	assert_int_equal(res.series[0].status, RUN_RUNNER_FAILED);
	result_release(&res);
	stage_forget("l1vh-vmm");
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asked_for_it),
		cmocka_unit_test(without_a_vmm_it_fails),
		cmocka_unit_test(what_cannot_be_saved_is_skipped),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
