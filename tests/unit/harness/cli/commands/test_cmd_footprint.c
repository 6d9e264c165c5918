// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * footprint: the status of a stored run, whose guests cost a known amount.
 * KubeVirt v1.9 grants 46.50 MiB beside 256 MiB of RAM, as for test_limits.
 */
#include "tests/unit/test.h"

#include <jansson.h>

#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *db;
} f;

static int set_up(void **state)
{
	(void)state;
	scratch_folder(f.folder, "footprint");
	f.db = xasprintf("%s/r.db", f.folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.db);
	return 0;
}

#define GUEST(runner, mib)                                               \
	{runner, "footprint", "256M-1cpu/charged", (mib) * (double)MIB}, \
	{                                                                \
		runner, "footprint", "256M-1cpu/beside_rss", 1           \
	}

/* One more run; a guest of RUNNER costs so many MiB beside its RAM. */
static void add_run(const char *runner, double mib, enum grade grade)
{
	const struct stored_level levels[] = {GUEST(runner, mib)};
	const struct stored_run run = {.grade = grade,
				       .block_count = 8,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	stored_run_add(f.db, &run);
}

#define FOOTPRINT(...) CALL(cmd_footprint, "--db", f.db, ##__VA_ARGS__)

static void the_grant_covers_a_guest_or_does_not(void **state)
{
	static const struct {
		double mib;
		enum grade grade;
		int status;
	} cases[] = {
		{30, GRADE_HARDWARE, STATUS_OK},
		{30, GRADE_SOFTWARE, STATUS_OK},
		{60, GRADE_HARDWARE, STATUS_WORSE},
		{46.5, GRADE_HARDWARE, STATUS_UNDECIDED},
		/* The lab covers nothing, and can show that nothing is. */
		{30, GRADE_EMULATED, STATUS_UNDECIDED},
		{60, GRADE_EMULATED, STATUS_WORSE},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		add_run("kvm", cases[i].mib, cases[i].grade);
		/* The latest is the one. */
		if (FOOTPRINT() != cases[i].status)
			fail_msg("row %zu:\n%s%s", i, called.out, called.err);
		assert_contains(called.out, "256M-1cpu");
		assert_contains(called.out, "v1.9");
	}
}

static void a_run_may_be_named(void **state)
{
	(void)state;
	add_run("kvm", 60, GRADE_HARDWARE);
	add_run("kvm", 30, GRADE_HARDWARE);
	assert_int_equal(FOOTPRINT("1"), STATUS_WORSE);
	assert_int_equal(FOOTPRINT("2"), STATUS_OK);
}

/* v1.0 has other constants, and the whole comparison is by them. */
static void a_release_may_be_named(void **state)
{
	json_t *newest, *first;

	(void)state;
	add_run("kvm", 30, GRADE_HARDWARE);
	assert_int_equal(FOOTPRINT("--json"), STATUS_OK);
	newest = json_loads(called.out, 0, NULL);
	assert_true(json_is_object(newest));
	FOOTPRINT("--json", "--release=v1.0");
	first = json_loads(called.out, 0, NULL);
	assert_true(json_is_object(first));
	assert_false(json_equal(newest, first));
	json_decref(first);
	json_decref(newest);
	assert_int_equal(FOOTPRINT("--recommend"), STATUS_OK);
	assert_contains(called.out, "99.9 %");
}

static void the_worst_runner_gives_the_status(void **state)
{
	const struct stored_level levels[] = {
		GUEST("kvm", 30),
		GUEST("qemu-kvm", 60),
		GUEST("qemu-tcg", 46.5),
	};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 8,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	(void)state;
	stored_run_add(f.db, &run);
	assert_int_equal(FOOTPRINT(), STATUS_WORSE);
}

static void a_run_without_footprints_has_none(void **state)
{
	const struct stored_level level = {"kvm", "cpu_integer", NULL, 1};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 2,
				       .levels = &level,
				       .level_count = 1};

	(void)state;
	stored_run_add(f.db, &run);
	assert_int_equal(FOOTPRINT(), STATUS_USAGE);
	assert_contains(called.err, "run 1 has no footprint");
	assert_string_equal(called.out, "");
}

static void mistakes_are_of_usage(void **state)
{
	const struct refused_call rows[] = {
		{{"--db", f.db, "2"}, "2"},
		{{"--db", f.db, "0"}, "'0'"},
		{{"--db", f.db, "1", "2"}, "'2'"},
		{{"--db=/no/such/db"}, "/no/such/db"},
		{{"--release=v3"}, "unknown release 'v3'"},
		{{"--limit=much"}, "'much' is not a size"},
	};

	(void)state;
	add_run("kvm", 30, GRADE_HARDWARE);
	expect_refused(&cmd_footprint, rows, ARRAY_SIZE(rows));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_grant_covers_a_guest_or_does_not),
		TEST(a_run_may_be_named),
		TEST(a_release_may_be_named),
		TEST(the_worst_runner_gives_the_status),
		TEST(a_run_without_footprints_has_none),
		TEST(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
