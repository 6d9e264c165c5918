/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SQL_SQLITE_H
#define HARNESS_STORE_SQL_SQLITE_H

/* sql_sqlite - SQLite's file behind harness/store/sql.h. */
#include "harness/store/sql.h"

struct err;
struct sqlite3;

/* PLACE is a path, or a URI where FLAGS say so; FLAGS are those of
 * sqlite3_open_v2(). Statements wait BUSY_MS for a lock. */
int sql_sqlite_open(const char *place, int flags, int busy_ms, struct sql **out,
		    struct err *err);
void sql_sqlite_set_busy(struct sql *sql, int busy_ms);

/* What was written to the log, by whomever, is on the disk. */
int sql_sqlite_sync_log(struct sql *sql);

/* SQLite's own handle, for what only its files have. SQL must be of this kind. */
struct sqlite3 *sql_sqlite_handle(struct sql *sql);

#endif
