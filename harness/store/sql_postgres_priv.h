/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SQL_POSTGRES_PRIV_H
#define HARNESS_STORE_SQL_POSTGRES_PRIV_H

/* sql_postgres_priv - what the files of sql_postgres share. */
#include <postgresql/libpq-fe.h>
#include <stddef.h>

#include "harness/store/sql.h"

struct pg_stmt;

struct pg {
	struct sql base;
	PGconn *conn; /* owned; NULL only while it is opened */
	char *url;    /* owned; may have a password */
	char *secret; /* owned; the password, or NULL */
	bool is_reader;
	bool is_copying; /* rows in bulk are under way */
	/* A transaction that was not ended here. libpq forgets it with the connection
	 * that it was on, and what follows must not run without it. */
	bool has_begun;
	int busy_ms;
	unsigned int
		connection; /* counts them: what was prepared before is gone */
	unsigned int name_count; /* of prepared statements */
	struct pg_stmt
		*active; /* borrowed; whose rows still come; NULL: none */
};

struct pg *pg_of(struct sql *sql);

/* Keeps what the server or libpq said; RESULT may be NULL. Returns the errno. */
int pg_fail(struct pg *pg, const PGresult *result);

/* Whether the connection is gone. */
bool pg_is_lost(const struct pg *pg);

/*
 * Whether a statement that failed, or is about to be sent, may be sent on a new
 * connection, which is then there. WAS_IDLE: it began outside a transaction;
 * IS_SAFE: sending it twice does nothing twice.
 */
bool pg_reconnect(struct pg *pg, bool was_idle, bool is_safe);

/* So that another statement may be sent: the rows that still come for the active
 * one go into memory. */
void pg_free_connection(struct pg *pg);
void pg_stmt_keep_rows(struct pg_stmt *s);

int pg_prepare(struct sql *sql, const char *text, struct sql_stmt **out);
int pg_bulk(struct sql *sql, const char *table, const char *columns, int count,
	    struct sql_stmt **out);

/* TEXT, or a copy in *COPY without what is not UTF-8, which the caller frees. */
const char *pg_text(const char *text, char **copy);

#endif
