// SPDX-License-Identifier: GPL-3.0-or-later
/* store: opening fails at each of its steps, on files that are new, old,
 * damaged, or opened by many at once; no file is worse for it. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/store/run_data.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"

static char folder[SCRATCH_SIZE], db[64];

static int setup(void **state)
{
	(void)state;
	scratch_folder(folder, "open");
	snprintf(db, sizeof(db), "%s/r.db", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

/* One run of two boots, and nobody has it open. */
static void make_store(void)
{
	struct store *store;
	struct err err = {0};
	int64_t id;

	assert_int_equal(store_open(db, &store, &err), 0);
	id = stored_run(store, "abc", "{}");
	stored_boot(store, id, 0, "native", "null", 3);
	stored_boot(store, id, 1, "kvm", "null", 5);
	store_close(store);
}

/* As that version would have left it. */
static void make_older(int version)
{
	struct store *store;
	struct err err = {0};

	make_store();
	assert_int_equal(store_open(db, &store, &err), 0);
	stored_downgrade(store, version);
	store_close(store);
}

static void must_hold_the_run(struct store *store)
{
	struct run_data run;
	struct err err = {0};

	if (run_data_load(store, 1, &run, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(strlen(run.uuid), 32);
	assert_int_equal(run.boot_count, 2);
	assert_true(run.boots[1].res.series[0].samples[0].value == 5);
	assert_int_equal(store_scalar(store,
				      "SELECT count(*) FROM figure WHERE"
				      " sample_count = 1 AND median IN (3, 5)",
				      0),
			 2);
	run_data_release(&run);
}

/* --- SQLite fails while a file is opened ----------------------------------- */

/* Counted over all handles that are opened meanwhile. */
static long step_count, fail_at;

static int deny(void *arg, int action, const char *a, const char *b,
		const char *c, const char *d)
{
	(void)arg;
	(void)action;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return ++step_count == fail_at ? SQLITE_DENY : SQLITE_OK;
}

static int on_open(sqlite3 *handle, char **why,
		   const struct sqlite3_api_routines *api)
{
	(void)why;
	(void)api;
	return sqlite3_set_authorizer(handle, deny, NULL);
}

typedef int opener(const char *path, struct store **out, struct err *err);

static int open_failing(opener *open, struct store **store, struct err *err)
{
	int ret;

	step_count = 0;
	sqlite3_auto_extension((void (*)(void))on_open);
	ret = open(db, store, err);
	sqlite3_reset_auto_extension();
	if (!ret)
		sqlite3_set_authorizer(sql_sqlite_handle(store_handle(*store)),
				       NULL, NULL);
	return ret;
}

static void remove_store(void)
{
	char path[80];

	unlink(db);
	snprintf(path, sizeof(path), "%s-wal", db);
	unlink(path);
	snprintf(path, sizeof(path), "%s-shm", db);
	unlink(path);
}

/* From FILE each time, or from none; how often it could not be opened. */
static long fail_each_step(const struct strbuf *file, opener *open)
{
	struct store *store = NULL;
	struct err err;
	long failed = 0;

	/* Each of the first, and then fewer: an upgrade has thousands. */
	for (fail_at = 1;; fail_at += 1 + fail_at / 4) {
		int ret;

		memset(&err, 0, sizeof(err));
		if (file)
			assert_int_equal(
				file_write(db, file->str, file->len, &err), 0);
		ret = open_failing(open, &store, &err);
		if (ret && ret != -EIO)
			fail_msg("step %ld: %d, %s", fail_at, ret, err.msg);
		failed += ret != 0;
		/* Whether it failed or not, the next one finds all in order. */
		if (!ret)
			store_close(store);
		if (store_open(db, &store, &err))
			fail_msg("behind step %ld: %s", fail_at, err.msg);
		if (file)
			must_hold_the_run(store);
		assert_int_equal(store_scalar(store, "PRAGMA user_version", 0),
				 STORE_SCHEMA_VERSION);
		store_close(store);
		remove_store();
		if (!ret && step_count < fail_at)
			return failed;
	}
}

static void a_new_file_is_made_or_not_begun(void **state)
{
	(void)state;
	assert_true(fail_each_step(NULL, store_open) > 10);
}

static void an_older_file_is_brought_up_or_left(void **state)
{
	struct strbuf file = {0};
	int version;

	(void)state;
	for (version = 3; version < STORE_SCHEMA_VERSION; version++) {
		make_older(version);
		file.len = 0;
		assert_int_equal(file_read(db, 4 * MIB, &file), 0);
		assert_true(fail_each_step(&file, store_open) > 10);
		assert_true(fail_each_step(&file, store_open_readonly) > 10);
	}
	strbuf_release(&file);
}

static void a_reader_that_fails_changes_nothing(void **state)
{
	struct strbuf file = {0};

	(void)state;
	make_store();
	assert_int_equal(file_read(db, 4 * MIB, &file), 0);
	assert_true(fail_each_step(&file, store_open_readonly) > 0);
	strbuf_release(&file);
}

/* --- what else may be wrong ------------------------------------------------ */

/* The kernel allows files of a MiB; the spare one would be larger. */
static void without_room_nothing_is_made(void **state)
{
	const struct rlimit one = {MIB, RLIM_INFINITY};
	struct store *store = NULL;
	struct rlimit before;
	struct err err = {0};
	int ret;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &one), 0);
	ret = store_open(db, &store, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(ret, -EFBIG);
	assert_contains(err.msg, db);
	assert_contains(err.msg, "4 MiB");
	assert_int_equal(access(db, F_OK), -1);
	assert_null(store);
}

static void places_that_are_none_are_named(void **state)
{
	char path[96];
	struct store *store = NULL;
	struct err err = {0};

	(void)state;
	make_store();
	snprintf(path, sizeof(path), "%s/below.db", db);
	assert_int_equal(store_open(path, &store, &err), -ENOTDIR);
	assert_int_equal(store_open_readonly(path, &store, &err), -ENOTDIR);
	assert_int_equal(store_open(folder, &store, &err), -EIO);
	assert_contains(err.msg, folder);
	assert_int_equal(store_open_readonly(folder, &store, &err), -EIO);
	/* It is a file's name, whatever SQLite makes of it: nothing else is kept. */
	assert_int_equal(store_open("", &store, &err), -EINVAL);
	assert_int_equal(store_open_readonly("", &store, &err), -ENOENT);
	assert_null(store);
}

static void special_names_are_files_too(void **state)
{
	static const char *const names[] = {":memory:",
					    "file:r.db?mode=memory"};
	char *home = realpath(".", NULL);
	struct store *store;
	struct err err = {0};
	size_t i;

	(void)state;
	assert_int_equal(chdir(folder), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(store_open(names[i], &store, &err), 0);
		stored_run(store, "abc", "{}");
		store_close(store);
		assert_int_equal(access(names[i], F_OK), 0);
		assert_int_equal(store_open_readonly(names[i], &store, &err),
				 0);
		assert_int_equal(
			store_scalar(store, "SELECT count(*) FROM run", 0), 1);
		store_close(store);
	}
	assert_int_equal(chdir(home), 0);
	free(home);
}

struct thread_open {
	pthread_t thread;
	pthread_barrier_t *start; /* for all to meet in the same call */
	struct store *store;
	struct err err;
	int ret;
};

static void *open_in_thread(void *arg)
{
	struct thread_open *t = arg;

	pthread_barrier_wait(t->start);
	t->ret = store_open(db, &t->store, &t->err);
	return NULL;
}

static void open_at_once(void)
{
	struct thread_open threads[6];
	pthread_barrier_t start;
	size_t i;

	memset(threads, 0, sizeof(threads));
	pthread_barrier_init(&start, NULL, ARRAY_SIZE(threads));
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		threads[i].start = &start;
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i].thread, NULL,
						open_in_thread, &threads[i]),
				 0);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i].thread, NULL);
	pthread_barrier_destroy(&start);
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		if (threads[i].ret)
			fail_msg("%s", threads[i].err.msg);
		stored_run(threads[i].store, "r", "{}");
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		store_close(threads[i].store);
}

static void many_open_it_at_once(void **state)
{
	struct store *store;
	struct err err = {0};

	int round;

	(void)state;
	/* The moment in which two of them meet is short. */
	for (round = 0; round < 20; round++) {
		remove_store();
		open_at_once();
	}
	assert_int_equal(store_open_readonly(db, &store, &err), 0);
	assert_int_equal(store_scalar(store, "SELECT count(*) FROM run", -1),
			 6);
	store_close(store);
	remove_store();
	make_older(3);
	open_at_once();
	assert_int_equal(store_open_readonly(db, &store, &err), 0);
	must_hold_the_run(store);
	assert_int_equal(store_scalar(store, "SELECT count(*) FROM run", -1),
			 7);
	store_close(store);
}

/* Whatever becomes of it: an answer or an error, and the file as it is. */
static void read_damaged(const struct strbuf *bytes)
{
	struct strbuf after = {0};
	struct store *store;
	struct run_data run;
	struct err err = {0};

	assert_int_equal(file_write(db, bytes->str, bytes->len, &err), 0);
	if (store_open_readonly(db, &store, &err))
		return;
	if (!run_data_load(store, 1, &run, &err))
		run_data_release(&run);
	store_close(store);
	assert_int_equal(file_read(db, 4 * MIB, &after), 0);
	assert_int_equal(after.len, bytes->len);
	assert_memory_equal(after.str, bytes->str, bytes->len);
	strbuf_release(&after);
}

static void damaged_files_do_no_harm(void **state)
{
	struct strbuf whole = {0}, cut = {0};
	uint32_t random = 1;
	size_t i, k;

	(void)state;
	make_store();
	assert_int_equal(file_read(db, 4 * MIB, &whole), 0);
	for (i = 0; i < whole.len; i += whole.len / 37) {
		strbuf_add(&cut, whole.str, i);
		/* Not of the older version, which is brought up. */
		if (i > 100)
			read_damaged(&cut);
		strbuf_release(&cut);
	}
	for (i = 0; i < 150; i++) {
		strbuf_add(&cut, whole.str, whole.len);
		for (k = 0; k < 20; k++) {
			random = random * 1664525 + 1013904223;
			/* Behind the header. */
			cut.str[100 + (random >> 8) % (cut.len - 100)] ^=
				(char)(1 << (random & 7));
		}
		read_damaged(&cut);
		strbuf_release(&cut);
	}
	strbuf_release(&whole);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_new_file_is_made_or_not_begun),
		IN_FOLDER(an_older_file_is_brought_up_or_left),
		IN_FOLDER(a_reader_that_fails_changes_nothing),
		IN_FOLDER(without_room_nothing_is_made),
		IN_FOLDER(places_that_are_none_are_named),
		IN_FOLDER(special_names_are_files_too),
		IN_FOLDER(many_open_it_at_once),
		IN_FOLDER(damaged_files_do_no_harm),
	};

	return RUN_TESTS(tests);
}
