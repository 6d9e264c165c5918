// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet report: a stored fleet on a terminal and as JSON, and its exit status. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <math.h>

#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/one_claim.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define NODES 12

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *db, *claims, *nodes;
} f;

static int setup(void **state)
{
	(void)state;
	scratch_folder(f.folder, "fleet-report");
	f.db = xasprintf("%s/results.db", f.folder);
	f.claims = xasprintf("%s/claims.yaml", f.folder);
	f.nodes = xasprintf("%s/nodes", f.folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.db);
	free(f.claims);
	free(f.nodes);
	return 0;
}

/* Guests take RATIO times as long as native, give or take 1 %. */
static void add_node(size_t number, double ratio, enum grade grade)
{
	double wave = 1 + 0.01 * sin((double)number * 2.1);
	const struct stored_level levels[] = {
		{"native", "cpu_integer", NULL, 1000 / wave},
		{"kvm", "cpu_integer", NULL, 1000 * ratio},
	};
	char fingerprint[160];
	const struct stored_run run = {.grade = grade,
				       .block_count = 2,
				       .fingerprint = fingerprint,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	snprintf(fingerprint, sizeof(fingerprint),
		 "{\"fleet.name\": \"night\", \"fleet.node\": \"n%02zu\","
		 " \"fleet.arm\": \"nested\", \"fleet.index\": \"0\"}",
		 number);
	stored_run_add(f.db, &run);
}

static void add_fleet(double odd_ratio, enum grade grade)
{
	size_t i;

	for (i = 0; i < NODES; i++)
		add_node(i, i == 5 ? odd_ratio : 1.02, grade);
}

static void alike_nodes_pass(void **state)
{
	(void)state;
	add_fleet(1.02, GRADE_HARDWARE);
	assert_int_equal(CALL(cmd_fleet_report, "--db", f.db), STATUS_OK);
	assert_contains(called.out, "Fleet night: 12 nodes in 1 arm, 12 runs.");
	assert_contains(called.out, "0 of 12 nodes are odd.");
	one_claim_write(f.claims, "0.10");
	assert_int_equal(CALL(cmd_fleet_report, "night", "--db", f.db,
			      "--claims", f.claims),
			 STATUS_OK);
	assert_contains(called.out, "PASS");
	assert_contains(called.out, "nested: 12 nodes, 12 runs");
	assert_contains(called.out, "; on each node\n");
	assert_contains(called.out, "EXPLORATORY");
	one_claim_write(f.claims, "0.01");
	assert_int_equal(CALL(cmd_fleet_report, "night", "--db", f.db,
			      "--claims", f.claims),
			 STATUS_WORSE);
	assert_contains(called.out, "FAIL");
}

static void an_odd_node_is_a_status(void **state)
{
	(void)state;
	add_fleet(1.5, GRADE_HARDWARE);
	assert_int_equal(CALL(cmd_fleet_report, "--db", f.db), STATUS_WORSE);
	assert_contains(called.out, "1 of 12 nodes is odd");
	assert_contains(called.out, "n05");
	assert_int_equal(
		CALL(cmd_fleet_report, "--db", f.db, "--odd-ratio", "1.9"),
		STATUS_OK);
}

static void missing_nodes_are_named(void **state)
{
	FILE *list = fopen(f.nodes, "we");

	(void)state;
	fputs("n00\nnode/n77\n", list);
	fclose(list);
	add_fleet(1.02, GRADE_HARDWARE);
	assert_int_equal(
		CALL(cmd_fleet_report, "--db", f.db, "--nodes", f.nodes),
		STATUS_UNDECIDED);
	assert_contains(called.out, "1 missing");
	assert_contains(called.out, "n77");
	assert_contains(called.out, "no run of it came");
}

static void emulated_figures_have_no_verdict(void **state)
{
	json_t *json, *claim;

	(void)state;
	add_fleet(1.02, GRADE_EMULATED);
	one_claim_write(f.claims, "0.10");
	assert_int_equal(
		CALL(cmd_fleet_report, "--db", f.db, "--claims", f.claims),
		STATUS_UNDECIDED);
	assert_contains(called.out, "EMULATED");
	assert_contains(called.out, "NOT EVALUABLE");
	assert_int_equal(CALL(cmd_fleet_report, "--db", f.db, "--claims",
			      f.claims, "--json"),
			 STATUS_UNDECIDED);
	json = json_loads(called.out, 0, NULL);
	claim = json_array_get(
		json_object_get(json_object_get(json, "claims"), "verdicts"),
		0);
	assert_string_equal(
		json_string_value(json_object_get(claim, "verdict")),
		"NOT EVALUABLE");
	assert_true(json_real_value(json_object_get(claim, "ratio")) > 1);
	json_decref(json);
}

/* What is quoted of it is cut within a character. */
static void a_node_with_a_long_fact_is_told(void **state)
{
	static const char text[] =
		"{\"fleet.name\": \"night\", \"fleet.node\": \"unlike\","
		" \"fleet.arm\": \"nested\", \"kernel.release\": \""
		"1234567890123456789012345678901234567890123456789\303\251\"}";
	const struct stored_level level = {"native", "cpu_integer", NULL, 1000};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 2,
				       .fingerprint = text,
				       .levels = &level,
				       .level_count = 1};
	json_t *json;

	(void)state;
	add_fleet(1.02, GRADE_HARDWARE);
	stored_run_add(f.db, &run);
	assert_int_equal(CALL(cmd_fleet_report, "--db", f.db, "--json"),
			 STATUS_UNDECIDED);
	json = json_loads(called.out, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "nodes")),
			 NODES + 1);
	assert_contains(called.out, "kernel.release is '1234");
	json_decref(json);
}

static void what_is_refused(void **state)
{
	const struct refused_call rows[] = {
		{{"one", "two", "--db", f.db}, "give one fleet at most"},
		{{"--odd-ratio", "0.9"}, "not a ratio above 1"},
		{{"--db", f.db, "--claims", "/nowhere"}, "/nowhere"},
		{{"--db", "/nowhere/x.db"}, "/nowhere/x.db"},
		{{"elsewhere", "--db", f.db}, "no run of a fleet 'elsewhere'"},
		{{"--db", f.db, "--arms", "moon"}, "is of arm 'moon'"},
		{{"--db", f.db, "--arms", "nested,moon"}, "is of arm 'moon'"},
		{{"--db", f.db, "--arms", ""}, "is of arm ''"},
	};

	(void)state;
	add_node(0, 1, GRADE_HARDWARE);
	expect_refused(&cmd_fleet_report, rows, ARRAY_SIZE(rows));
}

static void a_store_without_fleets(void **state)
{
	(void)state;
	stored_run_add_native(f.db, 10);
	assert_int_equal(CALL(cmd_fleet_report, "--db", f.db), STATUS_USAGE);
	assert_contains(called.err, "no run in the store is of a fleet");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(alike_nodes_pass),
		IN_FOLDER(an_odd_node_is_a_status),
		IN_FOLDER(missing_nodes_are_named),
		IN_FOLDER(emulated_figures_have_no_verdict),
		IN_FOLDER(a_node_with_a_long_fact_is_told),
		IN_FOLDER(what_is_refused),
		IN_FOLDER(a_store_without_fleets),
	};

	return RUN_TESTS(tests);
}
