// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sql_postgres_bulk - many rows for one table of sql_postgres, by COPY in its binary
 * format (PostgreSQL 15, COPY, "Binary Format").
 */
#include "harness/store/sql_postgres_priv.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"

#define MAX_COLUMNS 32
#define SEND_BYTES (64 * KIB)

struct field {
	enum { FIELD_NULL, FIELD_INT64, FIELD_DOUBLE, FIELD_TEXT } kind;
	uint64_t bits; /* of a number, in the order of the net */
	const char *text;
	char *copy; /* owned; NULL: TEXT is borrowed */
};

struct pg_bulk {
	struct sql_stmt base;
	int count;
	struct field fields[MAX_COLUMNS];
	struct strbuf out;
};

static struct pg_bulk *bulk_of(struct sql_stmt *s)
{
	return container_of(s, struct pg_bulk, base);
}

static struct field *field_at(struct sql_stmt *s, int at)
{
	struct field *f = &bulk_of(s)->fields[at - 1];

	free(f->copy);
	*f = (struct field){.kind = FIELD_NULL};
	return f;
}

static void bind_int64(struct sql_stmt *s, int at, int64_t value)
{
	struct field *f = field_at(s, at);

	f->kind = FIELD_INT64;
	f->bits = htobe64((uint64_t)value);
}

static void bind_double(struct sql_stmt *s, int at, double value)
{
	struct field *f = field_at(s, at);

	if (isnan(value))
		return;
	f->kind = FIELD_DOUBLE;
	memcpy(&f->bits, &value, sizeof(value));
	f->bits = htobe64(f->bits);
}

static void bind_text(struct sql_stmt *s, int at, const char *text)
{
	struct field *f = field_at(s, at);

	if (!text)
		return;
	f->kind = FIELD_TEXT;
	f->text = pg_text(text, &f->copy);
}

static void add_field(struct strbuf *out, const struct field *f)
{
	uint32_t len = f->kind == FIELD_TEXT ? (uint32_t)strlen(f->text)
					     : sizeof(f->bits);
	uint32_t wire = htonl(f->kind == FIELD_NULL ? UINT32_MAX : len);

	strbuf_add(out, &wire, sizeof(wire));
	if (f->kind == FIELD_TEXT)
		strbuf_add(out, f->text, len);
	else if (f->kind != FIELD_NULL)
		strbuf_add(out, &f->bits, len);
}

static int send_out(struct pg_bulk *b)
{
	struct pg *pg = pg_of(b->base.sql);
	int sent = PQputCopyData(pg->conn, b->out.str, (int)b->out.len);

	strbuf_consume(&b->out, b->out.len);
	return sent == 1 ? 0 : pg_fail(pg, NULL);
}

static int step(struct sql_stmt *s)
{
	struct pg_bulk *b = bulk_of(s);
	uint16_t count = htons((uint16_t)b->count);
	int i;

	strbuf_add(&b->out, &count, sizeof(count));
	for (i = 0; i < b->count; i++)
		add_field(&b->out, &b->fields[i]);
	return b->out.len < SEND_BYTES ? 0 : send_out(b);
}

/* WHY is NULL for a good end. */
static int end_copy(struct pg *pg, const char *why)
{
	PGresult *result;
	int ret = 0;

	if (PQputCopyEnd(pg->conn, why) != 1)
		ret = pg_fail(pg, NULL);
	while ((result = PQgetResult(pg->conn)) != NULL) {
		if (PQresultStatus(result) != PGRES_COMMAND_OK && !ret && !why)
			ret = pg_fail(pg, result);
		PQclear(result);
		/* libpq gives the same again for a connection that is lost. */
		if (pg_is_lost(pg))
			break;
	}
	pg->is_copying = false;
	return ret;
}

static int flush(struct sql_stmt *s)
{
	static const uint16_t trailer = UINT16_MAX;
	struct pg_bulk *b = bulk_of(s);
	int ret;

	strbuf_add(&b->out, &trailer, sizeof(trailer));
	ret = send_out(b);
	return ret ? ret : end_copy(pg_of(s->sql), NULL);
}

static void reset(struct sql_stmt *s)
{
	(void)s;
}

static void finalize(struct sql_stmt *s)
{
	struct pg_bulk *b = bulk_of(s);
	struct pg *pg = pg_of(s->sql);
	int i;

	if (pg->is_copying)
		end_copy(pg, "given up");
	for (i = 0; i < MAX_COLUMNS; i++)
		free(b->fields[i].copy);
	strbuf_release(&b->out);
	free(b);
}

/* No row comes back. */
static bool is_null(struct sql_stmt *s, int column)
{
	(void)s;
	(void)column;
	return true;
}

static int64_t column_int64(struct sql_stmt *s, int column)
{
	(void)s;
	(void)column;
	return 0;
}

static double column_double(struct sql_stmt *s, int column)
{
	(void)s;
	(void)column;
	return 0;
}

static const char *column_text(struct sql_stmt *s, int column)
{
	(void)s;
	(void)column;
	return NULL;
}

static const struct sql_stmt_ops bulk_ops = {
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
	.flush = flush,
};

int pg_bulk(struct sql *sql, const char *table, const char *columns, int count,
	    struct sql_stmt **out)
{
	/* The signature, no flags, no more of a header. */
	static const char header[19] = "PGCOPY\n\377\r\n";
	struct pg *pg = pg_of(sql);
	char *text = xasprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", table,
			       columns);
	PGresult *result;
	struct pg_bulk *b;
	int ret = 0;

	if (count <= MAX_COLUMNS) {
		pg_free_connection(pg);
		result = PQexec(pg->conn, text);
		if (PQresultStatus(result) != PGRES_COPY_IN)
			ret = pg_fail(pg, result);
		PQclear(result);
	} else {
		ret = sql_fail(sql, -EPROTO, "too many columns");
	}
	free(text);
	if (ret)
		return ret;
	pg->is_copying = true;
	b = xcalloc(1, sizeof(*b));
	b->base = (struct sql_stmt){&bulk_ops, sql};
	b->count = count;
	strbuf_add(&b->out, header, sizeof(header));
	*out = &b->base;
	return 0;
}
