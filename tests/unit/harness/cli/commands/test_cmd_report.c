// SPDX-License-Identifier: GPL-3.0-or-later
/* report, explain: what they show of a store, where to, and their status. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/one_claim.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *db, *claims, *output;
} f;

/* KVM at RATIO times native's time. */
static int64_t add_run(double ratio, enum grade grade)
{
	const struct stored_level levels[] = {
		{"native", "cpu_integer", NULL, 100},
		{"native", "mem_latency", "16KiB,4KiB-pages", 2},
		{"kvm", "cpu_integer", NULL, 100 * ratio},
		{"kvm", "mem_latency", "16KiB,4KiB-pages", 2 * ratio},
	};
	const struct stored_run run = {.grade = grade,
				       .block_count = 8,
				       .levels = levels,
				       .level_count = ARRAY_SIZE(levels)};

	return stored_run_add(f.db, &run);
}

static int set_up(void **state)
{
	(void)state;
	scratch_folder(f.folder, "report");
	f.db = xasprintf("%s/r.db", f.folder);
	f.claims = xasprintf("%s/claims.yaml", f.folder);
	f.output = xasprintf("%s/output", f.folder);
	return add_run(1.25, GRADE_HARDWARE) == 1 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.db);
	free(f.claims);
	free(f.output);
	return 0;
}

#define REPORT(...) CALL(cmd_report, "--db", f.db, ##__VA_ARGS__)

static void the_latest_run_is_shown(void **state)
{
	(void)state;
	assert_int_equal(add_run(2, GRADE_HARDWARE), 2);
	assert_int_equal(REPORT(), STATUS_OK);
	assert_contains(called.out, "run 2 of");
	assert_contains(called.out, "2.00x");
	/* How to see all of it names the store. */
	assert_contains(called.out, "report 2 --all --db ");
	assert_contains(called.out, f.db);
	assert_int_equal(REPORT("1"), STATUS_OK);
	assert_contains(called.out, "run 1 of");
	assert_contains(called.out, "1.25x");
	assert_int_equal(REPORT("--all", "1"), STATUS_OK);
	assert_contains(called.out, "16KiB,4KiB-pages");
}

static void every_format_is_written(void **state)
{
	static const struct {
		const char *format, *mark;
	} cases[] = {
		{"text", "1.25x"},
		{"json", "\"mem_latency\""},
		{"html", "<html"},
		{"csv", "mem_latency,"},
		{"markdown", "|"},
		{"junit", "<testsuite"},
		{"openmetrics", "# EOF\n"},
		{"explain", "run 1"},
		{"power", "blocks"},
		{"samples", "samples"},
		{"prometheus", "_run_info gauge\n"},
		{"kusto", "run_uuid,"},
		{"virtualclient", "\"experimentId\":"},
	};
	struct strbuf file = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(REPORT("--format", cases[i].format),
				 STATUS_OK);
		assert_contains(called.out, cases[i].mark);
		/* The same bytes, into a file. */
		assert_int_equal(REPORT("--format", cases[i].format, "--output",
					f.output),
				 STATUS_OK);
		assert_string_equal(called.out, "");
		strbuf_release(&file);
		assert_int_equal(file_read(f.output, 4 * MIB, &file), 0);
		assert_contains(strbuf_str(&file), cases[i].mark);
	}
	strbuf_release(&file);
}

static void json_is_one_object(void **state)
{
	json_t *all;

	(void)state;
	assert_int_equal(REPORT("--format=json"), STATUS_OK);
	all = json_loads(called.out, 0, NULL);
	assert_true(json_is_object(all));
	json_decref(all);
}

static void claims_give_the_status(void **state)
{
	(void)state;
	one_claim_write(f.claims, "0.5");
	assert_int_equal(REPORT("--claims", f.claims), STATUS_OK);
	assert_contains(called.out, "PASS");
	one_claim_write(f.claims, "0.1");
	assert_int_equal(REPORT("--claims", f.claims), STATUS_WORSE);
	assert_contains(called.out, "FAIL");
	one_claim_write(f.claims, "0.25");
	assert_int_equal(REPORT("--claims", f.claims, "--format=csv"),
			 STATUS_UNDECIDED);
	assert_contains(called.out, "UNDECIDED");
	/* Its rows are the verdicts alone. */
	assert_null(strstr(called.out, "mem_latency"));
}

/* The claim behind the first MiB fails, so that it must not be lost. */
static void claims_that_are_too_large_are_refused(void **state)
{
	static char line[MIB];
	struct strbuf text = {0};
	struct err err;

	(void)state;
	one_claim_write(f.claims, "0.5");
	assert_int_equal(file_read(f.claims, MIB, &text), 0);
	memset(line, '#', sizeof(line));
	strbuf_add(&text, line, sizeof(line));
	strbuf_puts(&text, "\n  - id: two\n    text: none\n");
	assert_int_equal(file_write(f.claims, text.str, text.len, &err), 0);
	assert_int_equal(REPORT("--claims", f.claims), STATUS_INTERNAL);
	assert_contains(called.err, f.claims);
	strbuf_release(&text);
}

/* The lab's figures decide nothing, unless a test of the verdicts says so. */
static void an_emulated_grade_has_no_verdict(void **state)
{
	(void)state;
	assert_int_equal(add_run(1.25, GRADE_EMULATED), 2);
	one_claim_write(f.claims, "0.5");
	assert_int_equal(REPORT("--claims", f.claims), STATUS_UNDECIDED);
	assert_contains(called.out, "NOT EVALUABLE");
	assert_int_equal(
		REPORT("--claims", f.claims, "--grade-override-for-testing"),
		STATUS_OK);
	/* That is stamped on what it shows. */
	assert_contains(called.out, "OVERRID");
}

static void what_a_format_cannot_show_is_refused(void **state)
{
	const struct refused_call rows[] = {
		{{"--db", f.db, "--format=pdf"}, "pdf"},
		{{"--db", f.db, "--format=csv", "--all"}, "--all is for text"},
		{{"--db", f.db, "--format=html",
		  "--grade-override-for-testing"},
		 "is for text"},
		{{"--db", f.db, "--format=explain", "--claims", f.claims},
		 "'explain' has no verdicts"},
		{{"--db", f.db, "--claims=/no/such"}, "/no/such"},
		{{"--db", f.db, "0"}, "'0'"},
		{{"--db", f.db, "latest"}, "'latest'"},
		{{"--db", f.db, "99"}, "99"},
		{{"--db", f.db, "1", "2"}, "'2'"},
		{{"--db=/no/such/db"}, "/no/such/db"},
		{{"--what"}, "report --help"},
	};

	(void)state;
	one_claim_write(f.claims, "0.5");
	expect_refused(&cmd_report, rows, ARRAY_SIZE(rows));
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(REPORT("--output=/no/such/folder/x"), STATUS_USAGE);
	assert_contains(called.err, "/no/such/folder/x");
	/* Behind a link, which a report that were renamed would replace. */
	assert_int_equal(symlink("/dev/full", f.output), 0);
	assert_int_equal(REPORT("--output", f.output), STATUS_INTERNAL);
	assert_contains(called.err, "cannot write '");
}

/* Under whatever name. */
static void the_results_are_no_output(void **state)
{
	(void)state;
	assert_int_equal(symlink(f.db, f.output), 0);
	assert_int_equal(REPORT("--format=json", "--output", f.output),
			 STATUS_USAGE);
	assert_contains(called.err, "would overwrite the results");
	assert_int_equal(REPORT("--output", f.db), STATUS_USAGE);
	assert_int_equal(REPORT("--format=json"), STATUS_OK);
}

/* A page that is read meanwhile is the old one or the new one. */
static void a_page_is_replaced_as_a_whole(void **state)
{
	struct strbuf file = {0};
	struct err err;

	(void)state;
	assert_int_equal(file_write(f.output, "old", 3, &err), 0);
	assert_int_equal(REPORT("99", "--format=html", "--output", f.output),
			 STATUS_USAGE);
	assert_int_equal(file_read(f.output, MIB, &file), 0);
	assert_string_equal(strbuf_str(&file), "old");
	strbuf_release(&file);
}

/* As root a page for /dev/null would take its place; here it is a link's. */
static void a_page_does_not_replace_a_device(void **state)
{
	static const char *const devices[] = {"/dev/null", "/dev/full"};
	static const int statuses[] = {STATUS_OK, STATUS_INTERNAL};
	struct stat st;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		assert_int_equal(symlink(devices[i], f.output), 0);
		assert_int_equal(REPORT("--format=html", "--output", f.output),
				 statuses[i]);
		assert_int_equal(lstat(f.output, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(unlink(f.output), 0);
	}
	/* Nor a folder, and no part of it is left. */
	assert_int_not_equal(REPORT("--format=html", "--output", f.folder),
			     STATUS_OK);
	assert_int_equal(access(f.db, F_OK), 0);
}

static void a_file_that_is_no_store_is_none(void **state)
{
	char path[SCRATCH_SIZE];

	(void)state;
	scratch_file(path, "this is no database, but text", 29);
	assert_int_not_equal(CALL(cmd_report, "--db", path), STATUS_OK);
	assert_contains(called.err, path);
	unlink(path);
	/* And an empty store has no latest run. */
	assert_int_equal(CALL(cmd_import, "--db", path, "/no/such/bundle"),
			 STATUS_USAGE);
	assert_int_equal(CALL(cmd_report, "--db", path), STATUS_USAGE);
	unlink(path);
}

static void explain_shows_its_part(void **state)
{
	(void)state;
	assert_int_equal(
		CALL(cmd_explain, "--db", f.db, "--output", f.output, "1"),
		STATUS_OK);
	assert_int_equal(access(f.output, F_OK), 0);
	assert_int_equal(CALL(cmd_explain, "--db", f.db, "7"), STATUS_USAGE);
	assert_contains(called.err, "explain: ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_latest_run_is_shown),
		TEST(every_format_is_written),
		TEST(json_is_one_object),
		TEST(claims_give_the_status),
		TEST(claims_that_are_too_large_are_refused),
		TEST(an_emulated_grade_has_no_verdict),
		TEST(what_a_format_cannot_show_is_refused),
		TEST(a_file_that_cannot_be_written_is_an_error),
		TEST(the_results_are_no_output),
		TEST(a_page_is_replaced_as_a_whole),
		TEST(a_page_does_not_replace_a_device),
		TEST(a_file_that_is_no_store_is_none),
		TEST(explain_shows_its_part),
	};

	return RUN_TESTS(tests);
}
