// SPDX-License-Identifier: GPL-3.0-or-later
/* sql_postgres_stmt - statements of sql_postgres, whose rows come one by one. */
#include "harness/store/sql_postgres_priv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

/* pg_type.dat */
#define OID_INT8 20
#define OID_TEXT 25
#define OID_FLOAT8 701

#define MAX_PARAMS 32
#define NUMBER_CHARS 32

struct pg_stmt {
	struct sql_stmt base;
	char *text; /* owned; with $1 in place of ?1 */
	int param_count;
	Oid types[MAX_PARAMS];
	const char *values[MAX_PARAMS]; /* borrowed, or one of the next two */
	char numbers[MAX_PARAMS][NUMBER_CHARS];
	char *copies[MAX_PARAMS]; /* owned */

	/* From its second time on it is prepared. */
	unsigned int use_count, connection;
	char name[24];
	Oid prepared_types[MAX_PARAMS];

	bool is_running; /* it was sent, and the end was not told */
	PGresult *row;   /* owned; the one in hand */
	PGresult **rows; /* owned; that came before they were wanted */
	size_t row_count, next_row;
	int end; /* of the rows: 0, or an errno */
	char end_text[256];
};

static struct pg_stmt *stmt_of(struct sql_stmt *s)
{
	return container_of(s, struct pg_stmt, base);
}

/* --- the text -------------------------------------------------------------- */

/* Behind a string or a name in quotes that begins at TEXT. */
static const char *skip_quoted(const char *text)
{
	const char *end = strchr(text + 1, *text);

	return end ? end + 1 : text + strlen(text);
}

/* "?" and "?N" as "$N"; how many parameters there are, or -1: too many. */
static int translate(const char *text, struct strbuf *out)
{
	int last = 0, count = 0;

	while (*text) {
		size_t plain = strcspn(text, "?'\"");
		int number = 0, len = 0;

		strbuf_add(out, text, plain);
		text += plain;
		if (*text == '\'' || *text == '"') {
			const char *end = skip_quoted(text);

			strbuf_add(out, text, (size_t)(end - text));
			text = end;
		} else if (*text) {
			if (sscanf(text + 1, "%9d%n", &number, &len) != 1)
				number = last + 1;
			last = number;
			count = number > count ? number : count;
			strbuf_printf(out, "$%d", number);
			text += 1 + len;
		}
	}
	return count <= MAX_PARAMS ? count : -1;
}

/* --- parameters ------------------------------------------------------------ */

/* COPY is owned from then on. */
static void bind(struct sql_stmt *base, int at, Oid type, const char *value,
		 char *copy)
{
	struct pg_stmt *s = stmt_of(base);

	free(s->copies[at - 1]);
	s->copies[at - 1] = copy;
	s->types[at - 1] = type;
	s->values[at - 1] = value;
}

static void bind_int64(struct sql_stmt *base, int at, int64_t value)
{
	char *number = stmt_of(base)->numbers[at - 1];

	snprintf(number, NUMBER_CHARS, "%lld", (long long)value);
	bind(base, at, OID_INT8, number, NULL);
}

static void bind_double(struct sql_stmt *base, int at, double value)
{
	char *number = stmt_of(base)->numbers[at - 1];

	snprintf(number, NUMBER_CHARS, "%.17g", value);
	bind(base, at, OID_FLOAT8, isnan(value) ? NULL : number, NULL);
}

static void bind_text(struct sql_stmt *base, int at, const char *text)
{
	char *copy;
	const char *plain = pg_text(text, &copy);

	bind(base, at, OID_TEXT, plain, copy);
}

/* --- rows ------------------------------------------------------------------ */

static void end_rows(struct pg_stmt *s, struct pg *pg, int end)
{
	s->end = end;
	snprintf(s->end_text, sizeof(s->end_text), "%s",
		 end ? pg->base.text : "");
	if (pg->active == s)
		pg->active = NULL;
}

/* The next row from the server, or NULL; then the statement has ended. */
static PGresult *receive(struct pg_stmt *s, struct pg *pg)
{
	int end = 0;
	PGresult *result;

	while ((result = PQgetResult(pg->conn)) != NULL) {
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_SINGLE_TUPLE)
			return result;
		if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
			end = pg_fail(pg, result);
		PQclear(result);
	}
	if (!end && pg_is_lost(pg))
		end = pg_fail(pg, NULL);
	end_rows(s, pg, end);
	return NULL;
}

void pg_stmt_keep_rows(struct pg_stmt *s)
{
	struct pg *pg = pg_of(s->base.sql);
	const struct sql before = pg->base;
	PGresult *row;

	while ((row = receive(s, pg)) != NULL) {
		s->rows = xrealloc(s->rows, s->row_count + 1, sizeof(*s->rows));
		s->rows[s->row_count++] = row;
	}
	/* It is told with the step that meets it. */
	sql_fail(&pg->base, before.code, before.text);
}

static void drop_rows(struct pg_stmt *s)
{
	struct pg *pg = pg_of(s->base.sql);
	PGresult *row;

	while (pg->active == s && (row = receive(s, pg)) != NULL)
		PQclear(row);
	PQclear(s->row);
	s->row = NULL;
	while (s->next_row < s->row_count)
		PQclear(s->rows[s->next_row++]);
	free(s->rows);
	s->rows = NULL;
	s->row_count = s->next_row = 0;
	s->is_running = false;
}

/* --- sending --------------------------------------------------------------- */

static int prepare_on_server(struct pg_stmt *s, struct pg *pg)
{
	PGresult *result;
	int ret = 0;

	snprintf(s->name, sizeof(s->name), "s%u", ++pg->name_count);
	result =
		PQprepare(pg->conn, s->name, s->text, s->param_count, s->types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		ret = pg_fail(pg, result);
	PQclear(result);
	s->connection = pg->connection;
	memcpy(s->prepared_types, s->types, sizeof(s->types));
	return ret;
}

static bool is_prepared(const struct pg_stmt *s, const struct pg *pg)
{
	return s->name[0] && s->connection == pg->connection &&
	       !memcmp(s->prepared_types, s->types, sizeof(s->types));
}

/* One that is used again is prepared, which costs a round trip. */
static int send_once(struct pg_stmt *s, struct pg *pg)
{
	bool is_sent;
	int ret = 0;

	if (s->use_count > 1 && !is_prepared(s, pg))
		ret = prepare_on_server(s, pg);
	if (ret)
		return ret;
	if (s->use_count > 1)
		is_sent = PQsendQueryPrepared(pg->conn, s->name, s->param_count,
					      s->values, NULL, NULL, 0);
	else
		is_sent = PQsendQueryParams(pg->conn, s->text, s->param_count,
					    s->types, s->values, NULL, NULL, 0);
	if (!is_sent)
		return pg_fail(pg, NULL);
	PQsetSingleRowMode(pg->conn);
	pg->active = s;
	s->end = 0;
	s->row = receive(s, pg);
	return s->end;
}

static int start(struct pg_stmt *s, struct pg *pg)
{
	bool was_idle = !sql_is_in_transaction(&pg->base);
	int ret;

	s->use_count++;
	s->is_running = true;
	if (pg_is_lost(pg) && !pg_reconnect(pg, was_idle, true))
		return pg_fail(pg, NULL);
	ret = send_once(s, pg);
	if (ret && pg_reconnect(pg, was_idle, pg->is_reader))
		ret = send_once(s, pg);
	if (ret)
		return ret;
	return s->row != NULL;
}

static int step(struct sql_stmt *base)
{
	struct pg_stmt *s = stmt_of(base);
	struct pg *pg = pg_of(base->sql);

	if (!s->is_running)
		return start(s, pg);
	PQclear(s->row);
	s->row = NULL;
	if (s->next_row < s->row_count)
		s->row = s->rows[s->next_row++];
	else if (pg->active == s)
		s->row = receive(s, pg);
	if (s->row)
		return 1;
	return s->end ? sql_fail(base->sql, s->end, s->end_text) : 0;
}

/* --- columns --------------------------------------------------------------- */

static bool is_null(struct sql_stmt *base, int column)
{
	const PGresult *row = stmt_of(base)->row;

	return !row || PQgetisnull(row, 0, column);
}

static const char *column_text(struct sql_stmt *base, int column)
{
	return is_null(base, column)
		       ? NULL
		       : PQgetvalue(stmt_of(base)->row, 0, column);
}

static int64_t column_int64(struct sql_stmt *base, int column)
{
	const char *text = column_text(base, column);

	if (!text)
		return 0;
	return *text == 't' ? 1 : strtoll(text, NULL, 10);
}

static double column_double(struct sql_stmt *base, int column)
{
	const char *text = column_text(base, column);

	return text ? strtod(text, NULL) : 0;
}

static void reset(struct sql_stmt *base)
{
	drop_rows(stmt_of(base));
}

/* A name that cannot be given back is only never used again. */
static void forget_name(const struct pg_stmt *s, struct pg *pg)
{
	PGTransactionStatusType status;
	char text[48];

	pg_free_connection(pg);
	status = PQtransactionStatus(pg->conn);
	if (s->connection != pg->connection ||
	    (status != PQTRANS_IDLE && status != PQTRANS_INTRANS))
		return;
	snprintf(text, sizeof(text), "DEALLOCATE %s", s->name);
	PQclear(PQexec(pg->conn, text));
}

static void finalize(struct sql_stmt *base)
{
	struct pg_stmt *s = stmt_of(base);
	int i;

	drop_rows(s);
	if (s->name[0])
		forget_name(s, pg_of(base->sql));
	for (i = 0; i < MAX_PARAMS; i++)
		free(s->copies[i]);
	free(s->text);
	free(s);
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

int pg_prepare(struct sql *sql, const char *text, struct sql_stmt **out)
{
	struct strbuf own = {0};
	int i, count = translate(text, &own);
	struct pg_stmt *s;

	if (count < 0) {
		strbuf_release(&own);
		return sql_fail(sql, -EPROTO, "too many parameters");
	}
	s = xcalloc(1, sizeof(*s));
	s->base = (struct sql_stmt){&stmt_ops, sql};
	s->text = own.str;
	s->param_count = count;
	for (i = 0; i < MAX_PARAMS; i++)
		s->types[i] = OID_TEXT;
	*out = &s->base;
	return 0;
}
