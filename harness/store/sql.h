/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SQL_H
#define HARNESS_STORE_SQL_H

/*
 * sql - a connection to a database, and its statements. All queries of the store
 * go through here, so that their text is written once for every kind of database:
 * it has only what all of them understand, with parameters as "?" or "?N", which
 * are counted from 1.
 *
 * A connection belongs to one thread at a time. A call that fails says why as a
 * negative errno: -ENOSPC disk full, -EBUSY locked by somebody for too long, -EIO
 * the storage failed, -ECONNRESET the server is gone, -EPROTO anything else.
 * sql_code() and sql_text() tell of the last failure until the next one.
 */
#include <stdbool.h>
#include <stdint.h>

struct sql;
struct sql_stmt;

/* A connection's kind. Each begins with struct sql in its own structure. */
struct sql_ops {
	const char *name;
	const char *begin_to_read;  /* a transaction that sees one moment */
	const char *begin_to_write; /* one that no other writer can be in */

	void (*close)(struct sql *sql);
	int (*exec)(struct sql *sql, const char *text);
	int (*prepare)(struct sql *sql, const char *text,
		       struct sql_stmt **out);
	bool (*is_in_transaction)(struct sql *sql);
	/* Optional; without it rows are inserted one after the other. */
	int (*bulk)(struct sql *sql, const char *table, const char *columns,
		    int count, struct sql_stmt **out);
};

struct sql_stmt_ops {
	void (*bind_int64)(struct sql_stmt *s, int at, int64_t value);
	void (*bind_double)(struct sql_stmt *s, int at, double value);
	void (*bind_text)(struct sql_stmt *s, int at, const char *text);
	int (*step)(struct sql_stmt *s);
	bool (*is_null)(struct sql_stmt *s, int column);
	int64_t (*int64)(struct sql_stmt *s, int column);
	double (*real)(struct sql_stmt *s, int column);
	const char *(*text)(struct sql_stmt *s, int column);
	void (*reset)(struct sql_stmt *s);
	void (*finalize)(struct sql_stmt *s);
	int (*flush)(struct sql_stmt *s); /* optional, of a bulk */
};

struct sql {
	const struct sql_ops *ops;
	int code;       /* of the last failure; 0: there was none */
	char text[256]; /* the same in words, without a password */
};

struct sql_stmt {
	const struct sql_stmt_ops *ops;
	struct sql *sql;
};

void sql_close(struct sql *sql); /* NULL is fine */
int sql_code(const struct sql *sql);
const char *sql_text(const struct sql *sql);

/* For implementations: keeps CODE and TEXT, and returns CODE. */
int sql_fail(struct sql *sql, int code, const char *text);

/* One or more statements without parameters, whose rows are of no use. */
int sql_exec(struct sql *sql, const char *text);

/* sql_rollback() does nothing outside a transaction, and forgets no failure. */
int sql_begin_to_read(struct sql *sql);
int sql_begin_to_write(struct sql *sql);
int sql_commit(struct sql *sql);
void sql_rollback(struct sql *sql);
bool sql_is_in_transaction(struct sql *sql);

/* One statement. *OUT is NULL after a failure, which may also come with the first
 * step only. */
int sql_prepare(struct sql *sql, const char *text, struct sql_stmt **out);
void sql_finalize(struct sql_stmt *s); /* NULL is fine */

/* A parameter that is not bound is null, as is a text that is NULL. A text is
 * borrowed until the parameter is bound again or the statement ends. */
void sql_bind_int64(struct sql_stmt *s, int at, int64_t value);
void sql_bind_double(struct sql_stmt *s, int at, double value);
void sql_bind_text(struct sql_stmt *s, int at, const char *text);

/* 1: there is a row; 0: there is none, or no more. */
int sql_step(struct sql_stmt *s);

/* To step from the beginning; parameters stay. */
void sql_reset(struct sql_stmt *s);

/* Of the row in hand, counted from 0. Null reads as 0 and as "". A text is valid
 * until the next step, reset or end. */
bool sql_is_null(struct sql_stmt *s, int column);
int64_t sql_int64(struct sql_stmt *s, int column);
double sql_double(struct sql_stmt *s, int column);
const char *sql_column_text(struct sql_stmt *s, int column);
char *sql_column_copy(struct sql_stmt *s, int column); /* the caller frees it */

/*
 * Many rows for the COUNT columns COLUMNS ("a, b") of TABLE, as fast as the database
 * can: bind, sql_bulk_add(), and so on. No other statement may run meanwhile.
 * sql_bulk_end() frees S; RESULT is what became of it so far and stays if it is
 * an error.
 */
int sql_bulk_begin(struct sql *sql, const char *table, const char *columns,
		   int count, struct sql_stmt **out);
int sql_bulk_add(struct sql_stmt *s);
int sql_bulk_end(struct sql_stmt *s, int result);

#endif
