// SPDX-License-Identifier: GPL-3.0-or-later
/* history: nights in a store, a gate behind them, and a column of numbers. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
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
	scratch_folder(f.folder, "nights");
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

/* One night in which kvm needs LEVEL for a step and copies RATE. */
static void add_night(double level, double rate)
{
	const struct stored_level levels[] = {
		{"kvm", "cpu_integer", NULL, level},
		{"kvm", "mem_bandwidth", "256MiB", rate},
	};
	const struct stored_run run = {.block_count = 8,
				       .fingerprint = "{\"host\": \"one\"}",
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	stored_run_add(f.db, &run);
}

static void add_nights(size_t count, double level, double rate)
{
	while (count--)
		add_night(level, rate);
}

#define HISTORY(...) CALL(cmd_history, "--db", f.db, ##__VA_ARGS__)

static void nights_that_are_alike_have_no_change(void **state)
{
	(void)state;
	add_nights(4, 100, 1e9);
	assert_int_equal(HISTORY("cpu_integer", "--gate=1"), STATUS_OK);
	assert_contains(called.out, "cpu_integer under kvm");
	assert_null(strstr(called.out, "WORSE"));
	assert_string_equal(called.err, "");
}

/* Three nights are 24 boots, all of which count in a window of 50. */
static void a_slow_night_stops_the_gate(void **state)
{
	(void)state;
	add_nights(3, 100, 1e9);
	add_night(110, 1e9);
	assert_int_equal(HISTORY("cpu_integer", "--gate=5"), STATUS_WORSE);
	assert_contains(called.err, "REGRESSION: cpu_integer under kvm is 10.0 "
				    "% worse since run 4");
	/* A wider gate lets it through, and without one it is only shown. */
	assert_int_equal(HISTORY("cpu_integer", "--gate=11"), STATUS_OK);
	assert_int_equal(HISTORY("cpu_integer"), STATUS_OK);
	assert_contains(called.out, "+10.0 % WORSE");
	assert_int_equal(HISTORY("cpu_integer", "--min-magnitude=0.2"),
			 STATUS_OK);
	assert_null(strstr(called.out, "WORSE"));
}

static void a_rate_is_worse_when_it_falls(void **state)
{
	(void)state;
	add_nights(3, 100, 1e9);
	add_night(90, 8e8);
	/* A time that fell is better. */
	assert_int_equal(HISTORY("cpu_integer", "--gate=1"), STATUS_OK);
	assert_int_equal(HISTORY("mem_bandwidth:256MiB", "--gate=5"),
			 STATUS_WORSE);
	assert_contains(called.err, "mem_bandwidth 256MiB under kvm is 20.0 % "
				    "worse");
}

static void an_old_change_is_not_of_the_last_runs(void **state)
{
	(void)state;
	add_nights(4, 100, 1e9);
	add_nights(4, 120, 1e9);
	assert_int_equal(HISTORY("cpu_integer", "--gate=5"), STATUS_OK);
	assert_int_equal(HISTORY("cpu_integer", "--gate=5", "--recent=4"),
			 STATUS_WORSE);
	assert_int_equal(HISTORY("cpu_integer", "--gate=5", "--recent=3"),
			 STATUS_OK);
}

/* One earlier night does not say by how much nights differ. */
static void too_few_nights_leave_it_undecided(void **state)
{
	(void)state;
	add_nights(1, 100, 1e9);
	add_night(150, 1e9);
	assert_int_equal(HISTORY("cpu_integer", "--gate=5"), STATUS_UNDECIDED);
	assert_contains(called.err, "UNDECIDED: cpu_integer");
}

static void all_series_are_checked_at_once(void **state)
{
	(void)state;
	add_nights(4, 100, 1e9);
	assert_int_equal(HISTORY("--all", "--gate=5"), STATUS_OK);
	/* None changed, so that none is shown. */
	assert_string_equal(called.out, "checked 2 series of kvm\n");
	add_night(120, 1e9);
	assert_int_equal(HISTORY("--all", "--gate=5"), STATUS_WORSE);
	assert_contains(called.out, "cpu_integer under kvm");
	assert_null(strstr(called.out, "mem_bandwidth"));
	assert_contains(called.out, "checked 2 series of kvm\n");
	assert_int_equal(HISTORY("--all", "--gate=5", "--runner=mshv"),
			 STATUS_USAGE);
}

/* In noise alone there is no figure, and that is no change for the worse. */
static void a_series_without_a_calm_sample_is_passed_over(void **state)
{
	const struct stored_level level = {"kvm", "cpu_integer", NULL, 100};
	const struct stored_run run = {.block_count = 2,
				       .disturbances = 1,
				       .levels = &level,
				       .level_count = 1};

	(void)state;
	stored_run_add(f.db, &run);
	assert_int_equal(HISTORY("cpu_integer"), STATUS_USAGE);
	assert_int_equal(HISTORY("--all", "--gate=1"), STATUS_OK);
	assert_string_equal(called.out, "checked 1 series of kvm\n");
}

static void json_has_the_nights_and_the_changes(void **state)
{
	const json_t *change;
	json_t *all;

	(void)state;
	add_nights(4, 100, 1e9);
	add_night(110, 1e9);
	assert_int_equal(HISTORY("cpu_integer", "--json", "--gate=5"),
			 STATUS_WORSE);
	all = json_loads(called.out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(all, "better")),
			    "lower");
	assert_int_equal(json_array_size(json_object_get(all, "runs")), 5);
	change = json_array_get(json_object_get(all, "changes"), 0);
	assert_int_equal(json_integer_value(json_object_get(change, "run")), 5);
	/* 8 boots a night. */
	assert_int_equal(json_integer_value(json_object_get(change, "index")),
			 32);
	assert_true(json_is_true(json_object_get(change, "is_worse")));
	json_decref(all);
}

/* 20 values about 10, then 20 about 15. */
static void write_column(char path[SCRATCH_SIZE])
{
	struct strbuf text = {0};
	int i;

	for (i = 0; i < 40; i++)
		strbuf_printf(&text, "%g\n",
			      (i < 20 ? 10 : 15) + .1 * (double)(i * 7 % 5));
	scratch_file(path, text.str, text.len);
	strbuf_release(&text);
}

static void a_column_has_its_change(void **state)
{
	char path[SCRATCH_SIZE];
	const json_t *change;
	json_t *all;

	(void)state;
	write_column(path);
	assert_int_equal(CALL(cmd_history, "--series", path), STATUS_OK);
	assert_contains(called.out, "index 20: 10.2 -> 15.2, +49.0 %");
	assert_int_equal(CALL(cmd_history, "--series", path, "--json"),
			 STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(all, "values")),
			 40);
	assert_int_equal(json_array_size(json_object_get(all, "changes")), 1);
	change = json_array_get(json_object_get(all, "changes"), 0);
	assert_int_equal(json_integer_value(json_object_get(change, "index")),
			 20);
	assert_close(json_number_value(json_object_get(change, "magnitude")),
		     15.2 / 10.2 - 1, 1e-9);
	json_decref(all);
	assert_int_equal(
		CALL(cmd_history, "--series", path, "--min-magnitude=0.5"),
		STATUS_OK);
	assert_string_equal(called.out, "no change\n");
	unlink(path);
	assert_int_equal(call_with_input(&cmd_history, "1\n1\n1\n1\n1\n1\n",
					 "--series", "-", NULL),
			 STATUS_OK);
	assert_string_equal(called.out, "no change\n");
}

static void mistakes_are_of_usage(void **state)
{
	static char long_name[200];
	const struct refused_call rows[] = {
		{{NULL}, "give one metric"},
		{{"a", "b"}, "give one metric"},
		{{"--all", "cpu_integer"}, "give one metric"},
		{{"--all", "--series=x"}, "give one metric"},
		{{"--all", "--json"}, "--all has no --json"},
		{{"--series=/dev/null", "a"}, "give one metric"},
		{{"--series=/dev/null"}, "no numbers"},
		{{"--series=/no/such/file"}, "/no/such/file"},
		{{"--series=/dev/null", "--gate=5"}, "--gate"},
		{{"a", "--gate=0"}, "'0'"},
		{{"a", "--gate=-5"}, "'-5'"},
		{{"a", "--gate=1001"}, "'1001'"},
		{{"a", "--gate=nan"}, "'nan'"},
		{{"a", "--max-p=0"}, "'0'"},
		{{"a", "--max-p=0.51"}, "'0.51'"},
		{{"a", "--min-magnitude=-1"}, "'-1'"},
		{{"a", "--window=3"}, "'3'"},
		{{"a", "--min-values=0"}, "'0'"},
		{{"a", "--recent=0"}, "'0'"},
		{{"--db=/no/such/db", "a"}, "/no/such/db"},
		{{"--db", f.db, "cpu_float"}, "cpu_float"},
		{{"--db", f.db, "cpu_integer:x"}, "cpu_integer"},
		{{"--db", f.db, "cpu_integer", "--host=two"}, ""},
		{{long_name}, "is not a metric"},
	};

	(void)state;
	add_nights(1, 100, 1e9);
	memset(long_name, 'x', sizeof(long_name) - 1);
	expect_refused(&cmd_history, rows, ARRAY_SIZE(rows));
	assert_int_equal(HISTORY("cpu_integer", "--host=one"), STATUS_OK);
	/* At the bounds all is well. */
	assert_int_equal(HISTORY("cpu_integer", "--gate=1000", "--max-p=0.5",
				 "--min-magnitude=0", "--window=4",
				 "--min-values=1", "--recent=1"),
			 STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nights_that_are_alike_have_no_change),
		TEST(a_slow_night_stops_the_gate),
		TEST(a_rate_is_worse_when_it_falls),
		TEST(an_old_change_is_not_of_the_last_runs),
		TEST(too_few_nights_leave_it_undecided),
		TEST(all_series_are_checked_at_once),
		TEST(a_series_without_a_calm_sample_is_passed_over),
		TEST(json_has_the_nights_and_the_changes),
		TEST(a_column_has_its_change),
		TEST(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
