// SPDX-License-Identifier: GPL-3.0-or-later
/* run_list: which runs a filter finds, in which order, and what is told of
 * them; with the indexes of a new store and without those of an old one. */
#include "tests/unit/test.h"

#include <errno.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"

#define S NS_PER_S

/* Six runs on three hosts and one that is not known; 5 and 6 began at once. */
static void fill(struct store *store)
{
	static const char *const fingerprints[] = {
		"{\"host\": \"one\", \"kernel.release\": \"6.1\","
		" \"cpu.model_name\": \"Fast\"}",
		"{\"host\": \"two\"}",
		"{\"host\": \"one\"}",
		"damaged",
		"{\"host\": \"it's \\\"5\\\"\"}",
		"{\"host\": \"one\"}",
	};
	static const char *const revisions[] = {"abc", "abd", "xyz",
						"x",   "y",   "a%_c"};
	char sql[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(revisions); i++) {
		int64_t id = stored_run(store, revisions[i], fingerprints[i]);

		if (i == 0)
			stored_boot(store, id, 0, "native", "null", 1);
		stored_boot(store, id, 1, "kvm", i == 1 ? "delay" : "null", 1);
		snprintf(sql, sizeof(sql),
			 "UPDATE run SET uuid = 'uuid-%zu',"
			 " started_unix_ns = %zu00000000000 WHERE id = %zu",
			 i + 1, i < 5 ? i + 1 : 5, i + 1);
		stored_sql(store, sql);
	}
	stored_sql(store, "UPDATE run SET status = 'complete',"
			  " ended_unix_ns = 7 WHERE id IN (1, 2);"
			  "UPDATE run SET is_lab = 1 WHERE id = 5;"
			  "UPDATE boot SET grade = 'emulated'"
			  " WHERE run_id = 1 AND runner = 'kvm';"
			  "INSERT INTO schedule VALUES (1, 2, 1, 'kvm')");
}

static int setup(void **state)
{
	struct stored_place *f;

	if (stored_place_setup(state))
		return -1;
	f = *state;
	fill(f->store);
	return 0;
}

static const struct {
	struct run_filter filter;
	const char *ids; /* with a plus where there are more */
} cases[] = {
	{{.max_count = 0}, "654321"},
	{{.host = "one"}, "631"},
	{{.host = "two"}, "2"},
	{{.host = ""}, "4"},
	{{.host = "it's \"5\""}, "5"},
	{{.host = "ONE"}, ""},
	{{.host = "on"}, ""},
	{{.host = "x' OR '1'='1"}, ""},
	{{.runner = "kvm"}, "654321"},
	{{.runner = "native"}, "1"},
	{{.runner = "nativ"}, ""},
	{{.workload = "delay"}, "2"},
	{{.workload = "null"}, "65431"},
	{{.workload = "nul%"}, ""},
	{{.words = "ab"}, "21"},
	{{.words = "a"}, "621"},
	{{.words = "%"}, "6"},
	{{.words = "_c"}, "6"},
	{{.words = "uuid-3"}, "3"},
	{{.words = "UUID"}, ""},
	{{.uuid = "uuid-4"}, "4"},
	{{.uuid = "uuid-"}, ""},
	{{.id = 2}, "2"},
	{{.id = 7}, ""},
	{{.from_unix_ns = 300 * S}, "6543"},
	{{.from_unix_ns = 300 * S + 1}, "654"},
	{{.to_unix_ns = 300 * S}, "21"},
	{{.from_unix_ns = 200 * S, .to_unix_ns = 500 * S}, "432"},
	{{.from_unix_ns = 500 * S, .to_unix_ns = 200 * S}, ""},
	{{.is_unfinished = true}, "6543"},
	{{.is_latest_of_host = true}, "6542"},
	/* The latest of all, and of these what else is asked. */
	{{.is_latest_of_host = true, .host = "one"}, "6"},
	{{.is_latest_of_host = true, .runner = "native"}, ""},
	{{.is_latest_of_host = true, .max_count = 3}, "654+"},
	{{.is_latest_of_host = true, .skip_count = 3, .max_count = 3}, "2"},
	{{.max_count = 2}, "65+"},
	{{.max_count = 2, .skip_count = 2}, "43+"},
	{{.max_count = 2, .skip_count = 4}, "21"},
	{{.max_count = 2, .skip_count = 5}, "1"},
	{{.max_count = 6}, "654321"},
	{{.max_count = 5}, "65432+"},
	{{.max_count = 5, .skip_count = 1}, "54321"},
	{{.skip_count = 4}, "21"},
	{{.skip_count = 100, .max_count = 1}, ""},
	{{.host = "one", .workload = "null", .words = "a", .max_count = 1},
	 "6+"},
};

static void check_cases(struct store *store)
{
	struct strbuf ids = {0};
	struct err err = {0};
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run_list list;

		if (run_list_load(store, &cases[i].filter, &list, &err))
			fail_msg("%s", err.msg);
		for (k = 0; k < list.count; k++)
			strbuf_printf(&ids, "%d", (int)list.lines[k].id);
		strbuf_puts(&ids, list.has_more ? "+" : "");
		if (strcmp(strbuf_str(&ids), cases[i].ids) != 0)
			fail_msg("case %zu finds %s, not %s", i,
				 strbuf_str(&ids), cases[i].ids);
		strbuf_release(&ids);
		run_list_release(&list);
		assert_null(list.lines);
	}
}

static void filters_find_what_they_say(void **state)
{
	struct stored_place *f = *state;

	check_cases(f->store);
	stored_sql(f->store, "DROP INDEX run_by_host; DROP INDEX run_by_start;"
			     "DROP INDEX run_unfinished;"
			     "DROP INDEX series_by_workload");
	check_cases(f->store);
}

static void a_line_tells_of_its_run(void **state)
{
	const struct run_filter first = {.id = 1}, fourth = {.id = 4};
	struct stored_place *f = *state;
	const struct run_line *line;
	struct run_list list;
	struct err err = {0};

	assert_int_equal(run_list_load(f->store, &first, &list, &err), 0);
	line = &list.lines[0];
	assert_string_equal(line->uuid, "uuid-1");
	assert_string_equal(line->host, "one");
	assert_string_equal(line->status, "complete");
	assert_string_equal(line->revision, "abc");
	assert_string_equal(line->runners, "kvm, native");
	assert_string_equal(line->grades, "emulated, hardware");
	assert_string_equal(line->kernel, "6.1");
	assert_string_equal(line->cpu, "Fast");
	assert_int_equal(line->started_unix_ns, 100 * S);
	assert_int_equal(line->ended_unix_ns, 7);
	assert_int_equal(line->scheduled_count, 3);
	assert_int_equal(line->boot_count, 2);
	/* Counted over all of the store, whatever is asked for. */
	assert_int_equal(line->host_run_count, 3);
	assert_false(line->is_lab);
	run_list_release(&list);
	assert_int_equal(run_list_load(f->store, &fourth, &list, &err), 0);
	line = &list.lines[0];
	assert_string_equal(line->host, "");
	assert_string_equal(line->kernel, "");
	assert_string_equal(line->cpu, "");
	assert_int_equal(line->ended_unix_ns, 0);
	assert_int_equal(line->host_run_count, 1);
	run_list_release(&list);
}

static void runs_are_found_by_their_uuid(void **state)
{
	static const char *const wrong[] = {"", "uuid-", "uuid-11", "UUID-1",
					    "' OR 1=1 --"};
	struct stored_place *f = *state;
	struct err err = {0};
	int64_t id;
	size_t i;

	assert_int_equal(run_list_find(f->store, "uuid-3", &id, &err), 0);
	assert_int_equal(id, 3);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(run_list_find(f->store, wrong[i], &id, &err),
				 -ENOENT);
		assert_int_equal(id, 0);
		assert_contains(err.msg, wrong[i]);
	}
}

/* A store that lost a table is no store without runs. */
static void a_broken_store_lists_nothing(void **state)
{
	const struct run_filter all = {.max_count = 0};
	struct stored_place *f = *state;
	struct run_list list;
	struct err err = {0};
	int64_t id;

	stored_sql(f->store,
		   store_is_file(f->place)
			   ? "PRAGMA foreign_keys = OFF; DROP TABLE boot"
			   : "DROP TABLE boot CASCADE");
	assert_int_equal(run_list_load(f->store, &all, &list, &err), -EIO);
	assert_contains(err.msg, "boot");
	assert_null(list.lines);
	stored_sql(f->store, store_is_file(f->place)
				     ? "DROP TABLE run"
				     : "DROP TABLE run CASCADE");
	assert_int_equal(run_list_find(f->store, "uuid-1", &id, &err), -EIO);
	assert_int_equal(store_run_latest(f->store, &id, &err), -EIO);
}

#define WITH_RUNS(test) \
	cmocka_unit_test_setup_teardown(test, setup, stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RUNS(filters_find_what_they_say),
		WITH_RUNS(a_line_tells_of_its_run),
		WITH_RUNS(runs_are_found_by_their_uuid),
		WITH_RUNS(a_broken_store_lists_nothing),
	};

	return RUN_TESTS(tests);
}
