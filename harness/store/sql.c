// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/sql.h"

#include <stdio.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

void sql_close(struct sql *sql)
{
	if (sql)
		sql->ops->close(sql);
}

int sql_code(const struct sql *sql)
{
	return sql->code;
}

const char *sql_text(const struct sql *sql)
{
	return sql->text;
}

int sql_fail(struct sql *sql, int code, const char *text)
{
	sql->code = code;
	snprintf(sql->text, sizeof(sql->text), "%s", text);
	return code;
}

int sql_exec(struct sql *sql, const char *text)
{
	return sql->ops->exec(sql, text);
}

int sql_begin_to_read(struct sql *sql)
{
	return sql_exec(sql, sql->ops->begin_to_read);
}

int sql_begin_to_write(struct sql *sql)
{
	int ret = sql_exec(sql, sql->ops->begin_to_write);

	/* It may have begun without getting its lock. */
	if (ret)
		sql_rollback(sql);
	return ret;
}

int sql_commit(struct sql *sql)
{
	return sql_exec(sql, "COMMIT");
}

void sql_rollback(struct sql *sql)
{
	const struct sql failed = *sql;

	if (!sql_is_in_transaction(sql) || !sql_exec(sql, "ROLLBACK"))
		return;
	/* Why it had to be taken back says more. */
	sql_fail(sql, failed.code, failed.text);
}

bool sql_is_in_transaction(struct sql *sql)
{
	return sql->ops->is_in_transaction(sql);
}

int sql_prepare(struct sql *sql, const char *text, struct sql_stmt **out)
{
	*out = NULL;
	return sql->ops->prepare(sql, text, out);
}

void sql_finalize(struct sql_stmt *s)
{
	if (s)
		s->ops->finalize(s);
}

void sql_bind_int64(struct sql_stmt *s, int at, int64_t value)
{
	s->ops->bind_int64(s, at, value);
}

void sql_bind_double(struct sql_stmt *s, int at, double value)
{
	s->ops->bind_double(s, at, value);
}

void sql_bind_text(struct sql_stmt *s, int at, const char *text)
{
	s->ops->bind_text(s, at, text);
}

int sql_step(struct sql_stmt *s)
{
	return s->ops->step(s);
}

void sql_reset(struct sql_stmt *s)
{
	s->ops->reset(s);
}

bool sql_is_null(struct sql_stmt *s, int column)
{
	return s->ops->is_null(s, column);
}

int64_t sql_int64(struct sql_stmt *s, int column)
{
	return s->ops->int64(s, column);
}

double sql_double(struct sql_stmt *s, int column)
{
	return s->ops->real(s, column);
}

const char *sql_column_text(struct sql_stmt *s, int column)
{
	const char *text = s->ops->text(s, column);

	return text ? text : "";
}

char *sql_column_copy(struct sql_stmt *s, int column)
{
	return xstrdup(sql_column_text(s, column));
}

static int prepare_rows(struct sql *sql, const char *table, const char *columns,
			int count, struct sql_stmt **out)
{
	struct strbuf text = {0};
	int i, ret;

	strbuf_printf(&text, "INSERT INTO %s (%s) VALUES (?", table, columns);
	for (i = 1; i < count; i++)
		strbuf_puts(&text, ", ?");
	strbuf_puts(&text, ")");
	ret = sql_prepare(sql, text.str, out);
	strbuf_release(&text);
	return ret;
}

int sql_bulk_begin(struct sql *sql, const char *table, const char *columns,
		   int count, struct sql_stmt **out)
{
	*out = NULL;
	return sql->ops->bulk ? sql->ops->bulk(sql, table, columns, count, out)
			      : prepare_rows(sql, table, columns, count, out);
}

int sql_bulk_add(struct sql_stmt *s)
{
	int ret = sql_step(s);

	sql_reset(s);
	return ret;
}

int sql_bulk_end(struct sql_stmt *s, int result)
{
	if (!result && s->ops->flush)
		result = s->ops->flush(s);
	sql_finalize(s);
	return result;
}
