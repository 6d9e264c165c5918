// SPDX-License-Identifier: GPL-3.0-or-later
/* stores: handles that are lent, given back, waited for and thrown away. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "harness/serve/stores.h"
#include "harness/store/run_list.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"
#include "tests/unit/fixture/scratch.h"

#define READERS 8 /* as many as are lent at once */
#define MARK 77   /* of a handle: an odd size of its cache */

struct fixture {
	char folder[SCRATCH_SIZE], db[64];
	struct stores *stores;
};

/* A store with RUN_COUNT runs, which nobody has open any more. */
static void make_store(const char *path, int run_count)
{
	struct store *store;
	struct err err = {0};
	int i;

	if (store_open(path, &store, &err))
		fail_msg("%s", err.msg);
	for (i = 0; i < run_count; i++)
		stored_run(store, "r", "{}");
	store_close(store);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	scratch_folder(f->folder, "stores");
	snprintf(f->db, sizeof(f->db), "%s/r.db", f->folder);
	make_store(f->db, 1);
	f->stores = stores_create(f->db);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	stores_destroy(f->stores);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void take(struct fixture *f, struct lease *lease)
{
	struct err err = {0};

	if (stores_take(f->stores, lease, &err))
		fail_msg("%s", err.msg);
	assert_non_null(lease->store);
}

static size_t count_runs(struct store *store)
{
	const struct run_filter all = {.max_count = 0};
	struct run_list list;
	struct err err = {0};
	size_t count;

	if (run_list_load(store, &all, &list, &err))
		fail_msg("%s", err.msg);
	count = list.count;
	run_list_release(&list);
	return count;
}

static void mark(struct store *store)
{
	stored_sql(store, "PRAGMA cache_size = 77");
}

static bool is_marked(struct store *store)
{
	return store_scalar(store, "PRAGMA cache_size", 0) == MARK;
}

static void sound_handles_are_lent_again(void **state)
{
	struct fixture *f = *state;
	struct lease lease, other;

	take(f, &lease);
	mark(lease.store);
	stores_give(f->stores, &lease, true);
	assert_null(lease.store);
	take(f, &lease);
	assert_true(is_marked(lease.store));
	/* While it is lent another one is opened. */
	take(f, &other);
	assert_false(is_marked(other.store));
	assert_int_equal(count_runs(other.store), 1);
	stores_give(f->stores, &other, true);
	/* What failed once is not lent again. */
	stores_give(f->stores, &lease, false);
	take(f, &lease);
	assert_false(is_marked(lease.store));
	stores_give(f->stores, &lease, true);
}

struct waiter {
	struct fixture *f;
	struct lease lease;
	int ret;
	atomic_bool has_begun;
};

static void *wait_for_one(void *arg)
{
	struct waiter *w = arg;
	struct err err = {0};

	atomic_store(&w->has_begun, true);
	w->ret = stores_take(w->f->stores, &w->lease, &err);
	return NULL;
}

static void the_next_one_waits_for_a_turn(void **state)
{
	struct waiter w = {.f = *state, .ret = -1};
	struct lease leases[READERS];
	pthread_t thread;
	size_t i;

	for (i = 0; i < READERS; i++)
		take(w.f, &leases[i]);
	mark(leases[3].store);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_one, &w), 0);
	while (!atomic_load(&w.has_begun))
		usleep(100);
	usleep(5000); /* so that it waits, most likely */
	stores_give(w.f->stores, &leases[3], true);
	pthread_join(thread, NULL);
	assert_int_equal(w.ret, 0);
	assert_true(is_marked(w.lease.store));
	stores_give(w.f->stores, &w.lease, true);
	for (i = 0; i < READERS; i++)
		if (i != 3)
			stores_give(w.f->stores, &leases[i], true);
	/* All of them are here again. */
	for (i = 0; i < READERS; i++)
		take(w.f, &leases[i]);
	for (i = 0; i < READERS; i++)
		stores_give(w.f->stores, &leases[i], true);
}

static void another_file_is_another_store(void **state)
{
	struct fixture *f = *state;
	struct lease before, lease;
	uint64_t generation = stores_generation(f->stores);
	char other[80];

	snprintf(other, sizeof(other), "%s/other.db", f->folder);
	make_store(other, 3);
	take(f, &lease);
	stores_give(f->stores, &lease, true);
	take(f, &before);
	mark(before.store);
	assert_int_equal(rename(other, f->db), 0);
	take(f, &lease);
	assert_int_equal(count_runs(lease.store), 3);
	assert_int_not_equal(lease.file, before.file);
	assert_int_not_equal(stores_generation(f->stores), generation);
	/* Who reads the old file reads on; then nobody does. */
	assert_int_equal(count_runs(before.store), 1);
	stores_give(f->stores, &lease, true);
	stores_give(f->stores, &before, true);
	take(f, &lease);
	assert_false(is_marked(lease.store));
	assert_int_equal(count_runs(lease.store), 3);
	stores_give(f->stores, &lease, true);
}

static void a_failure_takes_no_turn(void **state)
{
	struct fixture *f = *state;
	struct lease leases[READERS];
	struct store *writer;
	struct err err = {0};
	size_t i;

	take(f, &leases[0]);
	stores_give(f->stores, &leases[0], true);
	assert_int_equal(store_open(f->db, &writer, &err), 0);
	stored_sql(writer, "PRAGMA user_version = 99");
	/* The handle that waits is looked at again before it is lent. */
	for (i = 0; i < 2 * READERS; i++) {
		assert_int_equal(stores_take(f->stores, &leases[0], &err),
				 -EPROTO);
		assert_null(leases[0].store);
	}
	assert_contains(err.msg, "schema 99");
	stored_sql(writer, "PRAGMA user_version = 5");
	store_close(writer);
	for (i = 0; i < READERS; i++)
		take(f, &leases[i]);
	for (i = 0; i < READERS; i++)
		stores_give(f->stores, &leases[i], true);
	assert_int_equal(unlink(f->db), 0);
	for (i = 0; i < 2 * READERS; i++)
		assert_int_equal(stores_take(f->stores, &leases[0], &err),
				 -ENOENT);
	make_store(f->db, 2);
	take(f, &leases[0]);
	assert_int_equal(count_runs(leases[0].store), 2);
	stores_give(f->stores, &leases[0], true);
}

static void generations_change_with_each_write(void **state)
{
	struct fixture *f = *state;
	uint64_t seen = stores_generation(f->stores), now;
	struct store *writer;
	struct lease lease;
	struct err err = {0};
	int i;

	assert_int_not_equal(seen, 0);
	assert_int_equal(store_open(f->db, &writer, &err), 0);
	seen = stores_generation(f->stores);
	for (i = 0; i < 3; i++) {
		/* Reading is no write. */
		take(f, &lease);
		assert_int_equal(count_runs(lease.store), 1 + i);
		stores_give(f->stores, &lease, true);
		assert_int_equal(stores_generation(f->stores), seen);
		stored_run(writer, "r", "{}");
		now = stores_generation(f->stores);
		assert_int_not_equal(now, seen);
		assert_int_not_equal(now, 0);
		seen = now;
	}
	/* What is not committed is not there yet. */
	stored_sql(writer, "BEGIN IMMEDIATE; UPDATE run SET seed = 5");
	assert_int_equal(stores_generation(f->stores), seen);
	stored_sql(writer, "ROLLBACK");
	assert_int_equal(stores_generation(f->stores), seen);
	store_close(writer);
}

static void an_unknown_generation_is_none(void **state)
{
	struct fixture *f = *state;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA locking_mode = EXCLUSIVE;"
				      "BEGIN EXCLUSIVE",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(stores_generation(f->stores), 0);
	sqlite3_close(db);
	assert_int_not_equal(stores_generation(f->stores), 0);
	assert_int_equal(unlink(f->db), 0);
	assert_int_equal(stores_generation(f->stores), 0);
	make_store(f->db, 1);
	assert_int_not_equal(stores_generation(f->stores), 0);
	stores_destroy(NULL);
}

#define WITH_STORES(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORES(sound_handles_are_lent_again),
		WITH_STORES(the_next_one_waits_for_a_turn),
		WITH_STORES(another_file_is_another_store),
		WITH_STORES(a_failure_takes_no_turn),
		WITH_STORES(generations_change_with_each_write),
		WITH_STORES(an_unknown_generation_is_none),
	};

	return RUN_TESTS(tests);
}
