// SPDX-License-Identifier: GPL-3.0-or-later
/* harness/store: what goes in comes out; a full disk loses nothing. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/core/result_field.h"
#include "harness/store/run_data.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char folder[SCRATCH_SIZE];
	char path[64];
	struct store *store;
	int64_t run_id;
};

static const struct run_info info = {.seed = 42,
				     .revision = "abc",
				     .plan_json = "{}",
				     .fingerprint_json = "{\"cpu\":\"x\"}",
				     .probe_json = "{}",
				     .guest_manifest = "sha256 bzImage 0",
				     .is_lab = 1};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};

	scratch_folder(f->folder, "store");
	snprintf(f->path, sizeof(f->path), "%s/a/b.db", f->folder);
	if (store_open(f->path, &f->store, &err) ||
	    store_run_begin(f->store, &info, &f->run_id, &err))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void fill(struct result *res, size_t samples)
{
	struct series *s;
	size_t i;

	result_init(res);
	s = result_add_series(res, "null", "", "ns");
	for (i = 0; i < samples; i++)
		series_add_sample(s)->value = 0.1 * (double)i;
	s = result_add_series(res, "cpu_aes", "", "bytes_per_s");
	s->status = RUN_SKIPPED;
	snprintf(s->reason, sizeof(s->reason), "no AES");
	result_add_phase(res, "init", 5);
	result_add_exit(res)->count = 3;
	res->identity = strdup("a=b\n");
	res->grade = GRADE_HARDWARE;
}

static void what_goes_in_comes_out(void **state)
{
	struct fixture *f = *state;
	struct bench_case bc = {.runner = "kvm", .block = 2};
	struct run_data run;
	struct result res;
	struct err err = {0};

	fill(&res, 3);
	assert_int_equal(
		store_schedule_add(f->store, f->run_id, 0, 2, "kvm", &err), 0);
	assert_int_equal(
		store_result_add(f->store, f->run_id, 0, &bc, &res, &err), 0);
	assert_int_equal(store_run_end(f->store, f->run_id, "complete", &err),
			 0);
	result_release(&res);
	assert_int_equal(run_data_load(f->store, f->run_id, &run, &err), 0);
	assert_string_equal(run.status, "complete");
	assert_int_equal(run.seed, 42);
	assert_true(run.is_lab);
	assert_int_equal(run.scheduled_count, 1);
	assert_int_equal(run.boot_count, 1);
	assert_string_equal(run.boots[0].res.identity, "a=b\n");
	assert_int_equal(run.boots[0].res.grade, GRADE_HARDWARE);
	assert_int_equal(run.boots[0].res.series_count, 2);
	assert_int_equal(run.boots[0].res.series[0].sample_count, 3);
	assert_true(run.boots[0].res.series[0].samples[2].value == 0.1 * 2);
	assert_int_equal(run.boots[0].res.series[1].status, RUN_SKIPPED);
	assert_string_equal(run.boots[0].res.series[1].reason, "no AES");
	assert_int_equal(run.boots[0].res.exits[0].count, 3);
	run_data_release(&run);
	assert_int_equal(run_data_load(f->store, 99, &run, &err), -ENOENT);
}

/* A file as that version made it, with a run in it. */
static void older_file_loses_nothing(struct fixture *f, int version)
{
	struct bench_case bc = {.runner = "kvm"};
	struct run_data run;
	struct result res;
	struct err err = {0};

	fill(&res, 3);
	res.series[0].samples[1].disturbances = DISTURBED_CLOCKS;
	assert_int_equal(
		store_result_add(f->store, f->run_id, 0, &bc, &res, &err), 0);
	result_release(&res);
	stored_downgrade(f->store, version);
	store_close(f->store);
	f->store = NULL;
	/* Reading it is enough to bring it up. */
	assert_int_equal(store_open_readonly(f->path, &f->store, &err), 0);
	assert_int_equal(run_data_load(f->store, f->run_id, &run, &err), 0);
	assert_int_equal(strlen(run.uuid), 32);
	assert_int_equal(run.boots[0].res.series[0].sample_count, 3);
	assert_int_equal(run.boots[0].res.series[0].samples[1].disturbances,
			 DISTURBED_CLOCKS);
	assert_string_equal(run.signer, "");
	run_data_release(&run);
	store_close(f->store);
	assert_int_equal(store_open_readonly(f->path, &f->store, &err), 0);
}

static void files_of_version_3_lose_nothing(void **state)
{
	older_file_loses_nothing(*state, 3);
}

static void files_of_version_4_lose_nothing(void **state)
{
	older_file_loses_nothing(*state, 4);
}

static int count_index(struct store *store)
{
	sqlite3_stmt *s = NULL;
	int count = -1;

	sqlite3_prepare_v2(sql_sqlite_handle(store_handle(store)),
			   "SELECT count(*) FROM sqlite_master"
			   " WHERE name = 'series_by_workload'",
			   -1, &s, NULL);
	if (sqlite3_step(s) == SQLITE_ROW)
		count = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return count;
}

/* Files of this version that were made before there was one. */
static void the_index_comes_with_the_next_writer(void **state)
{
	struct fixture *f = *state;
	struct run_data run;
	struct err err = {0};

	assert_int_equal(count_index(f->store), 1);
	assert_int_equal(sqlite3_exec(sql_sqlite_handle(store_handle(f->store)),
				      "DROP INDEX series_by_workload", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	store_close(f->store);
	assert_int_equal(store_open_readonly(f->path, &f->store, &err), 0);
	assert_int_equal(count_index(f->store), 0);
	assert_int_equal(run_data_load(f->store, f->run_id, &run, &err), 0);
	run_data_release(&run);
	store_close(f->store);
	assert_int_equal(store_open(f->path, &f->store, &err), 0);
	assert_int_equal(count_index(f->store), 1);
}

/* SQLite itself is told that the file may not grow: the same error. */
static void full_disk_keeps_the_result_in_hand(void **state)
{
	struct fixture *f = *state;
	struct bench_case bc = {.runner = "kvm"};
	struct result res;
	struct err err = {0};
	int ret = 0;
	int i;

	sqlite3_exec(sql_sqlite_handle(store_handle(f->store)),
		     "PRAGMA max_page_count = 60", NULL, NULL, NULL);
	for (i = 0; i < 100 && !ret; i++) {
		fill(&res, 200);
		ret = store_result_add(f->store, f->run_id, (uint32_t)i, &bc,
				       &res, &err);
		result_release(&res);
	}
	/* The spare file cannot help against this limit: said, not hidden. */
	assert_int_equal(ret, -EIO);
	assert_non_null(strstr(err.msg, "disk full"));
}

/* A lock that others hold says nothing of the disk. */
static void a_locked_file_is_no_full_disk(void **state)
{
	struct fixture *f = *state;
	struct bench_case bc = {.runner = "kvm"};
	struct result res;
	struct err err = {0};
	sqlite3 *other;

	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	sqlite3_busy_timeout(sql_sqlite_handle(store_handle(f->store)), 10);
	fill(&res, 3);
	assert_int_equal(
		store_result_add(f->store, f->run_id, 0, &bc, &res, &err),
		-EIO);
	assert_non_null(strstr(err.msg, "locked"));
	assert_null(strstr(err.msg, "disk full"));
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	assert_int_equal(
		store_result_add(f->store, f->run_id, 0, &bc, &res, &err), 0);
	result_release(&res);
}

/* Whatever number it carries, it is refused as it was found. */
static void a_foreign_file_is_left_as_it_is(void **state)
{
	static const char *const sql[] = {
		"CREATE TABLE t (x)",
		"CREATE TABLE t (x); PRAGMA user_version = 3",
		"CREATE TABLE t (x); PRAGMA user_version = 4",
		"CREATE TABLE t (x); PRAGMA user_version = 5",
		"PRAGMA user_version = 99",
	};
	struct strbuf before = {0}, after = {0};
	char path[] = "/tmp/foreign-XXXXXX";
	struct store *store;
	struct err err;
	sqlite3 *db;
	size_t i;

	(void)state;
	close(mkstemp(path));
	for (i = 0; i < ARRAY_SIZE(sql); i++) {
		unlink(path);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, sql[i], NULL, NULL, NULL),
				 SQLITE_OK);
		sqlite3_close(db);
		assert_int_equal(file_read(path, MIB, &before), 0);
		assert_int_equal(store_open(path, &store, &err), -EPROTO);
		assert_int_equal(file_read(path, MIB, &after), 0);
		assert_int_equal(before.len, after.len);
		assert_memory_equal(before.str, after.str, before.len);
		strbuf_release(&before);
		strbuf_release(&after);
	}
	unlink(path);
}

/* Not even while it is open: a killed run leaves the database alone. */
static void spare_file_has_no_name(void **state)
{
	struct fixture *f = *state;
	char spare[128];

	snprintf(spare, sizeof(spare), "%s.spare-%d", f->path, (int)getpid());
	assert_int_equal(access(spare, F_OK), -1);
}

static void a_closed_store_is_one_plain_file(void **state)
{
	struct fixture *f = *state;
	char wal[128];

	store_close(f->store);
	f->store = NULL;
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_int_equal(access(wal, F_OK), -1);
	assert_int_equal(access(f->path, F_OK), 0);
}

/* Who reads leaves nothing behind either, and keeps nobody from writing. */
static void a_reader_is_not_noticed(void **state)
{
	struct fixture *f = *state;
	struct store *reader = NULL;
	struct err err = {0};
	char wal[128];
	struct stat st;
	int64_t id;

	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_int_equal(store_open_readonly(f->path, &reader, &err), 0);
	store_close(f->store);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(store_open(f->path, &f->store, &err), 0);
	assert_int_equal(store_run_latest(reader, &id, &err), 0);
	/* Nor can it write. */
	assert_true(store_run_end(reader, id, "failed", &err) < 0);
	store_close(f->store);
	store_close(reader);
	f->store = NULL;
	assert_int_equal(access(wal, F_OK), -1);
	assert_int_equal(store_open_readonly(f->path, &reader, &err), 0);
	store_close(reader);
	assert_int_equal(access(wal, F_OK), -1);
}

/* As somebody who may not write there; root may everywhere. */
static void a_store_is_read_where_nothing_can_be_made(void **state)
{
	struct fixture *f = *state;
	bool is_root = !geteuid();
	struct store *reader = NULL;
	struct err err = {0};
	char folder[48];
	int64_t id = 0;
	int ret;

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(chmod(f->path, 0444), 0);
	snprintf(folder, sizeof(folder), "%s/a", f->folder);
	assert_int_equal(chmod(f->folder, 0755), 0);
	assert_int_equal(chmod(folder, 0555), 0);
	assert_true(!is_root || !seteuid(65534));
	ret = store_open_readonly(f->path, &reader, &err);
	if (!ret)
		ret = store_run_latest(reader, &id, &err);
	store_close(reader);
	assert_true(!is_root || !seteuid(0));
	chmod(folder, 0755);
	assert_int_equal(ret, 0);
	assert_int_equal(id, 1);
}

/* While somebody writes it is of one moment, and needs nothing beside it. */
static void a_copy_is_one_file(void **state)
{
	struct fixture *f = *state;
	struct store *reader = NULL, *copy = NULL;
	struct err err = {0};
	char path[128], wal[160];
	int64_t id;

	snprintf(path, sizeof(path), "%s/copies/of it?.db", f->folder);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(store_open_readonly(f->path, &reader, &err), 0);
	assert_int_equal(store_copy(reader, path, &err), 0);
	assert_int_equal(store_copy(reader, path, &err), -EEXIST);
	assert_true(store_run_end(reader, 1, "failed", &err) < 0);
	store_close(reader);
	assert_int_equal(store_open_readonly(path, &copy, &err), 0);
	assert_int_equal(store_run_latest(copy, &id, &err), 0);
	store_close(copy);
	assert_int_equal(access(wal, F_OK), -1);
}

static void other_files_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	struct err err = {0};
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/text", f->folder);
	assert_int_equal(store_open_readonly(path, &other, &err), -ENOENT);
	file = fopen(path, "w");
	fputs("this is no database at all, but long enough to be read\n", file);
	fclose(file);
	assert_true(store_open_readonly(path, &other, &err) < 0);
	assert_null(other);
	assert_true(store_open(path, &other, &err) < 0);
	assert_null(other);
}

static void empty_file_has_no_latest_run(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	struct err err = {0};
	char path[80];
	int64_t id;

	assert_int_equal(store_run_latest(f->store, &id, &err), 0);
	assert_int_equal(id, f->run_id);
	snprintf(path, sizeof(path), "%s/new.db", f->folder);
	assert_int_equal(store_open(path, &other, &err), 0);
	assert_int_equal(store_run_latest(other, &id, &err), -ENOENT);
	store_close(other);
	/* Its maker was stopped before anything was in it. */
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(store_open_readonly(path, &other, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "holds no run yet"));
	assert_int_equal(store_open(path, &other, &err), 0);
	store_close(other);
}

/* Whoever writes it down: what the emulator gave stays emulated. */
static void the_emulator_is_never_hardware(void **state)
{
	struct bench_case bc = {.runner = "mshv-emu", .paravirt = "identical"};
	struct fixture *f = *state;
	struct err err = {0};
	struct result res;
	sqlite3 *db;

	fill(&res, 2);
	assert_true(store_result_add(f->store, f->run_id, 0, &bc, &res, &err) <
		    0);
	assert_non_null(strstr(err.msg, "mshv-emu is of grade emulated"));
	res.grade = GRADE_EMULATED;
	assert_int_equal(
		store_result_add(f->store, f->run_id, 0, &bc, &res, &err), 0);
	result_release(&res);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db, "UPDATE boot SET runner = 'mshv'",
					  NULL, NULL, NULL),
			     SQLITE_OK);
	assert_int_not_equal(sqlite3_exec(db,
					  "UPDATE boot SET grade = 'hardware'",
					  NULL, NULL, NULL),
			     SQLITE_OK);
	sqlite3_close(db);
}

/* A field of a result that the store had no column for would be lost; a column
 * that no field is in would have no value. */
static void every_field_has_its_column(void **state)
{
	static const struct {
		const char *table;
		const struct result_field *fields;
		int key_count; /* columns of the store's own */
	} tables[] = {{"sample", sample_fields, 3},
		      {"series", series_fields, 2},
		      {"phase", phase_fields, 1},
		      {"exit_ledger", exit_fields, 1},
		      {"figure", figure_fields, 1}};
	struct fixture *f = *state;
	sqlite3 *db = sql_sqlite_handle(store_handle(f->store));
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct result_field *field;
		sqlite3_stmt *stmt = NULL;
		int count = 0;
		char sql[96];

		for (field = tables[i].fields; field->name; field++, count++)
			assert_int_equal(sqlite3_table_column_metadata(
						 db, NULL, tables[i].table,
						 field->name, NULL, NULL, NULL,
						 NULL, NULL),
					 SQLITE_OK);
		snprintf(sql, sizeof(sql), "SELECT * FROM %s", tables[i].table);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
				 SQLITE_OK);
		assert_int_equal(sqlite3_column_count(stmt),
				 tables[i].key_count + count);
		sqlite3_finalize(stmt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_goes_in_comes_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(files_of_version_3_lose_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(files_of_version_4_lose_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_index_comes_with_the_next_writer, setup, teardown),
		cmocka_unit_test_setup_teardown(
			full_disk_keeps_the_result_in_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(a_locked_file_is_no_full_disk,
						setup, teardown),
		cmocka_unit_test(a_foreign_file_is_left_as_it_is),
		cmocka_unit_test_setup_teardown(spare_file_has_no_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_closed_store_is_one_plain_file, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_is_not_noticed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_store_is_read_where_nothing_can_be_made, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_copy_is_one_file, setup,
						teardown),
		cmocka_unit_test_setup_teardown(every_field_has_its_column,
						setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(empty_file_has_no_latest_run,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_emulator_is_never_hardware,
						setup, teardown),
	};

	return RUN_TESTS(tests);
}
