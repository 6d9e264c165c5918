// SPDX-License-Identifier: GPL-3.0-or-later
/* store_server - a store in a database of a PostgreSQL server: whose it is, and its
 * tables. */
#include "harness/store/store_priv.h"

#include <errno.h>
#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/store/schema_postgres.h"
#include "harness/store/sql_postgres.h"
#include "harness/store/store.h"

#define TABLES_SQL                                            \
	"SELECT count(*) FROM pg_class WHERE relnamespace = " \
	"(SELECT oid FROM pg_namespace WHERE nspname = current_schema())"

static const char any_sql[] =
	TABLES_SQL " AND relkind IN ('r', 'p', 'v', 'm', 'f')";
/* Those that only ours has together. */
static const char own_sql[] =
	TABLES_SQL " AND relkind = 'r' AND relname IN"
		   " ('run', 'schedule', 'boot', 'series', 'schema_version')";
#define OWN_TABLES 5

static int64_t schema_version(struct store *store)
{
	return store_scalar(store, "SELECT version FROM schema_version",
			    STORE_UNREADABLE);
}

static int check(struct store *store, struct err *err)
{
	return store_check_version(store, schema_version(store), err);
}

/* What the database has; an earlier version can be brought up. */
enum contents { EMPTY, EARLIER, READY };

static int check_ours(struct store *store, enum contents *out, struct err *err)
{
	int64_t any = store_scalar(store, any_sql, -1);
	int64_t own = any < 0 ? -1 : store_scalar(store, own_sql, -1);
	int64_t version;

	*out = EMPTY;
	if (own < 0)
		return store_error(store, "cannot read", err);
	if (!any)
		return 0;
	if (own != OWN_TABLES)
		return err_set(
			err, -EPROTO,
			"'%s' has tables, but it is not a store of results; use a database of its own",
			store->path);
	version = schema_version(store);
	*out = READY;
	if (version < STORE_OLDEST_SERVER_VERSION ||
	    version >= STORE_SCHEMA_VERSION)
		return store_check_version(store, version, err);
	*out = EARLIER;
	return 0;
}

/* All or nothing; the lock of writers keeps a second one out meanwhile. */
static int make_tables(struct store *store, struct err *err)
{
	enum contents contents;
	char *sql = NULL;
	int ret;

	if (sql_begin_to_write(store->db))
		return store_error(store, "cannot write to", err);
	ret = check_ours(store, &contents, err);
	if (!ret && contents != READY) {
		sql = contents == EMPTY ? schema_postgres_sql()
					: schema_postgres_upgrade_sql();
		ret = store_exec(store, sql, err);
	}
	if (!ret && sql_commit(store->db))
		ret = store_error(store, "cannot write to", err);
	if (ret)
		sql_rollback(store->db);
	free(sql);
	return ret;
}

static int connect_to(struct store *store, bool is_reader, int busy_ms,
		      struct err *err)
{
	int ret = sql_postgres_open(store->place, is_reader, busy_ms,
				    &store->db, err);

	return ret ? err_wrap(err, "cannot open '%s'", store->path) : 0;
}

static int open_to_write(struct store *store, int busy_ms, struct err *err)
{
	int ret = connect_to(store, false, busy_ms, err);

	if (!ret)
		ret = make_tables(store, err);
	store->is_writer = !ret;
	return ret;
}

static int open_to_read(struct store *store, int busy_ms, bool *is_older,
			struct err *err)
{
	enum contents contents = READY;
	int ret = connect_to(store, true, busy_ms, err);

	if (!ret)
		ret = check_ours(store, &contents, err);
	*is_older = contents == EARLIER;
	if (!ret && contents == EMPTY)
		ret = err_set(
			err, -ENOENT,
			"'%s' holds no results yet; 'l1vh-bench run' creates the tables",
			store->path);
	return ret;
}

/*
 * Tables that the server has never counted: it would plan to read them whole. It
 * counts them by itself a minute after they were filled, and then again and again;
 * the first time is ours, for those who read at once.
 */
static const char uncounted_sql[] =
	TABLES_SQL " AND relkind = 'r' AND reltuples < 0 AND relname IN"
		   " ('run', 'boot', 'series', 'figure', 'sample')"
		   " AND pg_relation_size(oid) > 0";

static void close_server(struct store *store)
{
	if (store->is_writer && store_scalar(store, uncounted_sql, 0) > 0)
		sql_exec(store->db,
			 "ANALYZE run, boot, series, figure, sample");
	sql_close(store->db);
}

/* A snapshot names the transactions that were under way and the next one's number:
 * it changes whenever one that writes begins or ends, here or in another database of
 * the server. */
static int64_t data_version(struct store *store)
{
	return store_scalar(store,
			    "SELECT hashtextextended("
			    "pg_current_snapshot()::text, 0)"
			    " & 9223372036854775807",
			    -1);
}

static int copy(struct store *store, const char *path, struct err *err)
{
	return err_set(
		err, -ENOTSUP,
		"cannot copy '%s' to '%s': use pg_dump, or export its runs one by one",
		store->path, path);
}

const struct store_ops store_server_ops = {
	.name = "server",
	.is_mine = sql_postgres_is_url,
	.shown = sql_postgres_shown,
	.open = open_to_write,
	.open_to_read = open_to_read,
	.close = close_server,
	.check = check,
	.data_version = data_version,
	.copy = copy,
};
