/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_FIELD_SQL_H
#define HARNESS_STORE_FIELD_SQL_H

/* field_sql - a result's rows as the store has them, by the tables of
 * harness/core/result_field.h: a column has the name of its field. */
#include <sqlite3.h>

struct result_field;

/* "INSERT INTO TABLE (KEYS, columns...) VALUES (?, ...)", where KEYS are columns
 * of the store's own, COUNT of them. The caller frees it. */
char *field_sql_insert(const char *table, const char *keys, int count,
		       const struct result_field *fields);

/* "SELECT KEYS, columns... FROM REST"; KEYS may be "". The caller frees it. */
char *field_sql_select(const char *keys, const struct result_field *fields,
		       const char *rest);

/* From the AT-th parameter on, which is counted from 1. ROW must outlive the
 * statement's next step. */
void field_sql_bind(sqlite3_stmt *s, int at, const struct result_field *fields,
		    const void *row);

/* From the AT-th column on, which is counted from 0, into ROW. */
void field_sql_read(sqlite3_stmt *s, int at, const struct result_field *fields,
		    void *row);

#endif
