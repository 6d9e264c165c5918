/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SQL_POSTGRES_H
#define HARNESS_STORE_SQL_POSTGRES_H

/*
 * sql_postgres - a PostgreSQL server behind harness/store/sql.h, through libpq.
 *
 * Rows are fetched one by one, so that a run of a million samples needs no memory
 * of its own. What a text has that the server cannot hold is replaced by U+FFFD.
 * A connection that is lost comes back with the next statement where nothing can
 * happen twice: for readers, and for what begins a transaction.
 */
#include <stdbool.h>

#include "harness/store/sql.h"

struct err;

/* Whether PLACE is a URL of such a server. */
bool sql_postgres_is_url(const char *place);

/* URL without user and password, for messages: "postgresql://host:port/name". The
 * caller frees it. */
char *sql_postgres_shown(const char *url);

/* Locks are waited for no longer than BUSY_MS, nor is a server that restarts.
 * A reader cannot write. Messages have no password. */
int sql_postgres_open(const char *url, bool is_reader, int busy_ms,
		      struct sql **out, struct err *err);

#endif
