// SPDX-License-Identifier: GPL-3.0-or-later
/* sql: what every kind of database has to do the same. */
#include "tests/unit/test.h"

#include <errno.h>

#include "harness/store/sql.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/harness/stored.h"

static struct sql *db_of(void **state)
{
	const struct stored_place *p = *state;

	return store_handle(p->store);
}

static void must(struct sql *db, const char *text)
{
	if (sql_exec(db, text))
		fail_msg("%s: %s", text, sql_text(db));
}

static int setup(void **state)
{
	int ret = stored_place_setup(state);

	if (!ret)
		must(db_of(state), "CREATE TABLE t (a BIGINT PRIMARY KEY,"
				   " r DOUBLE PRECISION, s TEXT)");
	return ret;
}

static int64_t number(struct sql *db, const char *text)
{
	struct sql_stmt *s;
	int64_t value = -1;

	assert_int_equal(sql_prepare(db, text, &s), 0);
	if (sql_step(s) > 0)
		value = sql_int64(s, 0);
	sql_finalize(s);
	return value;
}

static void values_come_back_as_they_were(void **state)
{
	struct sql *db = db_of(state);
	struct sql_stmt *s;

	assert_int_equal(sql_prepare(db,
				     "INSERT INTO t (a, r, s) VALUES (?, ?, ?)"
				     " RETURNING a, r, s",
				     &s),
			 0);
	sql_bind_int64(s, 1, INT64_MAX);
	sql_bind_double(s, 2, 0.1);
	sql_bind_text(s, 3, "it's \303\251 \"?\"");
	assert_int_equal(sql_step(s), 1);
	assert_int_equal(sql_int64(s, 0), INT64_MAX);
	assert_true(sql_double(s, 1) == 0.1);
	assert_string_equal(sql_column_text(s, 2), "it's \303\251 \"?\"");
	assert_false(sql_is_null(s, 2));
	assert_int_equal(sql_step(s), 0);
	sql_finalize(s);
}

/* A guest's console may be any bytes. */
static void no_bytes_are_lost(void **state)
{
	struct sql *db = db_of(state);
	struct sql_stmt *s;
	const char *text;

	assert_int_equal(sql_prepare(db,
				     "INSERT INTO t (a, s) VALUES (1, ?)"
				     " RETURNING s",
				     &s),
			 0);
	sql_bind_text(s, 1, "a\377b");
	assert_int_equal(sql_step(s), 1);
	text = sql_column_text(s, 0);
	if (strcmp(text, "a\377b") != 0)
		assert_string_equal(text, "a\357\277\275b");
	assert_int_equal(sql_step(s), 0);
	sql_finalize(s);
}

/* Also what was never bound, and the parameters that a text does not use. */
static void null_reads_as_nothing(void **state)
{
	struct sql *db = db_of(state);
	struct sql_stmt *s;

	must(db, "INSERT INTO t (a) VALUES (7)");
	assert_int_equal(sql_prepare(db,
				     "SELECT r, s FROM t WHERE a = ?3"
				     " AND s IS NOT DISTINCT FROM ?2",
				     &s),
			 0);
	sql_bind_text(s, 2, NULL);
	sql_bind_int64(s, 3, 7);
	assert_int_equal(sql_step(s), 1);
	assert_true(sql_is_null(s, 0));
	assert_true(sql_double(s, 0) == 0);
	assert_string_equal(sql_column_text(s, 1), "");
	sql_finalize(s);
}

static void a_statement_starts_again(void **state)
{
	struct sql *db = db_of(state);
	struct sql_stmt *s;
	int i;

	must(db, "INSERT INTO t (a) VALUES (1), (2), (3)");
	assert_int_equal(
		sql_prepare(db, "SELECT a FROM t WHERE a >= ? ORDER BY a", &s),
		0);
	for (i = 1; i <= 3; i++) {
		sql_bind_int64(s, 1, i);
		assert_int_equal(sql_step(s), 1);
		assert_int_equal(sql_int64(s, 0), i);
		sql_reset(s);
	}
	/* Parameters stay. */
	assert_int_equal(sql_step(s), 1);
	assert_int_equal(sql_int64(s, 0), 3);
	assert_int_equal(sql_step(s), 0);
	sql_finalize(s);
}

/* As reports do: for each row of one, another. */
static void one_statement_runs_within_another(void **state)
{
	struct sql *db = db_of(state);
	struct sql_stmt *outer, *inner;
	int64_t sum = 0;

	must(db, "INSERT INTO t (a) VALUES (1), (2), (3)");
	assert_int_equal(sql_prepare(db, "SELECT a FROM t ORDER BY a", &outer),
			 0);
	assert_int_equal(sql_prepare(db,
				     "SELECT a FROM t WHERE a <> ? ORDER BY a",
				     &inner),
			 0);
	while (sql_step(outer) > 0) {
		sql_bind_int64(inner, 1, sql_int64(outer, 0));
		while (sql_step(inner) > 0)
			sum += sql_int64(outer, 0) * 10 + sql_int64(inner, 0);
		sql_reset(inner);
	}
	assert_int_equal(sum, 10 * (2 + 4 + 6) + 2 * (1 + 2 + 3));
	sql_finalize(inner);
	sql_finalize(outer);
}

static int add_bulk(struct sql *db, int count)
{
	struct sql_stmt *s;
	int i, ret = sql_bulk_begin(db, "t", "a, r, s", 3, &s);

	assert_int_equal(ret, 0);
	sql_bind_text(s, 3, "all");
	for (i = 0; i < count && !ret; i++) {
		sql_bind_int64(s, 1, i);
		sql_bind_double(s, 2, i / 2.0);
		ret = sql_bulk_add(s);
	}
	return sql_bulk_end(s, ret);
}

static void a_bulk_is_rows(void **state)
{
	struct sql *db = db_of(state);

	assert_int_equal(add_bulk(db, 1000), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM t WHERE s = 'all'"
				    " AND r = a / 2.0"),
			 1000);
}

static void a_bulk_is_taken_back_with_its_transaction(void **state)
{
	struct sql *db = db_of(state);

	must(db, "INSERT INTO t (a) VALUES (500)");
	assert_int_equal(sql_begin_to_write(db), 0);
	assert_int_equal(add_bulk(db, 1000), -EPROTO);
	assert_int_not_equal(*sql_text(db), 0);
	sql_rollback(db);
	assert_false(sql_is_in_transaction(db));
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 1);
}

static void a_failure_says_why(void **state)
{
	struct sql *db = db_of(state);
	struct sql_stmt *s = NULL;
	int ret = sql_prepare(db, "SELECT nothing FROM t", &s);

	if (!ret)
		ret = sql_step(s);
	sql_finalize(s);
	assert_int_equal(ret, -EPROTO);
	assert_int_equal(sql_code(db), ret);
	assert_non_null(strstr(sql_text(db), "nothing"));
	assert_int_equal(sql_exec(db, "COMMIT TO NOTHING"), -EPROTO);
	assert_non_null(strstr(sql_text(db), "syntax error"));
	/* The connection is as good as before. */
	assert_int_equal(number(db, "SELECT 5"), 5);
}

static void a_rollback_keeps_the_reason(void **state)
{
	struct sql *db = db_of(state);

	sql_rollback(db);
	assert_int_equal(sql_begin_to_write(db), 0);
	assert_true(sql_is_in_transaction(db));
	must(db, "INSERT INTO t (a) VALUES (1)");
	assert_int_equal(sql_exec(db, "INSERT INTO t (a) VALUES (1)"), -EPROTO);
	sql_rollback(db);
	assert_int_equal(sql_code(db), -EPROTO);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
}

#define WITH_TABLE(test) \
	cmocka_unit_test_setup_teardown(test, setup, stored_place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TABLE(values_come_back_as_they_were),
		WITH_TABLE(no_bytes_are_lost),
		WITH_TABLE(null_reads_as_nothing),
		WITH_TABLE(a_statement_starts_again),
		WITH_TABLE(one_statement_runs_within_another),
		WITH_TABLE(a_bulk_is_rows),
		WITH_TABLE(a_bulk_is_taken_back_with_its_transaction),
		WITH_TABLE(a_failure_says_why),
		WITH_TABLE(a_rollback_keeps_the_reason),
	};

	return RUN_TESTS(tests);
}
