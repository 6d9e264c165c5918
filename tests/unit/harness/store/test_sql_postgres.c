// SPDX-License-Identifier: GPL-3.0-or-later
/* sql_postgres: addresses, texts and tables without a server; with one in
 * L1VH_TEST_POSTGRES, connections that are lost. tests/system/postgres has both. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/base/err.h"
#include "harness/store/schema.h"
#include "harness/store/schema_postgres.h"
#include "harness/store/sql.h"
#include "harness/store/sql_postgres.h"
#include "harness/store/sql_postgres_priv.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/stored.h"

static void addresses_are_told_from_paths(void **state)
{
	(void)state;
	assert_false(store_is_file("postgresql://h/d"));
	assert_false(store_is_file("postgres://h/d"));
	assert_true(store_is_file("postgresql"));
	assert_true(store_is_file("results/l1vh.db"));
	assert_true(store_is_file("./postgres://h"));
}

static void nobody_is_shown_a_password(void **state)
{
	static const struct {
		const char *url, *shown;
	} rows[] = {
		{"postgresql://u:secret@db.example:5433/l1vh",
		 "postgresql://db.example:5433/l1vh"},
		{"postgres://db/l1vh?password=secret&user=u",
		 "postgresql://db/l1vh"},
		{"postgresql://%2Frun%2Fpg/l1vh",
		 "postgresql://%2Frun%2Fpg/l1vh"},
		/* An '@' of the password looks like the one before a host. */
		{"postgresql://u:a@secret@db/l1vh", "postgresql://?"},
		{"postgresql://u:a@db:secret@db/l1vh", "postgresql://?"},
		{"postgresql://[secret", "postgresql://?"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *shown = store_shown(rows[i].url);

		assert_string_equal(shown, rows[i].shown);
		free(shown);
	}
}

/* Of a server that is not there, and of an address that is none. */
static void nor_in_a_failure(void **state)
{
	static const struct {
		const char *url;
		int error;
	} rows[] = {
		{"postgresql://u:geheim@%2Fnowhere/geheim", -EIO},
		{"postgresql://u@%2Fnowhere/x?password=geheim", -EIO},
		{"postgresql://u:geheim@h/d?geheim", -EINVAL},
		{"postgresql://[geheim", -EINVAL},
		{"postgresql://u:a@geheim@h/d", -EINVAL},
	};
	struct store *store;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(
			store_open_impatient(rows[i].url, 0, &store, &err),
			rows[i].error);
		/* The first is a database of that name as well. */
		if (i)
			assert_null(strstr(err.msg, "geheim"));
		assert_null(strstr(err.msg, ":geheim"));
		assert_contains(err.msg, "cannot open");
	}
}

static void what_is_no_text_is_replaced(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"\303\251 \342\202\254 \360\237\230\200",
		 "\303\251 \342\202\254 \360\237\230\200"},
		{"a\377b", "a\357\277\275b"},
		{"\303", "\357\277\275"},                 /* cut short */
		{"\300\257", "\357\277\275\357\277\275"}, /* too long */
		{"\355\240\200", "\357\277\275\357\277\275\357\277\275"},
		{"\364\220\200\200x",
		 "\357\277\275\357\277\275\357\277\275\357\277\275x"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *copy;

		assert_string_equal(pg_text(rows[i].text, &copy), rows[i].want);
		assert_int_equal(copy != NULL,
				 strcmp(rows[i].text, rows[i].want) != 0);
		free(copy);
	}
}

/* Every table of the one is in the other, and no word of the one is left. */
static void the_tables_are_translated(void **state)
{
	static const char *const left[] = {"INTEGER", " REAL ", "ROWID",
					   "VIRTUAL", "/*"};
	char *sql = schema_postgres_sql();
	const char *at = schema_sql;
	int count = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(left); i++)
		assert_null(strstr(sql, left[i]));
	while ((at = strstr(at, "CREATE TABLE ")) != NULL) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(at + 13, "(") + 14, at);
		assert_non_null(strstr(sql, name));
		at++;
		count++;
	}
	assert_int_equal(count, 10);
	free(sql);
	sql = schema_postgres_upgrade_sql();
	assert_contains(sql, "ADD COLUMN signer TEXT COLLATE \"C\"");
	assert_contains(sql, "version = 5");
	free(sql);
}

/* --- with a server --------------------------------------------------------- */

static bool is_on_server(const struct stored_place *p)
{
	if (store_is_file(p->place))
		print_message("SKIP: L1VH_TEST_POSTGRES names no server\n");
	return !store_is_file(p->place);
}

/* All connections to this database but that of STORE. */
static void end_others(struct store *store)
{
	assert_int_not_equal(
		store_scalar(store,
			     "SELECT count(pg_terminate_backend(pid, 5000))"
			     " FROM pg_stat_activity WHERE datname ="
			     " current_database() AND pid <> pg_backend_pid()",
			     0),
		0);
}

static void a_reader_comes_back(void **state)
{
	struct stored_place *p = *state;
	struct store *reader;
	struct err err = {0};
	int64_t id;

	if (!is_on_server(p))
		return;
	stored_run(p->store, "r", "{}");
	assert_int_equal(store_open_readonly(p->place, &reader, &err), 0);
	end_others(p->store);
	assert_int_equal(store_run_latest(reader, &id, &err), 0);
	assert_int_equal(id, 1);
	/* It still writes nothing. */
	assert_int_equal(store_run_end(reader, 1, "failed", &err), -EIO);
	assert_contains(err.msg, "read-only");
	store_close(reader);
}

static void a_moment_that_is_lost_is_an_error(void **state)
{
	struct stored_place *p = *state;
	struct sql_stmt *s;
	struct store *reader;
	struct err err = {0};
	struct sql *db;

	if (!is_on_server(p))
		return;
	assert_int_equal(store_open_readonly(p->place, &reader, &err), 0);
	db = store_handle(reader);
	assert_int_equal(sql_begin_to_read(db), 0);
	assert_int_equal(sql_prepare(db, "SELECT count(*) FROM run", &s), 0);
	assert_int_equal(sql_step(s), 1);
	sql_reset(s);
	end_others(p->store);
	assert_int_equal(sql_step(s), -ECONNRESET);
	sql_finalize(s);
	sql_rollback(db);
	assert_int_equal(sql_begin_to_read(db), 0);
	assert_int_equal(sql_commit(db), 0);
	store_close(reader);
}

/* Nothing is written twice, and the next result finds the server again. */
static void a_writer_goes_on_with_the_next_result(void **state)
{
	struct stored_place *p = *state;
	struct store *other;
	struct err err = {0};
	int64_t id;

	if (!is_on_server(p))
		return;
	id = stored_run(p->store, "r", "{}");
	stored_boot(p->store, id, 0, "kvm", "null", 1);
	assert_int_equal(store_open(p->place, &other, &err), 0);
	assert_int_equal(sql_begin_to_write(p->store->db), 0);
	assert_int_equal(sql_exec(p->store->db, "DELETE FROM document"), 0);
	end_others(other);
	assert_int_equal(sql_commit(p->store->db), -ECONNRESET);
	sql_rollback(p->store->db);
	stored_boot(p->store, id, 1, "kvm", "null", 1);
	assert_int_equal(
		store_scalar(other, "SELECT count(*) FROM document", 0), 2);
	store_close(other);
}

/* The end of a prepared statement, which tells nobody, is the first to notice. */
static void nothing_follows_without_its_transaction(void **state)
{
	struct stored_place *p = *state;
	struct sql *db = p->store->db;
	struct store *other;
	struct sql_stmt *s;
	struct err err = {0};
	int64_t id;
	int i;

	if (!is_on_server(p))
		return;
	id = stored_run(p->store, "r", "{}");
	stored_boot(p->store, id, 0, "kvm", "null", 1);
	assert_int_equal(store_open(p->place, &other, &err), 0);
	assert_int_equal(sql_begin_to_write(db), 0);
	assert_int_equal(
		sql_prepare(db, "DELETE FROM phase WHERE boot_id = ?", &s), 0);
	for (i = 0; i < 2; i++) {
		sql_bind_int64(s, 1, i);
		assert_int_equal(sql_step(s), 0);
		sql_reset(s);
	}
	end_others(other);
	sql_finalize(s);
	assert_true(sql_is_in_transaction(db));
	assert_int_equal(sql_exec(db, "DELETE FROM document"), -ECONNRESET);
	assert_int_equal(sql_prepare(db, "DELETE FROM document", &s), 0);
	assert_int_equal(sql_step(s), -ECONNRESET);
	sql_finalize(s);
	assert_int_equal(sql_commit(db), -ECONNRESET);
	sql_rollback(db);
	assert_int_equal(
		store_scalar(other, "SELECT count(*) FROM document", 0), 1);
	stored_boot(p->store, id, 1, "kvm", "null", 1);
	assert_int_equal(
		store_scalar(other, "SELECT count(*) FROM document", 0), 2);
	store_close(other);
}

static void expect_commits(const struct stored_place *p, const char *set,
			   const char *want)
{
	char text[200];
	struct store *store;
	struct sql_stmt *s;
	struct err err = {0};

	snprintf(text, sizeof(text),
		 "ALTER DATABASE %s SET synchronous_commit = %s",
		 strrchr(p->place, '/') + 1, set);
	stored_sql(p->store, text);
	assert_int_equal(store_open(p->place, &store, &err), 0);
	assert_int_equal(
		sql_prepare(store_handle(store), "SHOW synchronous_commit", &s),
		0);
	assert_int_equal(sql_step(s), 1);
	assert_string_equal(sql_column_text(s, 0), want);
	sql_finalize(s);
	store_close(store);
}

/* What was told outlasts a power cut of the server; more may be asked for. */
static void a_commit_waits_for_the_disk(void **state)
{
	struct stored_place *p = *state;

	if (!is_on_server(p))
		return;
	expect_commits(p, "off", "on");
	expect_commits(p, "on", "on");
	expect_commits(p, "local", "local");
	expect_commits(p, "remote_apply", "remote_apply");
}

#define WITH_STORE(test)                                          \
	cmocka_unit_test_setup_teardown(test, stored_place_setup, \
					stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_told_from_paths),
		cmocka_unit_test(nobody_is_shown_a_password),
		cmocka_unit_test(nor_in_a_failure),
		cmocka_unit_test(what_is_no_text_is_replaced),
		cmocka_unit_test(the_tables_are_translated),
		WITH_STORE(a_reader_comes_back),
		WITH_STORE(a_moment_that_is_lost_is_an_error),
		WITH_STORE(a_writer_goes_on_with_the_next_result),
		WITH_STORE(nothing_follows_without_its_transaction),
		WITH_STORE(a_commit_waits_for_the_disk),
	};

	return RUN_TESTS(tests);
}
