// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/field_sql.h"

#include <stdbool.h>
#include <stdio.h>

#include "harness/base/strbuf.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"
#include "harness/store/sql.h"

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
		       const struct result_field *fields, const char *rest)
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
	strbuf_printf(&sql, ")%s", rest);
	return sql.str;
}

char *field_sql_columns(const char *keys, int key_count,
			const struct result_field *fields, int *count)
{
	struct strbuf columns = {0};
	const struct result_field *f;

	add_columns(&columns, keys, fields);
	*count = key_count;
	for (f = fields; f->name; f++)
		(*count)++;
	return columns.str;
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

void field_sql_bind(struct sql_stmt *s, int at,
		    const struct result_field *fields, const void *row)
{
	const struct result_field *f;

	for (f = fields; f->name; f++, at++) {
		const void *value = (const char *)row + f->offset;

		switch (f->type) {
		case FIELD_U32:
			sql_bind_int64(s, at, *(const uint32_t *)value);
			break;
		case FIELD_U64:
			sql_bind_int64(s, at,
				       (int64_t) * (const uint64_t *)value);
			break;
		case FIELD_FLAG:
			sql_bind_int64(s, at, *(const bool *)value);
			break;
		case FIELD_REAL:
			sql_bind_double(s, at, *(const double *)value);
			break;
		case FIELD_TEXT:
			sql_bind_text(s, at, value);
			break;
		case FIELD_STATUS:
			sql_bind_text(s, at,
				      run_status_name(
					      *(const enum run_status *)value));
		}
	}
}

void field_sql_read(struct sql_stmt *s, int at,
		    const struct result_field *fields, void *row)
{
	const struct result_field *f;

	for (f = fields; f->name; f++, at++) {
		void *value = (char *)row + f->offset;

		switch (f->type) {
		case FIELD_U32:
			*(uint32_t *)value = (uint32_t)sql_int64(s, at);
			break;
		case FIELD_U64:
			*(uint64_t *)value = (uint64_t)sql_int64(s, at);
			break;
		case FIELD_FLAG:
			*(bool *)value = sql_int64(s, at);
			break;
		case FIELD_REAL:
			*(double *)value = sql_double(s, at);
			break;
		case FIELD_TEXT:
			snprintf(value, f->size, "%s", sql_column_text(s, at));
			break;
		case FIELD_STATUS:
			*(enum run_status *)value =
				run_status_parse(sql_column_text(s, at));
		}
	}
}
