// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/sql_sqlite.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"

struct sqlite_db {
	struct sql base;
	sqlite3 *db;
};

struct sqlite_stmt {
	struct sql_stmt base;
	sqlite3_stmt *stmt;
};

static sqlite3 *db_of(struct sql *sql)
{
	return container_of(sql, struct sqlite_db, base)->db;
}

static sqlite3_stmt *stmt_of(struct sql_stmt *s)
{
	return container_of(s, struct sqlite_stmt, base)->stmt;
}

/* SQLite calls a write that was cut short an I/O error. */
static int errno_of(int code)
{
	static const struct {
		int code, error;
	} known[] = {{SQLITE_FULL, -ENOSPC},
		     {SQLITE_BUSY, -EBUSY},
		     {SQLITE_IOERR, -EIO},
		     {SQLITE_CANTOPEN, -EIO},
		     {SQLITE_NOMEM, -ENOMEM}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].code == (code & 0xff))
			return known[i].error;
	return -EPROTO;
}

static int fail(struct sql *sql)
{
	return sql_fail(sql, errno_of(sqlite3_errcode(db_of(sql))),
			sqlite3_errmsg(db_of(sql)));
}

static void bind_int64(struct sql_stmt *s, int at, int64_t value)
{
	sqlite3_bind_int64(stmt_of(s), at, value);
}

static void bind_double(struct sql_stmt *s, int at, double value)
{
	sqlite3_bind_double(stmt_of(s), at, value);
}

static void bind_text(struct sql_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(stmt_of(s), at, text, -1, SQLITE_STATIC);
}

static int step(struct sql_stmt *s)
{
	int code = sqlite3_step(stmt_of(s));

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : fail(s->sql);
}

static bool is_null(struct sql_stmt *s, int column)
{
	return sqlite3_column_type(stmt_of(s), column) == SQLITE_NULL;
}

static int64_t column_int64(struct sql_stmt *s, int column)
{
	return sqlite3_column_int64(stmt_of(s), column);
}

static double column_double(struct sql_stmt *s, int column)
{
	return sqlite3_column_double(stmt_of(s), column);
}

static const char *column_text(struct sql_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(stmt_of(s), column);
}

static void reset(struct sql_stmt *s)
{
	sqlite3_reset(stmt_of(s));
}

static void finalize(struct sql_stmt *s)
{
	struct sqlite_stmt *own = container_of(s, struct sqlite_stmt, base);

	sqlite3_finalize(own->stmt);
	free(own);
}

static const struct sql_stmt_ops stmt_ops = {
	.bind_int64 = bind_int64,
	.bind_double = bind_double,
	.bind_text = bind_text,
	.step = step,
	.is_null = is_null,
	.int64 = column_int64,
	.real = column_double,
	.text = column_text,
	.reset = reset,
	.finalize = finalize,
};

static void close_db(struct sql *sql)
{
	struct sqlite_db *own = container_of(sql, struct sqlite_db, base);

	sqlite3_close(own->db);
	free(own);
}

static int exec(struct sql *sql, const char *text)
{
	return sqlite3_exec(db_of(sql), text, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : fail(sql);
}

static int prepare(struct sql *sql, const char *text, struct sql_stmt **out)
{
	struct sqlite_stmt *own;
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db_of(sql), text, -1, &stmt, NULL) != SQLITE_OK)
		return fail(sql);
	own = xcalloc(1, sizeof(*own));
	own->base = (struct sql_stmt){&stmt_ops, sql};
	own->stmt = stmt;
	*out = &own->base;
	return 0;
}

static bool is_in_transaction(struct sql *sql)
{
	return !sqlite3_get_autocommit(db_of(sql));
}

static const struct sql_ops ops = {
	.name = "SQLite",
	.begin_to_read = "BEGIN",
	.begin_to_write = "BEGIN IMMEDIATE",
	.close = close_db,
	.exec = exec,
	.prepare = prepare,
	.is_in_transaction = is_in_transaction,
};

/* PLACE as the file that it names, though SQLite may know another meaning. Owned. */
static char *file_name_of(const char *place, int flags)
{
	bool is_special = place[0] == ':' || !strncmp(place, "file:", 5);

	return is_special && !(flags & SQLITE_OPEN_URI)
		       ? xasprintf("./%s", place)
		       : xstrdup(place);
}

int sql_sqlite_open(const char *place, int flags, int busy_ms, struct sql **out,
		    struct err *err)
{
	struct sqlite_db *own = xcalloc(1, sizeof(*own));
	char *name = file_name_of(place, flags);
	int code;

	own->base.ops = &ops;
	/* One thread at a time has it (sql.h): a lock for each column of ten million
	 * rows would guard nothing. */
	flags |= SQLITE_OPEN_NOMUTEX;
	code = sqlite3_open_v2(name, &own->db, flags, NULL);
	free(name);
	if (code != SQLITE_OK) {
		err_set(err, -EIO, "cannot open '%s': %s", place,
			sqlite3_errmsg(own->db));
		close_db(&own->base);
		return -EIO;
	}
	sqlite3_busy_timeout(own->db, busy_ms);
	*out = &own->base;
	return 0;
}

void sql_sqlite_set_busy(struct sql *sql, int busy_ms)
{
	sqlite3_busy_timeout(db_of(sql), busy_ms);
}

int sql_sqlite_sync_log(struct sql *sql)
{
	sqlite3_file *log = NULL;
	int code = sqlite3_file_control(db_of(sql), "main",
					SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (code == SQLITE_OK && log && log->pMethods)
		code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	return code == SQLITE_OK
		       ? 0
		       : sql_fail(sql, errno_of(code), sqlite3_errstr(code));
}

sqlite3 *sql_sqlite_handle(struct sql *sql)
{
	return db_of(sql);
}
