// SPDX-License-Identifier: GPL-3.0-or-later
/* selftest: TAP, the record, and a trace that is played, as it is or changed. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

#define TRACE "tests/data/mshv-emu-boot.trace"

static void need_kvm(void)
{
	if (!access("/dev/kvm", R_OK | W_OK))
		return;
	print_message("SKIP: cannot open /dev/kvm\n");
	skip();
}

static size_t number_behind(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	assert_non_null(at);
	return strtoul(at + strlen(word), NULL, 10);
}

static void checks_are_tap_with_a_plan(void **state)
{
	size_t count, skipped;

	(void)state;
	need_kvm();
	assert_int_equal(
		CALL(cmd_selftest, "mshv", "--mshv-emu", "--only=partition"),
		STATUS_OK);
	assert_memory_equal(called.out, "TAP version 13\n1..", 18);
	count = number_behind(called.out, "\n1..");
	skipped = count_of(called.out, " # SKIP ");
	assert_true(count > 3);
	assert_int_equal(count_of(called.out, "\nok "), count);
	assert_int_equal(count_of(called.out, "- partition_"), count);
	assert_contains(called.out, "\nok 1 - partition_");
	/* The version, the plan, a mark, the checks, and their counts. */
	assert_int_equal(count_of(called.out, "\n"), count + 4);
	assert_int_equal(number_behind(strrchr(called.out, '#'), "# "),
			 count - skipped);
}

static void a_record_has_every_check(void **state)
{
	char folder[SCRATCH_SIZE], *path;
	const json_t *sum, *checks, *check;
	json_t *record;
	size_t i;

	(void)state;
	need_kvm();
	scratch_folder(folder, "selftest");
	path = xasprintf("%s/record.json", folder);
	assert_int_equal(CALL(cmd_selftest, "mshv", "--mshv-emu",
			      "--only=partition", "--json", path),
			 STATUS_OK);
	record = json_load_file(path, 0, NULL);
	assert_non_null(record);
	assert_true(json_is_true(json_object_get(record, "is_emulated")));
	sum = json_object_get(record, "summary");
	checks = json_object_get(record, "checks");
	assert_int_equal(
		json_integer_value(json_object_get(sum, "ok")) +
			json_integer_value(json_object_get(sum, "skipped")),
		json_array_size(checks));
	json_array_foreach(checks, i, check)
		assert_contains(called.out, json_string_value(json_object_get(
						    check, "name")));
	json_decref(record);
	free(path);
	scratch_remove(folder);
	assert_int_equal(CALL(cmd_selftest, "mshv", "--mshv-emu",
			      "--only=partition_time",
			      "--json=/no/such/folder/x"),
			 STATUS_INTERNAL);
	assert_contains(called.err, "cannot write '/no/such/folder/x'");
}

static void without_a_device_tap_bails_out(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_selftest, "mshv", "--device=/no/such/dev"),
			 STATUS_INTERNAL);
	assert_contains(called.out, "\nBail out! ");
	assert_contains(called.err, "/no/such/dev");
	assert_null(strstr(called.out, "ok 1"));
}

/* To which every request is unknown. */
static void a_device_that_is_another_deviates(void **state)
{
	char path[SCRATCH_SIZE];
	json_t *record;

	(void)state;
	scratch_file(path, "", 0);
	assert_int_equal(CALL(cmd_selftest, "mshv", "--device=/dev/null",
			      "--only=device_create", "--json", path),
			 STATUS_WORSE);
	assert_contains(called.out, "\nnot ok 1 - device_create\n# ");
	assert_contains(called.out, "ENOTTY");
	record = json_load_file(path, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_object_get(record, "summary"), "deviations")),
		count_of(called.out, "\nnot ok "));
	json_decref(record);
	unlink(path);
}

static void a_trace_is_played(void **state)
{
	(void)state;
	assert_int_equal(CALL(cmd_selftest, "--replay", TRACE), STATUS_OK);
	assert_memory_equal(called.out, "TAP version 13\n1..1\nok 1 - ", 27);
	assert_true(number_behind(called.out, "\n# ") > 1000);
}

/* The trace with FROM replaced by TO, once; in a file at PATH. */
static void change_trace(const char *from, const char *to,
			 char path[SCRATCH_SIZE])
{
	struct strbuf trace = {0}, changed = {0};
	const char *at;

	assert_int_equal(file_read(TRACE, 16 * MIB, &trace), 0);
	at = strstr(trace.str, from);
	assert_non_null(at);
	strbuf_add(&changed, trace.str, (size_t)(at - trace.str));
	strbuf_puts(&changed, to);
	strbuf_puts(&changed, at + strlen(from));
	scratch_file(path, changed.str, changed.len);
	strbuf_release(&changed);
	strbuf_release(&trace);
}

static void a_trace_that_differs_is_worse(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		/* The device refuses the partition that it made. */
		{"4010b800 07*15; = 8 -", "4010b800 07*15; = -1 -"},
		/* The backend asked for something else then. */
		{"ioctl 5 4010b800 07*15;", "ioctl 5 4010b800 06*15;"},
	};
	char path[SCRATCH_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		change_trace(cases[i].from, cases[i].to, path);
		assert_int_equal(CALL(cmd_selftest, "--replay", path),
				 STATUS_WORSE);
		assert_contains(called.out, "\nnot ok 1 - ");
		unlink(path);
	}
}

static void what_is_no_trace_is_an_error(void **state)
{
	char path[SCRATCH_SIZE];

	(void)state;
	assert_int_equal(CALL(cmd_selftest, "--replay=/no/such/trace"),
			 STATUS_INTERNAL);
	assert_contains(called.err, "/no/such/trace");
	assert_contains(called.out, "# 0 calls, 0 entries");
	scratch_file(path, "#!/bin/sh\n", 10);
	assert_int_not_equal(CALL(cmd_selftest, "--replay", path), STATUS_OK);
	assert_contains(called.out, "not ok 1 - ");
	unlink(path);
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{NULL}, "no target"},
		{{"kvm"}, "no target"},
		{{"mshv", "mshv"}, "no target"},
		{{"mshv", "--replay", TRACE}, "no target"},
		{{"mshv", "--only=no_such_check"}, "'no_such_check'"},
		{{"--what"}, "selftest --help"},
	};

	(void)state;
	expect_refused(&cmd_selftest, rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_are_tap_with_a_plan),
		cmocka_unit_test(a_record_has_every_check),
		cmocka_unit_test(without_a_device_tap_bails_out),
		cmocka_unit_test(a_device_that_is_another_deviates),
		cmocka_unit_test(a_trace_is_played),
		cmocka_unit_test(a_trace_that_differs_is_worse),
		cmocka_unit_test(what_is_no_trace_is_an_error),
		cmocka_unit_test(mistakes_are_of_usage),
	};

	return RUN_TESTS(tests);
}
