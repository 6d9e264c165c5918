// SPDX-License-Identifier: GPL-3.0-or-later
/* plan: the noise of a stored run, and the nodes that a fleet needs. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *db, *output;
} f;

static int set_up(void **state)
{
	const struct stored_level levels[] = {
		{"native", "cpu_integer", NULL, 100},
		{"native", "mem_latency", "16KiB,4KiB-pages", 2},
		{"kvm", "cpu_integer", NULL, 125},
		{"kvm", "mem_latency", "16KiB,4KiB-pages", 2.5},
	};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 8,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	(void)state;
	scratch_folder(f.folder, "plan");
	f.db = xasprintf("%s/r.db", f.folder);
	f.output = xasprintf("%s/output", f.folder);
	return stored_run_add(f.db, &run) == 1 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.db);
	free(f.output);
	return 0;
}

static void the_noise_of_a_stored_run_is_used(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_plan, "power", "1", "--db", f.db), STATUS_OK);
	assert_contains(called.out, "cpu_integer");
	assert_int_equal(CALL(cmd_plan, "samples", "--db", f.db), STATUS_OK);
	assert_contains(called.out, "mem_latency");
	assert_int_equal(
		CALL(cmd_plan, "power", "--db", f.db, "--output", f.output),
		STATUS_OK);
	assert_string_equal(called.out, "");
	assert_int_equal(access(f.output, F_OK), 0);
}

#define NODES(...) \
	CALL(cmd_plan, "power", "--nodes", "--sd-node=.05", ##__VA_ARGS__)

/* The numbers are those of test_cluster.c, by R. */
static void nodes_are_shown_by_runs(void **state)
{
	(void)state;
	assert_int_equal(NODES("--sd-run=.02"), STATUS_OK);
	assert_contains(called.out, "give PASS in 80 %");
	assert_contains(called.out, "not worse by 5 %");
	assert_contains(called.out,
			"            1               0.0539             16"
			"            16\n");
	assert_contains(called.out,
			"           10               0.0504             14"
			"           140\n");
	assert_contains(called.out, "at least 14 nodes");
	assert_int_equal(NODES("--sd-run=.02", "--runs=5", "--kind=equivalent"),
			 STATUS_OK);
	assert_contains(called.out, "equal within 5 %");
	assert_contains(called.out, " 20           100\n");
	assert_null(strstr(called.out, "0.0539"));
	/* Beyond the margin a FAIL is right. */
	assert_int_equal(NODES("--sd-run=.02", "--true-ratio=1.1"), STATUS_OK);
	assert_contains(called.out, "give FAIL");
	assert_int_equal(NODES("--sd-run=.02", "--true-ratio=1.05"), STATUS_OK);
	assert_contains(called.out, "never");
}

static json_int_t nodes_of_row(const json_t *all, size_t row)
{
	return json_integer_value(json_object_get(
		json_array_get(json_object_get(all, "rows"), row),
		"nodes_per_arm"));
}

static void nodes_are_shown_as_json(void **state)
{
	json_t *all;

	(void)state;
	assert_int_equal(NODES("--sd-run=.02", "--json"), STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_int_equal(nodes_of_row(all, 0), 16);
	assert_int_equal(nodes_of_row(all, 2), 15);
	assert_int_equal(
		json_integer_value(json_object_get(all, "least_nodes_per_arm")),
		14);
	assert_string_equal(json_string_value(json_object_get(all, "verdict")),
			    "PASS");
	json_decref(all);
	assert_int_equal(NODES("--sd-run=.02", "--json", "--runs=5",
			       "--confidence=.975", "--power=.9"),
			 STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_int_equal(nodes_of_row(all, 0), 24);
	json_decref(all);
	/* The truth at the margin: no number is enough. */
	assert_int_equal(NODES("--sd-run=.02", "--json", "--margin=.25",
			       "--true-ratio=1.25"),
			 STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_true(json_is_null(json_object_get(all, "least_nodes_per_arm")));
	json_decref(all);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const struct refused_call rows[] = {
		{{NULL}, "plan power"},
		{{"noise"}, "plan samples"},
		{{"power", "--db=/no/such/db"}, "power: "},
		{{"power", "1", "2"}, "'2'"},
		{{"power", "last"}, "'last'"},
		{{"samples", "--all"}, "samples --help"},
		{{"samples", "--nodes"}, "--nodes is for 'plan power'"},
		{{"power", "--nodes", "1"}, "without a stored run"},
		{{"power", "--nodes", "--db=x"}, "without a stored run"},
		{{"power", "--nodes"}, "--sd-node and --sd-run"},
		{{"power", "--nodes", "--sd-node=.1"}, "--sd-run"},
		{{"power", "--margin=.05"}, "need --nodes"},
		{{"power", "--json"}, "need --nodes"},
		{{"power", "--runs=3"}, "need --nodes"},
		{{"power", "--nodes", "--sd-node=-1"}, "--sd-node '-1'"},
		{{"power", "--nodes", "--sd-node=nan"}, "--sd-node 'nan'"},
		{{"power", "--nodes", "--power=1"}, "--power '1'"},
		{{"power", "--nodes", "--confidence=95"}, "--confidence '95'"},
		{{"power", "--nodes", "--true-ratio=0"}, "--true-ratio '0'"},
		{{"power", "--nodes", "--runs=0"}, "'0'"},
		{{"power", "--nodes", "--kind=same"}, "--kind 'same'"},
		{{"power", "--nodes", "--sd-node=1", "--sd-run=1",
		  "--margin=0"},
		 "--kind superior"},
	};

	(void)state;
	expect_refused(&cmd_plan, rows, ARRAY_SIZE(rows));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_noise_of_a_stored_run_is_used),
		TEST(nodes_are_shown_by_runs),
		TEST(nodes_are_shown_as_json),
		TEST(what_makes_no_sense_is_refused),
	};

	return RUN_TESTS(tests);
}
