// SPDX-License-Identifier: GPL-3.0-or-later
/* One kernel file for all guests of a run. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/err.h"
#include "harness/core/plan.h"
#include "harness/session/guest_kernel.h"
#include "runners/machine/guest_boot.h"
#include "tests/unit/fixture/cli/beside.h"

static void elf_put(bool is_there)
{
	beside_folder("guest");
	if (is_there)
		beside_file("guest/vmlinux", "");
	else
		beside_remove("guest/vmlinux");
}

static const char *chosen(const char *wanted, const char *runner,
			  bool boots_linux)
{
	struct plan plan = {.guest_kernel = wanted,
			    .runners = {"native", runner},
			    .runner_count = 2};
	struct err err = {0};

	assert_int_equal(guest_kernel_choose(&plan, boots_linux, &err), 0);
	return plan.guest_kernel;
}

static void auto_is_the_elf_file_where_all_have_it(void **state)
{
	(void)state;
	elf_put(true);
	assert_string_equal(chosen("auto", "kvm", true), "elf");
	assert_string_equal(chosen("auto", "qemu-kvm", true), "elf");
	assert_string_equal(chosen("bzimage", "kvm", true), "bzimage");
	/* Nobody starts it. */
	assert_string_equal(chosen("auto", "kvm", false), "bzimage");
	assert_string_equal(chosen("auto", "native", true), "bzimage");
	elf_put(false);
	assert_string_equal(chosen("auto", "kvm", true), "bzimage");
}

/* A boot that only tries a runner comes before the choice. */
static void a_trial_has_what_the_runner_may_get(void **state)
{
	(void)state;
	elf_put(true);
	assert_true(guest_kernel_may_be_elf("auto", "firecracker"));
	assert_true(guest_kernel_may_be_elf("elf", "kvm"));
	assert_false(guest_kernel_may_be_elf("auto", "kvmtool"));
	assert_false(guest_kernel_may_be_elf("bzimage", "firecracker"));
	elf_put(false);
	assert_false(guest_kernel_may_be_elf("auto", "firecracker"));
}

static void what_cannot_be_had_is_refused(void **state)
{
	struct plan plan = {
		.guest_kernel = "elf", .runners = {"kvm"}, .runner_count = 1};
	struct err err = {0};

	(void)state;
	elf_put(false);
	assert_int_equal(guest_kernel_choose(&plan, true, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "guest/vmlinux"));
}

/* What was stored before there was a choice has no such key, and had the bzImage. */
static void a_plan_tells_the_elf_file_alone(void **state)
{
	struct plan plan;
	json_t *json;

	(void)state;
	plan_init_quick(&plan);
	plan.guest_kernel = "bzimage";
	json = plan_to_json(&plan);
	assert_null(json_object_get(json, "guest_kernel"));
	json_decref(json);
	plan.guest_kernel = "elf";
	json = plan_to_json(&plan);
	assert_string_equal(
		json_string_value(json_object_get(json, "guest_kernel")),
		"elf");
	json_decref(json);
	plan_release(&plan);
}

static void a_case_names_its_file(void **state)
{
	struct bench_case bc = {.guest_kernel = "elf"};
	char *path = guest_boot_kernel(&bc);

	(void)state;
	assert_non_null(strstr(path, "/guest/vmlinux"));
	free(path);
	bc.guest_kernel[0] = '\0';
	path = guest_boot_kernel(&bc);
	assert_non_null(strstr(path, "/guest/bzImage"));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_is_the_elf_file_where_all_have_it),
		cmocka_unit_test(a_trial_has_what_the_runner_may_get),
		cmocka_unit_test(what_cannot_be_had_is_refused),
		cmocka_unit_test(a_plan_tells_the_elf_file_alone),
		cmocka_unit_test(a_case_names_its_file),
	};

	return RUN_TESTS(tests);
}
