// SPDX-License-Identifier: GPL-3.0-or-later
/* compare: two stored runs whose difference is known, and the gate before it. */
#include "tests/unit/test.h"

#include <jansson.h>

#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define ONE_CPU "{\"cpu.model\": \"one\", \"kernel.release\": \"6.1\"}"
#define OTHER_CPU "{\"cpu.model\": \"other\", \"kernel.release\": \"6.1\"}"
#define OTHER_KERNEL "{\"cpu.model\": \"one\", \"kernel.release\": \"6.2\"}"

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *a, *b;
} f;

/* Native takes LEVEL, and a guest RATIO times as long. */
static int64_t add_run(const char *db, double level, double ratio,
		       const char *fingerprint, enum grade grade)
{
	const struct stored_level levels[] = {
		{"native", "cpu_integer", NULL, level},
		{"native", "cpu_aes", NULL, 1e9 / level},
		{"kvm", "cpu_integer", NULL, level * ratio},
		{"kvm", "cpu_aes", NULL, 1e9 / level / ratio},
	};
	const struct stored_run run = {.grade = grade,
				       .block_count = 8,
				       .fingerprint = fingerprint,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	return stored_run_add(db, &run);
}

/* Run 2 is of a host twice as slow, whose guests lose 21 % and not 10 %. */
static int set_up(void **state)
{
	(void)state;
	scratch_folder(f.folder, "compare");
	f.a = xasprintf("%s/a.db", f.folder);
	f.b = xasprintf("%s/b.db", f.folder);
	add_run(f.a, 100, 1.1, ONE_CPU, GRADE_HARDWARE);
	add_run(f.a, 200, 1.21, OTHER_KERNEL, GRADE_HARDWARE);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.a);
	free(f.b);
	return 0;
}

#define COMPARE(...) CALL(cmd_compare, "--db", f.a, ##__VA_ARGS__)

/* B over A of a workload of RUNNER, by --json. */
static double ratio_of(const json_t *all, const char *workload,
		       const char *runner)
{
	const json_t *rows = json_object_get(all, "rows");
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *w =
			json_string_value(json_object_get(row, "workload"));
		const char *r =
			json_string_value(json_object_get(row, "runner_a"));

		if (w && r && !strcmp(w, workload) && !strcmp(r, runner))
			return json_number_value(json_object_get(row, "ratio"));
	}
	fail_msg("no row %s of %s", workload, runner);
	return 0;
}

static json_t *parsed(void)
{
	json_t *all = json_loads(called.out, 0, NULL);

	assert_true(json_is_object(all));
	return all;
}

static void guests_are_compared_by_their_own_native(void **state)
{
	json_t *all;

	(void)state;
	assert_int_equal(COMPARE("1", "2", "--json"), STATUS_OK);
	all = parsed();
	/* Of hosts the times themselves, where two is half a rate. */
	assert_close(ratio_of(all, "cpu_integer", "native"), 2, 1e-3);
	assert_close(ratio_of(all, "cpu_aes", "native"), .5, 1e-3);
	assert_close(ratio_of(all, "cpu_integer", "kvm"), 1.1, 1e-6);
	assert_close(ratio_of(all, "cpu_aes", "kvm"), 1 / 1.1, 1e-6);
	assert_true(json_is_true(json_object_get(all, "comparable")));
	json_decref(all);
	/* The other way round it is the inverse. */
	assert_int_equal(COMPARE("2", "1", "--json"), STATUS_OK);
	all = parsed();
	assert_close(ratio_of(all, "cpu_integer", "kvm"), 1 / 1.1, 1e-6);
	json_decref(all);
}

/* The two hosts differ by a factor of two, which is shown and not judged. */
static void a_margin_is_about_guests(void **state)
{
	static const struct {
		const char *a, *b, *margin;
		int status;
	} cases[] = {
		{"1", "2", "--margin=0.2", STATUS_OK},
		{"1", "2", "--margin=0.05", STATUS_WORSE},
		{"1", "2", "--margin=0.1", STATUS_UNDECIDED},
		/* What became better is not worse. */
		{"2", "1", "--margin=0.01", STATUS_OK},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (COMPARE(cases[i].a, cases[i].b, cases[i].margin) !=
		    cases[i].status)
			fail_msg("row %zu:\n%s", i, called.out);
		assert_contains(called.out, "EXPLORATORY");
	}
	/* Without a guest there is nothing to judge. */
	assert_int_equal(COMPARE("1", "2", "--runner=native", "--margin=0.2"),
			 STATUS_UNDECIDED);
	assert_null(strstr(called.out, "kvm"));
	assert_contains(called.out, "NOT EVALUABLE");
	assert_null(strstr(called.out, "PASS"));
	/* It may be held against a guest of the other run. */
	assert_int_equal(COMPARE("1", "2", "--runner=native", "--against=kvm"),
			 STATUS_OK);
	assert_contains(called.out, "native|kvm");
}

static void a_runner_may_be_held_against_another(void **state)
{
	const struct stored_level levels[] = {
		{"native", "cpu_integer", NULL, 100},
		{"mshv", "cpu_integer", NULL, 220},
	};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 8,
				       .fingerprint = ONE_CPU,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};
	json_t *all;

	(void)state;
	assert_int_equal(stored_run_add(f.b, &run), 1);
	assert_int_equal(COMPARE("1", "1", "--db-b", f.b, "--runner=kvm",
				 "--against=mshv", "--json"),
			 STATUS_OK);
	all = parsed();
	/* One of the hosts, and one of these two. */
	assert_int_equal(json_array_size(json_object_get(all, "rows")), 2);
	assert_close(ratio_of(all, "cpu_integer", "native"), 1, 1e-6);
	assert_close(ratio_of(all, "cpu_integer", "kvm"), 2, 1e-6);
	json_decref(all);
}

static void runs_may_have_nothing_in_common(void **state)
{
	const struct stored_level level = {"kvm", "cpu_sha256", NULL, 1e9};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 8,
				       .fingerprint = ONE_CPU,
				       .levels = &level,
				       .level_count = 1};

	(void)state;
	assert_int_equal(stored_run_add(f.b, &run), 1);
	assert_int_equal(COMPARE("1", "1", "--db-b", f.b), STATUS_UNDECIDED);
	assert_contains(called.out, "no series in common");
}

static void hosts_that_differ_are_not_compared(void **state)
{
	json_t *all;

	(void)state;
	add_run(f.a, 100, 1.1, OTHER_CPU, GRADE_HARDWARE);
	assert_int_equal(COMPARE("1", "3"), STATUS_UNDECIDED);
	assert_contains(called.out, "fatal   cpu.model");
	assert_null(strstr(called.out, "1.1"));
	assert_int_equal(COMPARE("1", "3", "--json"), STATUS_UNDECIDED);
	all = parsed();
	assert_true(json_is_false(json_object_get(all, "comparable")));
	json_decref(all);
	/* By force there are figures, and no verdict. */
	assert_int_equal(COMPARE("1", "3", "--force"), STATUS_OK);
	assert_contains(called.out, "cpu_integer");
	assert_int_equal(COMPARE("1", "3", "--force", "--margin=0.05"),
			 STATUS_UNDECIDED);
	assert_contains(called.out, "NOT EVALUABLE");
	assert_null(strstr(called.out, "PASS"));
}

static void figures_of_the_lab_decide_nothing(void **state)
{
	(void)state;
	add_run(f.b, 100, 1.1, ONE_CPU, GRADE_EMULATED);
	add_run(f.b, 100, 1.1, ONE_CPU, GRADE_EMULATED);
	assert_int_equal(
		CALL(cmd_compare, "--db", f.b, "1", "2", "--margin=0.5"),
		STATUS_UNDECIDED);
	assert_contains(called.out, "emulated");
	assert_null(strstr(called.out, "PASS"));
}

static void mistakes_are_of_usage(void **state)
{
	const struct refused_call rows[] = {
		{{NULL}, "two runs"},
		{{"1"}, "two runs"},
		{{"1", "2", "3"}, "two runs"},
		{{"1", "2", "--against=kvm"}, "--runner"},
		{{"--db", f.a, "1", "1"}, "same run"},
		{{"--db", f.a, "1", "9"}, "9"},
		{{"--db", f.a, "0", "1"}, "'0'"},
		{{"--db", f.a, "1", "b"}, "'b'"},
		{{"--db", f.a, "--db-b=/no/such/db", "1", "2"}, "/no/such/db"},
		{{"--db", f.a, "1", "2", "--runner=kmv"},
		 "run 1 has no runner 'kmv'; it has: native, kvm"},
		{{"--db", f.a, "1", "2", "--runner=kvm", "--against=mshv"},
		 "run 2 has no runner 'mshv'"},
		{{"1", "2", "--margin=0x1"}, "'0x1' is not a margin"},
		{{"1", "2", "--margin=0"}, "'0' is not a margin"},
		{{"1", "2", "--margin=-0.1"}, "'-0.1'"},
		{{"1", "2", "--margin=10"}, "'10'"},
		{{"1", "2", "--margin=nan"}, "'nan'"},
		{{"1", "2", "--margin="}, "''"},
		{{"1", "2", "--margin=5%"}, "'5%'"},
	};

	(void)state;
	expect_refused(&cmd_compare, rows, ARRAY_SIZE(rows));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(guests_are_compared_by_their_own_native),
		TEST(a_margin_is_about_guests),
		TEST(a_runner_may_be_held_against_another),
		TEST(runs_may_have_nothing_in_common),
		TEST(hosts_that_differ_are_not_compared),
		TEST(figures_of_the_lab_decide_nothing),
		TEST(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
