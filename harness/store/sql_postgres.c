// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/sql_postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/sql_postgres_priv.h"

/* A peer that is gone is noticed, also while it should answer. */
#define TCP_TIMEOUT_MS "10000"
/* Nobody holds others up for longer: transactions have no pauses. */
#define IDLE_IN_TRANSACTION_MS 60000
#define RETRY_NS (100 * NS_PER_MS)
/* Of the lock that makes writers take turns, as a file of SQLite does. */
#define WRITERS_LOCK "5497853135693827000"

struct pg *pg_of(struct sql *sql)
{
	return container_of(sql, struct pg, base);
}

/* --- failures -------------------------------------------------------------- */

bool pg_is_lost(const struct pg *pg)
{
	return PQstatus(pg->conn) != CONNECTION_OK;
}

/* By the classes and codes of PostgreSQL 15, appendix A. */
static int errno_of(const char *state)
{
	static const struct {
		const char *state; /* or how it begins */
		int error;
	} known[] = {
		{"53100", -ENOSPC},     {"53200", -ENOMEM},
		{"53300", -EBUSY},      {"55P03", -EBUSY},
		{"40", -EBUSY},         {"57014", -EBUSY},
		{"57P", -ECONNRESET},   {"08", -ECONNRESET},
		{"25P03", -ECONNRESET}, {"58", -EIO},
		{"XX001", -EIO},
	};
	size_t i;

	for (i = 0; state && i < ARRAY_SIZE(known); i++)
		if (!strncmp(state, known[i].state, strlen(known[i].state)))
			return known[i].error;
	return -EPROTO;
}

/* In one line, and without the password, wherever it would come from. */
static void clean_text(const struct pg *pg, char *text)
{
	size_t len = pg->secret ? strlen(pg->secret) : 0, end;
	char *at = text;

	while (len && (at = strstr(at, pg->secret)) != NULL)
		memset(at, '*', len);
	for (at = text; *at; at++)
		if (*at == '\n')
			*at = ' ';
	for (end = strlen(text); end && text[end - 1] == ' '; end--)
		text[end - 1] = '\0';
}

int pg_fail(struct pg *pg, const PGresult *result)
{
	const char *said =
		result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
		       : NULL;
	const char *detail =
		said ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)
		     : NULL;
	const char *state =
		said ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	struct strbuf text = {0};

	strbuf_printf(&text, "%s%s%s", said ? said : PQerrorMessage(pg->conn),
		      detail ? ": " : "", detail ? detail : "");
	clean_text(pg, text.str);
	sql_fail(&pg->base, pg_is_lost(pg) ? -ECONNRESET : errno_of(state),
		 text.str);
	strbuf_release(&text);
	return pg->base.code;
}

/* --- the connection -------------------------------------------------------- */

/*
 * What an installation says otherwise has no say here; a commit is on the disk when
 * it is told, also where "off" is the default. The queries are written to go
 * by indexes from few rows to more, in the order in which they name the tables, as
 * SQLite does: a server that has not counted new tables yet would read them whole.
 */
static int set_up(struct pg *pg)
{
	char *text = xasprintf(
		"SELECT set_config('synchronous_commit', 'on', false)"
		" WHERE current_setting('synchronous_commit') = 'off';"
		"SET lock_timeout = %d; SET jit = off;"
		"SET join_collapse_limit = 1; SET enable_hashjoin = off;"
		"SET enable_mergejoin = off;"
		"SET idle_in_transaction_session_timeout = %d;"
		"SET default_transaction_read_only = %s",
		pg->busy_ms > 0 ? pg->busy_ms : 1, IDLE_IN_TRANSACTION_MS,
		pg->is_reader ? "on" : "off");
	PGresult *result = PQexec(pg->conn, text);
	int ret = 0;

	free(text);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		ret = pg_fail(pg, result);
	else if (strcmp(PQparameterStatus(pg->conn, "server_encoding"), "UTF8"))
		ret = sql_fail(&pg->base, -EPROTO,
			       "the database's encoding is not UTF8");
	PQclear(result);
	return ret;
}

static void ignore_notice(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static int connect_once(struct pg *pg)
{
	/* What stands before the URL is said by it if it says so; what stands
	 * behind it is not. */
	static const char *const keys[] = {
		"connect_timeout", "tcp_user_timeout", "dbname",
		"client_encoding", "application_name", NULL};
	char timeout_s[16];
	const char *values[] = {timeout_s, TCP_TIMEOUT_MS, pg->url,
				"UTF8",    "l1vh-bench",   NULL};

	/* libpq takes no less than two. */
	snprintf(timeout_s, sizeof(timeout_s), "%d",
		 pg->busy_ms / 1000 > 2 ? pg->busy_ms / 1000 : 2);
	PQfinish(pg->conn);
	pg->conn = PQconnectdbParams(keys, values, 1);
	pg->active = NULL;
	pg->is_copying = false;
	pg->has_begun = false;
	pg->connection++;
	PQsetNoticeProcessor(pg->conn, ignore_notice, NULL);
	return pg_is_lost(pg) ? pg_fail(pg, NULL) : set_up(pg);
}

bool pg_reconnect(struct pg *pg, bool was_idle, bool is_safe)
{
	const struct timespec pause = {0, RETRY_NS};
	uint64_t until_ns = clock_mono_ns() + (uint64_t)pg->busy_ms * NS_PER_MS;

	if (!was_idle || !is_safe || !pg_is_lost(pg))
		return false;
	while (connect_once(pg)) {
		if (pg->base.code != -ECONNRESET || clock_mono_ns() >= until_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void pg_free_connection(struct pg *pg)
{
	if (pg->active)
		pg_stmt_keep_rows(pg->active);
}

static bool is_in_transaction(struct sql *sql)
{
	struct pg *pg = pg_of(sql);

	pg_free_connection(pg);
	switch (PQtransactionStatus(pg->conn)) {
	case PQTRANS_INTRANS:
	case PQTRANS_INERROR:
		return true;
	case PQTRANS_ACTIVE:
		return pg->is_copying;
	case PQTRANS_UNKNOWN:
		return pg->has_begun;
	case PQTRANS_IDLE:
		break;
	}
	return false;
}

static bool is_fine(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_EMPTY_QUERY;
}

static int exec_one(struct sql *sql, const char *text)
{
	struct pg *pg = pg_of(sql);
	bool was_idle = !is_in_transaction(sql);
	bool is_safe = pg->is_reader || !strncmp(text, "BEGIN", 5);
	PGresult *result = NULL;
	int ret = 0;

	if (pg_is_lost(pg) && !pg_reconnect(pg, was_idle, true))
		return pg_fail(pg, NULL);
	result = PQexec(pg->conn, text);
	if (!is_fine(result) && pg_reconnect(pg, was_idle, is_safe)) {
		PQclear(result);
		result = PQexec(pg->conn, text);
	}
	if (!is_fine(result))
		ret = pg_fail(pg, result);
	/* The end of a transaction that failed is no success. */
	else if (!strcmp(text, "COMMIT") &&
		 !strcmp(PQcmdStatus(result), "ROLLBACK"))
		ret = sql_fail(sql, -EPROTO,
			       "the transaction had failed before its end");
	PQclear(result);
	return ret;
}

/* A transaction that cannot be ended has ended with its connection. */
static int exec(struct sql *sql, const char *text)
{
	int ret = exec_one(sql, text);

	if (!ret && !strncmp(text, "BEGIN", 5))
		pg_of(sql)->has_begun = true;
	else if (!strcmp(text, "COMMIT") || !strcmp(text, "ROLLBACK"))
		pg_of(sql)->has_begun = false;
	return ret;
}

static void close_connection(struct sql *sql)
{
	struct pg *pg = pg_of(sql);

	PQfinish(pg->conn);
	if (pg->secret)
		explicit_bzero(pg->secret, strlen(pg->secret));
	free(pg->secret);
	free(pg->url);
	free(pg);
}

static const struct sql_ops ops = {
	.name = "PostgreSQL",
	.begin_to_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	.begin_to_write =
		"BEGIN; SELECT pg_advisory_xact_lock(" WRITERS_LOCK ")",
	.close = close_connection,
	.exec = exec,
	.prepare = pg_prepare,
	.is_in_transaction = is_in_transaction,
	.bulk = pg_bulk,
};

/* --- its address ----------------------------------------------------------- */

bool sql_postgres_is_url(const char *place)
{
	return !strncmp(place, "postgresql://", 13) ||
	       !strncmp(place, "postgres://", 11);
}

static const char *value_of(const PQconninfoOption *options, const char *key)
{
	for (; options && options->keyword; options++)
		if (!strcmp(options->keyword, key) && options->val &&
		    *options->val)
			return options->val;
	return NULL;
}

/* A password with an '@' of its own ends where nobody expects it: libpq takes the
 * rest for a host or a port. */
static bool is_clear(const PQconninfoOption *options)
{
	const char *host = value_of(options, "host");
	const char *port = value_of(options, "port");

	return options && !(host && strchr(host, '@')) &&
	       !(port && strchr(port, '@'));
}

char *sql_postgres_shown(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	const char *host = value_of(options, "host");
	const char *port = value_of(options, "port");
	const char *name = value_of(options, "dbname");
	struct strbuf shown = {0};

	strbuf_puts(&shown, "postgresql://");
	/* It may be the folder of a socket. */
	for (; is_clear(options) && host && *host; host++)
		if (*host == '/')
			strbuf_puts(&shown, "%2F");
		else
			strbuf_add(&shown, host, 1);
	if (is_clear(options))
		strbuf_printf(&shown, "%s%s/%s", port ? ":" : "",
			      port ? port : "", name ? name : "");
	else
		strbuf_puts(&shown, "?");
	PQconninfoFree(options);
	return shown.str;
}

static struct pg *pg_new(const char *url, const char *secret)
{
	struct pg *pg = xcalloc(1, sizeof(*pg));

	pg->base.ops = &ops;
	pg->url = xstrdup(url);
	pg->secret = secret ? xstrdup(secret) : NULL;
	return pg;
}

int sql_postgres_open(const char *url, bool is_reader, int busy_ms,
		      struct sql **out, struct err *err)
{
	/* libpq's own words may have a part of a password. */
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	struct pg *pg;

	if (!is_clear(options)) {
		PQconninfoFree(options);
		return err_set(
			err, -EINVAL,
			"the address is not of the form postgresql://USER@HOST:PORT/NAME; in a password, '@' is written as %%40");
	}
	pg = pg_new(url, value_of(options, "password"));
	PQconninfoFree(options);
	pg->is_reader = is_reader;
	pg->busy_ms = busy_ms;
	if (connect_once(pg)) {
		err_set(err, -EIO, "%s", pg->base.text);
		close_connection(&pg->base);
		return -EIO;
	}
	*out = &pg->base;
	return 0;
}
