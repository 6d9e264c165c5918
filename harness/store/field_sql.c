// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/field_sql.h"

#include <stdbool.h>
#include <stdio.h>

#include "harness/base/strbuf.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"

static void add_columns(struct strbuf *sql, const char *keys,
			const struct result_field *fields)
{
	const struct result_field *f;

	strbuf_puts(sql, keys);
	for (f = fields; f->name; f++)
		strbuf_printf(sql, "%s%s", f == fields && !*keys ? "" : ", ",
			      f->name);
}

char *field_sql_insert(const char *table, const char *keys, int count,
		       const struct result_field *fields)
{
	struct strbuf sql = {0};
	const struct result_field *f;
	int i;

	strbuf_printf(&sql, "INSERT INTO %s (", table);
	add_columns(&sql, keys, fields);
	strbuf_puts(&sql, ") VALUES (?");
	for (i = 1; i < count; i++)
		strbuf_puts(&sql, ", ?");
	for (f = fields; f->name; f++)
		strbuf_puts(&sql, ", ?");
	strbuf_puts(&sql, ")");
	return sql.str;
}

char *field_sql_select(const char *keys, const struct result_field *fields,
		       const char *rest)
{
	struct strbuf sql = {0};

	strbuf_puts(&sql, "SELECT ");
	add_columns(&sql, keys, fields);
	strbuf_printf(&sql, " FROM %s", rest);
	return sql.str;
}

void field_sql_bind(sqlite3_stmt *s, int at, const struct result_field *fields,
		    const void *row)
{
	const struct result_field *f;

	for (f = fields; f->name; f++, at++) {
		const void *value = (const char *)row + f->offset;

		switch (f->type) {
		case FIELD_U32:
			sqlite3_bind_int64(s, at, *(const uint32_t *)value);
			break;
		case FIELD_U64:
			sqlite3_bind_int64(s, at,
					   (int64_t) * (const uint64_t *)value);
			break;
		case FIELD_FLAG:
			sqlite3_bind_int64(s, at, *(const bool *)value);
			break;
		case FIELD_REAL:
			sqlite3_bind_double(s, at, *(const double *)value);
			break;
		case FIELD_TEXT:
			sqlite3_bind_text(s, at, value, -1, SQLITE_STATIC);
			break;
		case FIELD_STATUS:
			sqlite3_bind_text(
				s, at,
				run_status_name(
					*(const enum run_status *)value),
				-1, SQLITE_STATIC);
		}
	}
}

static const char *text_of(sqlite3_stmt *s, int at)
{
	const char *text = (const char *)sqlite3_column_text(s, at);

	return text ? text : "";
}

void field_sql_read(sqlite3_stmt *s, int at, const struct result_field *fields,
		    void *row)
{
	const struct result_field *f;

	for (f = fields; f->name; f++, at++) {
		void *value = (char *)row + f->offset;

		switch (f->type) {
		case FIELD_U32:
			*(uint32_t *)value =
				(uint32_t)sqlite3_column_int64(s, at);
			break;
		case FIELD_U64:
			*(uint64_t *)value =
				(uint64_t)sqlite3_column_int64(s, at);
			break;
		case FIELD_FLAG:
			*(bool *)value = sqlite3_column_int(s, at);
			break;
		case FIELD_REAL:
			*(double *)value = sqlite3_column_double(s, at);
			break;
		case FIELD_TEXT:
			snprintf(value, f->size, "%s", text_of(s, at));
			break;
		case FIELD_STATUS:
			*(enum run_status *)value =
				run_status_parse(text_of(s, at));
		}
	}
}
