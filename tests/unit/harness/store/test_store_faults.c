// SPDX-License-Identifier: GPL-3.0-or-later
/* store: SQLite fails at each of its steps in turn. What was to be written is
 * there as a whole or not at all, and what is read is right or an error. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/bundle.h"
#include "harness/store/durations.h"
#include "harness/store/history.h"
#include "harness/store/run_data.h"
#include "harness/store/run_list.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/harness/sql_fault.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"

struct fixture {
	char folder[SCRATCH_SIZE];
	struct store *store;
	int64_t run_id; /* the second of two */
	long count, fail_at;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = {0};
	char path[64];
	int i;

	scratch_folder(f->folder, "faults");
	snprintf(path, sizeof(path), "%s/r.db", f->folder);
	if (store_open(path, &f->store, &err))
		return -1;
	for (i = 0; i < 2; i++) {
		f->run_id = stored_run(f->store, "abc", "{\"host\": \"one\"}");
		stored_boot(f->store, f->run_id, 0, "native", "null", 3);
		stored_boot(f->store, f->run_id, 1, "kvm", "null", 5);
	}
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

/* --- what may fail --------------------------------------------------------- */

/* Each begins, or changes, something of the store, and says what it read. */
typedef int operation(struct fixture *f, struct strbuf *said, struct err *err);

static int begin_run(struct fixture *f, struct strbuf *said, struct err *err)
{
	const struct run_info info = {.revision = "new",
				      .plan_json = "{}",
				      .fingerprint_json = "{}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	int64_t id;

	(void)said;
	return store_run_begin(f->store, &info, &id, err);
}

static int plan_boot(struct fixture *f, struct strbuf *said, struct err *err)
{
	(void)said;
	return store_schedule_add(f->store, f->run_id, 2, 1, "kvm", err);
}

static void fill(struct result *res)
{
	struct series *s;
	int i;

	result_init(res);
	for (i = 0; i < 2; i++) {
		s = result_add_series(res, i ? "null" : "delay", "", "ns");
		series_add_sample(s)->value = 1;
		series_add_sample(s)->value = 2;
	}
	result_add_phase(res, "init", 5);
	result_add_exit(res)->count = 3;
	result_add_document(res, "delay", "", "{}");
}

static int add_result(struct fixture *f, struct strbuf *said, struct err *err)
{
	struct bench_case bc = {.runner = "kvm", .block = 1};
	struct result res;
	int ret;

	(void)said;
	fill(&res);
	ret = store_result_add(f->store, f->run_id, 2, &bc, &res, err);
	result_release(&res);
	return ret;
}

static int end_run(struct fixture *f, struct strbuf *said, struct err *err)
{
	(void)said;
	return store_run_end(f->store, f->run_id, "complete", err);
}

static int import_run(struct fixture *f, struct strbuf *said, struct err *err)
{
	const struct run_info info = {.revision = "far",
				      .plan_json = "{}",
				      .fingerprint_json = "{}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	struct bench_case bc = {.runner = "kvm"};
	struct result res;
	int64_t id;
	int ret = store_import_begin(f->store, &info, "0123", "complete", 1, 2,
				     &id, err);

	(void)said;
	if (ret)
		return ret;
	fill(&res);
	ret = store_schedule_add(f->store, id, 0, 0, "kvm", err);
	if (!ret)
		ret = store_import_boot(f->store, id, 0, &bc, &res, err);
	result_release(&res);
	return store_end(f->store, ret, err);
}

static int read_run(struct fixture *f, struct strbuf *said, struct err *err)
{
	struct run_data run;
	int ret = run_data_load(f->store, f->run_id, &run, err);
	size_t i;

	if (ret) {
		assert_null(run.boots);
		assert_null(run.plan);
		return ret;
	}
	strbuf_printf(said, "%s %s %u", run.revision, run.fingerprint,
		      run.scheduled_count);
	for (i = 0; i < run.boot_count; i++) {
		const struct result *res = &run.boots[i].res;

		strbuf_printf(said, "; %s %zu %zu %zu %zu %g %s",
			      run.boots[i].bc.runner, res->series_count,
			      res->phase_count, res->exit_count,
			      res->document_count,
			      res->series[0].samples[0].value, res->identity);
	}
	run_data_release(&run);
	return 0;
}

static int list_runs(struct fixture *f, struct strbuf *said, struct err *err)
{
	const struct run_filter filter = {
		.host = "one", .workload = "null", .is_latest_of_host = true};
	struct run_list list;
	int ret = run_list_load(f->store, &filter, &list, err);
	size_t i;

	if (ret)
		assert_null(list.lines);
	for (i = 0; i < list.count; i++)
		strbuf_printf(said, "%d %s %s; ", (int)list.lines[i].id,
			      list.lines[i].runners, list.lines[i].grades);
	run_list_release(&list);
	return ret;
}

static int find_latest(struct fixture *f, struct strbuf *said, struct err *err)
{
	int64_t id = 0;
	int ret = store_run_latest(f->store, &id, err);

	strbuf_printf(said, "%d", (int)id);
	return ret;
}

static int read_history(struct fixture *f, struct strbuf *said, struct err *err)
{
	const struct history_query q = {
		.workload = "null", .point = "", .runner = "kvm"};
	struct history h;
	int ret = history_load(f->store, &q, &h, err);
	size_t i;

	for (i = 0; i < h.run_count; i++)
		strbuf_printf(said, "%d %s %s %d %zu; ", (int)h.runs[i].id,
			      h.runs[i].revision, h.runs[i].fingerprint,
			      h.runs[i].started_unix_ns != 0, h.runs[i].count);
	history_release(&h);
	return ret;
}

static int read_names(struct fixture *f, struct strbuf *said, struct err *err)
{
	struct history_name *names;
	size_t i, count;
	int ret = history_names(f->store, "kvm", &names, &count, err);

	if (ret)
		assert_null(names);
	for (i = 0; i < count && names; i++)
		strbuf_printf(said, "%s; ", names[i].workload);
	free(names);
	return ret;
}

static void hear_duration(void *arg, const char *runner, const char *workload,
			  uint64_t mean_ns)
{
	strbuf_printf(arg, "%s %s %d; ", runner, workload, (int)mean_ns);
}

/* What was heard before the failure is for nobody. */
static int read_durations(struct fixture *f, struct strbuf *said,
			  struct err *err)
{
	return durations_load(f->store, f->run_id, hear_duration, said, err);
}

static int export_run(struct fixture *f, struct strbuf *said, struct err *err)
{
	char path[64], part[80], buf[4096];
	int n, ret;
	gzFile in;

	snprintf(path, sizeof(path), "%s/bundle", f->folder);
	snprintf(part, sizeof(part), "%s.part", path);
	ret = bundle_export(f->store, f->run_id, NULL, path, err);
	assert_int_equal(access(part, F_OK), -1);
	if (ret) {
		assert_int_equal(access(path, F_OK), -1);
		return ret;
	}
	in = gzopen(path, "rb");
	while ((n = gzread(in, buf, sizeof(buf))) > 0)
		strbuf_add(said, buf, (size_t)n);
	gzclose(in);
	unlink(path);
	return 0;
}

/* The handle reads only from then on, as those do that a copy is made with. */
static int copy_store(struct fixture *f, struct strbuf *said, struct err *err)
{
	struct store *copy;
	struct err ignored;
	char path[64], part[96];
	int64_t id = 0;
	int ret;

	snprintf(path, sizeof(path), "%s/copy.db", f->folder);
	snprintf(part, sizeof(part), "%s.part-%d", path, (int)getpid());
	ret = store_copy(f->store, path, err);
	sqlite3_exec(sql_sqlite_handle(store_handle(f->store)),
		     "PRAGMA query_only = OFF", NULL, NULL, NULL);
	assert_int_equal(access(part, F_OK), -1);
	if (ret) {
		assert_int_equal(access(path, F_OK), -1);
		return ret;
	}
	assert_int_equal(store_open_readonly(path, &copy, &ignored), 0);
	assert_int_equal(store_run_latest(copy, &id, &ignored), 0);
	store_close(copy);
	unlink(path);
	strbuf_printf(said, "%d", (int)id);
	return 0;
}

/* --- how it fails ---------------------------------------------------------- */

/* While a statement is prepared: each thing that it touches. */
static int deny(void *arg, int action, const char *a, const char *b,
		const char *c, const char *d)
{
	struct fixture *f = arg;

	(void)action;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return ++f->count == f->fail_at ? SQLITE_DENY : SQLITE_OK;
}

/* While it runs: each instruction of SQLite's machine. */
static int interrupt(void *arg)
{
	struct fixture *f = arg;

	return ++f->count == f->fail_at;
}

/* Each write and each sync of the database and of its log. */
static struct broken_file {
	sqlite3_file *file;
	const sqlite3_io_methods *real;
	sqlite3_io_methods methods;
} broken[2];
static struct fixture *breaking;

static const sqlite3_io_methods *real_of(const sqlite3_file *file)
{
	return broken[file == broken[1].file].real;
}

static int write_or_fail(sqlite3_file *file, const void *bytes, int len,
			 sqlite3_int64 at)
{
	return ++breaking->count == breaking->fail_at
		       ? SQLITE_IOERR_WRITE
		       : real_of(file)->xWrite(file, bytes, len, at);
}

static int sync_or_fail(sqlite3_file *file, int flags)
{
	return ++breaking->count == breaking->fail_at
		       ? SQLITE_IOERR_FSYNC
		       : real_of(file)->xSync(file, flags);
}

static void break_files(struct fixture *f)
{
	static const int which[] = {SQLITE_FCNTL_FILE_POINTER,
				    SQLITE_FCNTL_JOURNAL_POINTER};
	size_t i;

	breaking = f;
	for (i = 0; i < ARRAY_SIZE(broken); i++) {
		struct broken_file *b = &broken[i];

		assert_int_equal(
			sqlite3_file_control(
				sql_sqlite_handle(store_handle(f->store)),
				"main", which[i], &b->file),
			SQLITE_OK);
		b->real = b->file->pMethods;
		b->methods = *b->real;
		b->methods.xWrite = write_or_fail;
		b->methods.xSync = sync_or_fail;
		b->file->pMethods = &b->methods;
	}
}

static void mend_files(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(broken); i++)
		broken[i].file->pMethods = broken[i].real;
}

enum way { AT_PREPARE, AT_STEP, AT_WRITE, AT_CALL };

static int run_op(struct fixture *f, operation *op, enum way way,
		  struct strbuf *said, struct err *err)
{
	struct sql *real = store_handle(f->store);
	sqlite3 *db = sql_sqlite_handle(real);
	int ret;

	strbuf_release(said);
	memset(err, 0, sizeof(*err));
	f->count = 0;
	if (way == AT_PREPARE)
		sqlite3_set_authorizer(db, deny, f);
	else if (way == AT_STEP)
		sqlite3_progress_handler(db, 1, interrupt, f);
	else if (way == AT_WRITE)
		break_files(f);
	else
		f->store->db = sql_fault_create(real, &f->fail_at, &f->count);
	ret = op(f, said, err);
	sqlite3_set_authorizer(db, NULL, NULL);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	if (way == AT_WRITE)
		mend_files();
	if (way == AT_CALL)
		sql_fault_destroy(f->store->db);
	f->store->db = real;
	return ret;
}

static int64_t count_rows(struct fixture *f)
{
	return store_scalar(f->store,
			    "SELECT (SELECT count(*) FROM run)"
			    " + 10 * (SELECT count(*) FROM boot)"
			    " + 100 * (SELECT count(*) FROM sample)"
			    " + 1000 * (SELECT count(*) FROM series)"
			    " + 10000 * (SELECT count(*) FROM schedule)"
			    " + 100000 * (SELECT count(*) FROM phase)"
			    " + 1000000 * (SELECT count(*) FROM exit_ledger)"
			    " + 10000000 * (SELECT count(*) FROM document)"
			    " + 100000000 * (SELECT count(*) FROM run"
			    "                WHERE status = 'running')"
			    " + 1000000000 * (SELECT count(*) FROM figure)",
			    -1);
}

/* What a test wrote goes, behind the two runs of its setup. */
static void take_back(struct fixture *f)
{
	stored_sql(f->store, "DELETE FROM sample WHERE series_id > 4;"
			     "DELETE FROM figure WHERE series_id > 4;"
			     "DELETE FROM series WHERE id > 4;"
			     "DELETE FROM phase WHERE boot_id > 4;"
			     "DELETE FROM exit_ledger WHERE boot_id > 4;"
			     "DELETE FROM document WHERE boot_id > 4;"
			     "DELETE FROM boot WHERE id > 4;"
			     "DELETE FROM schedule WHERE position > 1"
			     " OR run_id > 2;"
			     "DELETE FROM run WHERE id > 2;"
			     "UPDATE run SET status = 'running'");
}

/* Until a place is reached at which nothing fails any more; how many did. */
static long fail_everywhere(struct fixture *f, operation *op, enum way way,
			    const char *want, const char *name)
{
	int64_t before = count_rows(f);
	struct strbuf said = {0};
	long failed = 0;
	struct err err;

	for (f->fail_at = 1;; f->fail_at++) {
		int ret = run_op(f, op, way, &said, &err);

		assert_true(sqlite3_get_autocommit(
			sql_sqlite_handle(store_handle(f->store))));
		if (ret) {
			failed++;
			/* Nothing else: that a run is absent is no excuse. */
			if (ret != -EIO || err.code != ret)
				fail_msg("%s: failure %ld is '%s'", name,
					 f->fail_at, err.msg);
			if (count_rows(f) != before)
				fail_msg("%s: failure %ld left something: %s",
					 name, f->fail_at, err.msg);
			continue;
		}
		if (want && strcmp(strbuf_str(&said), want) != 0)
			fail_msg("%s: failure %ld gave '%s'", name, f->fail_at,
				 strbuf_str(&said));
		if (f->count < f->fail_at)
			break;
		/* It got by without what failed, and did it all. */
		if (!want)
			take_back(f);
	}
	strbuf_release(&said);
	return failed;
}

static const struct {
	const char *name;
	operation *op;
} writers[] = {
	{"begin_run", begin_run},   {"plan_boot", plan_boot},
	{"add_result", add_result}, {"end_run", end_run},
	{"import_run", import_run},
};

static const struct {
	const char *name;
	operation *op;
} readers[] = {
	{"read_run", read_run},       {"list_runs", list_runs},
	{"find_latest", find_latest}, {"read_history", read_history},
	{"read_names", read_names},   {"read_durations", read_durations},
	{"export_run", export_run},
};

static void write_everywhere(struct fixture *f, enum way way)
{
	int64_t before = count_rows(f);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		if (!fail_everywhere(f, writers[i].op, way, NULL,
				     writers[i].name))
			fail_msg("%s cannot fail", writers[i].name);
		assert_int_not_equal(count_rows(f), before);
		take_back(f);
		assert_int_equal(count_rows(f), before);
	}
}

static void no_statement_leaves_half_a_result(void **state)
{
	write_everywhere(*state, AT_PREPARE);
}

/* The spare file is for a disk that is full, which each failure looks like. */
static void no_write_leaves_half_a_result(void **state)
{
	struct fixture *f = *state;

	store_spare_remove(f->store);
	write_everywhere(f, AT_WRITE);
}

static void no_call_leaves_half_a_result(void **state)
{
	struct fixture *f = *state;

	store_spare_remove(f->store);
	write_everywhere(f, AT_CALL);
}

static void a_failed_write_is_made_good_by_the_spare(void **state)
{
	struct fixture *f = *state;
	int64_t before = count_rows(f), added;
	struct strbuf said = {0};
	struct err err;

	f->fail_at = 1;
	assert_int_equal(run_op(f, add_result, AT_WRITE, &said, &err), -ENOSPC);
	/* There is room. */
	assert_non_null(strstr(err.msg, "the disk is full or fails"));
	added = count_rows(f) - before;
	/* A boot, four samples, two series with figures and one of each other. */
	assert_int_equal(added, 2011102000 + 410);
	assert_int_equal(f->store->spare_fd, -1);
	take_back(f);
	/* Once: the next one is lost, and says so. */
	assert_int_equal(run_op(f, add_result, AT_WRITE, &said, &err), -EIO);
	assert_int_equal(count_rows(f), before);
}

static void read_everywhere(struct fixture *f, enum way way)
{
	struct strbuf want = {0};
	struct err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(readers); i++) {
		f->fail_at = 0;
		if (run_op(f, readers[i].op, way, &want, &err))
			fail_msg("%s: %s", readers[i].name, err.msg);
		assert_int_not_equal(want.len, 0);
		if (!fail_everywhere(f, readers[i].op, way, want.str,
				     readers[i].name))
			fail_msg("%s cannot fail", readers[i].name);
	}
	strbuf_release(&want);
}

static void no_statement_reads_half_of_it(void **state)
{
	read_everywhere(*state, AT_PREPARE);
}

static void no_step_reads_half_of_it(void **state)
{
	read_everywhere(*state, AT_STEP);
}

static void no_call_reads_half_of_it(void **state)
{
	read_everywhere(*state, AT_CALL);
}

/* Each of its steps would take as long as a copy; its statements are few. */
static void a_copy_is_whole_or_absent(void **state)
{
	assert_true(fail_everywhere(*state, copy_store, AT_PREPARE, "2",
				    "copy_store") > 2);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(no_statement_leaves_half_a_result),
		WITH_STORE(no_write_leaves_half_a_result),
		WITH_STORE(no_call_leaves_half_a_result),
		WITH_STORE(a_failed_write_is_made_good_by_the_spare),
		WITH_STORE(no_statement_reads_half_of_it),
		WITH_STORE(no_step_reads_half_of_it),
		WITH_STORE(no_call_reads_half_of_it),
		WITH_STORE(a_copy_is_whole_or_absent),
	};

	return RUN_TESTS(tests);
}
