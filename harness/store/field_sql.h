/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_FIELD_SQL_H
#define HARNESS_STORE_FIELD_SQL_H

/* field_sql - a result's rows as the store has them, by the tables of
 * harness/core/result_field.h: a column has the name of its field. */

struct result_field;
struct sql_stmt;

/* "INSERT INTO TABLE (KEYS, columns...) VALUES (?, ...)REST", where KEYS are columns
 * of the store's own, COUNT of them. The caller frees it. */
char *field_sql_insert(const char *table, const char *keys, int count,
		       const struct result_field *fields, const char *rest);

/* "KEYS, columns..." and, as *COUNT, how many these are, KEY_COUNT included. The
 * caller frees it. */
char *field_sql_columns(const char *keys, int key_count,
			const struct result_field *fields, int *count);

/* "SELECT KEYS, columns... FROM REST"; KEYS may be "". The caller frees it. */
char *field_sql_select(const char *keys, const struct result_field *fields,
		       const char *rest);

/* From the AT-th parameter on, which is counted from 1. ROW must outlive the
 * statement's next step. */
void field_sql_bind(struct sql_stmt *s, int at,
		    const struct result_field *fields, const void *row);

/* From the AT-th column on, which is counted from 0, into ROW. */
void field_sql_read(struct sql_stmt *s, int at,
		    const struct result_field *fields, void *row);

#endif
