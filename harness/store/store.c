// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result.h"
#include "harness/store/schema.h"
#include "harness/store/store_priv.h"

/* More than one result ever needs, journal included. */
#define SPARE_BYTES (4 * MIB)
#define BUSY_MS 10000
/* For readers of what the last checkpoint has to replace. */
#define CHECKPOINT_MS 1000
/* In place of a number of the file's own, which may be below 0. */
#define UNREADABLE INT64_MIN

struct sqlite3 *store_handle(struct store *store)
{
	return store->db;
}

int store_error(struct store *store, const char *what, struct err *err)
{
	int code = sqlite3_errcode(store->db);

	store->failed_code = code;
	if (code == SQLITE_FULL)
		return err_set(err, -ENOSPC, "%s: disk full at '%s'", what,
			       store->path);
	return err_set(err, -EIO, "%s '%s': %s", what, store->path,
		       sqlite3_errmsg(store->db));
}

int store_exec(struct store *store, const char *sql, struct err *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_error(store, "cannot write to", err);
	return 0;
}

int store_insert(struct store *store, struct err *err, const char *sql,
		 const char *format, ...)
{
	sqlite3_stmt *stmt = NULL;
	va_list ap;
	int i;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return store_error(store, "cannot write to", err);
	va_start(ap, format);
	for (i = 0; format[i]; i++) {
		if (format[i] == 'i')
			sqlite3_bind_int64(stmt, i + 1, va_arg(ap, int64_t));
		else if (format[i] == 'd')
			sqlite3_bind_double(stmt, i + 1, va_arg(ap, double));
		else
			sqlite3_bind_text(stmt, i + 1, va_arg(ap, const char *),
					  -1, SQLITE_TRANSIENT);
	}
	va_end(ap);
	i = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	if (i != SQLITE_DONE && i != SQLITE_ROW)
		return store_error(store, "cannot write to", err);
	return 0;
}

int64_t store_scalar(struct store *store, const char *sql, int64_t missing)
{
	sqlite3_stmt *stmt = NULL;
	int64_t value = missing;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW &&
	    sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static int check_version(struct store *store, int64_t version, struct err *err)
{
	if (version == STORE_SCHEMA_VERSION)
		return 0;
	if (version == UNREADABLE)
		return store_error(store, "cannot read", err);
	return err_set(
		err, -EPROTO,
		"'%s' is not a result file of this version (schema %lld, expected %d)",
		store->path, (long long)version, STORE_SCHEMA_VERSION);
}

int store_check(struct store *store, struct err *err)
{
	return check_version(
		store, store_scalar(store, "PRAGMA user_version", UNREADABLE),
		err);
}

int64_t store_data_version(struct store *store)
{
	return store_scalar(store, "PRAGMA data_version", -1);
}

/* What shows whose file it is: another program's may have our number. */
struct contents {
	int64_t version;
	int64_t entry_count;     /* tables, indexes and all else */
	int64_t own_table_count; /* of those that only ours has together */
};

#define OWN_TABLES 4

static int look_into(struct store *store, struct contents *c, struct err *err)
{
	c->version = store_scalar(store, "PRAGMA user_version", UNREADABLE);
	if (c->version == UNREADABLE)
		return store_error(store, "cannot read", err);
	c->entry_count = store_scalar(
		store, "SELECT count(*) FROM sqlite_master", UNREADABLE);
	if (c->entry_count == UNREADABLE)
		return store_error(store, "cannot read", err);
	c->own_table_count = store_scalar(
		store,
		"SELECT count(*) FROM sqlite_master WHERE type = 'table'"
		" AND name IN ('run', 'schedule', 'boot', 'series')",
		UNREADABLE);
	return c->own_table_count == UNREADABLE
		       ? store_error(store, "cannot read", err)
		       : 0;
}

/* What a file of this version would have been made of; NULL: nothing. */
static const char *missing_sql(const struct contents *c)
{
	if (c->version == STORE_SCHEMA_VERSION - 1)
		return upgrade_2_sql;
	return !c->version && !c->entry_count ? schema_sql : NULL;
}

/* Before anything is written: a file that is not ours stays as it is. */
static int check_ours(struct store *store, struct err *err)
{
	struct contents c;
	/* Of one moment: another process may be making the file just now. */
	int ret = store_exec(store, "BEGIN", err);

	if (ret)
		return ret;
	ret = look_into(store, &c, err);
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	if (ret || missing_sql(&c) == schema_sql)
		return ret;
	if (c.version >= STORE_SCHEMA_VERSION - 1 &&
	    c.version <= STORE_SCHEMA_VERSION)
		return c.own_table_count == OWN_TABLES
			       ? 0
			       : err_set(err, -EPROTO,
					 "'%s' is a SQLite file but not a result file",
					 store->path);
	return check_version(store, c.version, err);
}

/* All or nothing, so that a second process finds it whole or not begun. */
static int bring_up(struct store *store, struct err *err)
{
	struct contents c;
	char version[64];
	const char *sql;
	int ret;

	snprintf(version, sizeof(version), "PRAGMA user_version = %d; COMMIT",
		 STORE_SCHEMA_VERSION);
	ret = store_exec(store, "BEGIN IMMEDIATE", err);
	if (ret)
		return ret;
	ret = look_into(store, &c, err);
	sql = ret ? NULL : missing_sql(&c);
	if (sql) {
		ret = store_exec(store, sql, err);
		if (!ret)
			return store_exec(store, version, err);
	}
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return ret;
}

/*
 * Its blocks are allocated for real: a hole would help nobody. It loses its
 * name at once, so that not even SIGKILL leaves it behind.
 */
static int spare_create(struct store *store, struct err *err)
{
	char *path = xasprintf("%s.spare-%d", store->path, (int)getpid());
	int ret;

	store->spare_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ret = store->spare_fd < 0 ? errno : 0;
	unlink(path);
	free(path);
	if (!ret)
		ret = posix_fallocate(store->spare_fd, 0, SPARE_BYTES);
	if (!ret)
		return 0;
	return err_sys(
		err, -ret,
		"cannot reserve %llu MiB beside '%s'; free some space or choose another place with --db",
		SPARE_BYTES / MIB, store->path);
}

void store_spare_remove(struct store *store)
{
	if (store->spare_fd >= 0)
		close(store->spare_fd);
	store->spare_fd = -1;
}

static struct store *store_new(const char *path)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->path = xstrdup(path);
	store->spare_fd = -1;
	return store;
}

static int open_db(struct store *store, int flags, int busy_ms, struct err *err)
{
	if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
		return err_set(err, -EIO, "cannot open '%s': %s", store->path,
			       sqlite3_errmsg(store->db));
	sqlite3_busy_timeout(store->db, busy_ms);
	return 0;
}

/*
 * Of two that switch a new file at once, one is refused without waiting: both
 * read it, and neither could get it alone (sqlite3_busy_handler(), "deadlock").
 */
static int set_wal(struct store *store, int busy_ms, struct err *err)
{
	uint64_t limit_ns = clock_mono_ns() + (uint64_t)busy_ms * NS_PER_MS;
	int ret;

	for (;;) {
		ret = store_exec(store, "PRAGMA journal_mode = WAL", err);
		if (!ret || sqlite3_errcode(store->db) != SQLITE_BUSY ||
		    clock_mono_ns() >= limit_ns)
			return ret;
		sqlite3_sleep(1);
	}
}

int store_open(const char *path, struct store **out, struct err *err)
{
	return store_open_within(path, BUSY_MS, out, err);
}

int store_open_within(const char *path, int busy_ms, struct store **out,
		      struct err *err)
{
	struct store *store = store_new(path);
	int ret = file_mkdirs_above(path, err);

	/* First, so that a disk without room is left as it was. */
	if (!ret)
		ret = spare_create(store, err);
	if (!ret)
		ret = open_db(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			      busy_ms, err);
	if (!ret)
		ret = check_ours(store, err);
	store->is_writer = !ret;
	if (!ret)
		ret = set_wal(store, busy_ms, err);
	if (!ret)
		ret = store_exec(store,
				 "PRAGMA synchronous = FULL;"
				 "PRAGMA foreign_keys = ON",
				 err);
	if (!ret)
		ret = bring_up(store, err);
	if (!ret)
		ret = store_check(store, err);
	if (!ret)
		ret = store_exec(store, guard_sql, err);
	if (!ret)
		ret = store_exec(store, index_sql, err);
	if (ret) {
		store_close(store);
		return ret;
	}
	*out = store;
	return 0;
}

/* PATH with what means something in a URI as %XX. */
static char *uri_escape(const char *path)
{
	struct strbuf out = {0};

	for (; *path; path++)
		if (strchr("%?#", *path))
			strbuf_printf(&out, "%%%02X", (unsigned char)*path);
		else
			strbuf_add(&out, path, 1);
	return out.str ? out.str : xstrdup("");
}

int store_open_readonly(const char *path, struct store **out, struct err *err)
{
	return store_open_impatient(path, BUSY_MS, out, err);
}

/* What was opened for reading is opened anew, to be brought up. */
static int open_older(struct store *store, struct store **out, struct err *err)
{
	char *path = xstrdup(store->path);
	int ret;

	store_close(store);
	ret = store_open(path, out, err);
	if (ret)
		err_wrap(err, "'%s' has an older version", path);
	free(path);
	return ret;
}

/*
 * A handle in WAL mode has two files beside the store, and removes them when it
 * is the last one; so it is opened for writing where that is allowed, and its
 * statements are held to reading.
 */
static int open_to_read(struct store *store, int busy_ms, struct err *err)
{
	int ret = open_db(store, SQLITE_OPEN_READWRITE, busy_ms, err);

	return ret ? ret : store_exec(store, "PRAGMA query_only = ON", err);
}

/* Whether anything was committed that is not in PATH itself. */
static bool has_log(const char *path)
{
	char *log = xasprintf("%s-wal", path);
	struct stat st;
	bool has = !stat(log, &st) && st.st_size;

	free(log);
	return has;
}

/*
 * In a folder where nothing can be made, and so nobody can write to the store:
 * without locks and without files beside it.
 */
static int64_t reopen_still(struct store *store)
{
	int code = sqlite3_errcode(store->db);
	char *escaped, *uri;
	int64_t version = UNREADABLE;

	if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
	    has_log(store->path))
		return UNREADABLE;
	escaped = uri_escape(store->path);
	uri = xasprintf("file:%s?immutable=1", escaped);
	sqlite3_close(store->db);
	if (sqlite3_open_v2(uri, &store->db,
			    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
			    NULL) == SQLITE_OK)
		version =
			store_scalar(store, "PRAGMA user_version", UNREADABLE);
	free(uri);
	free(escaped);
	return version;
}

int store_open_impatient(const char *path, int busy_ms, struct store **out,
			 struct err *err)
{
	struct contents c = {.own_table_count = 0};
	struct store *store;
	int64_t version;
	int ret;

	if (access(path, R_OK))
		return err_sys(err, -errno,
			       "cannot open '%s'; 'l1vh-bench run' creates it",
			       path);
	store = store_new(path);
	ret = open_to_read(store, busy_ms, err);
	if (!ret) {
		/* Once: a file that is locked is waited for each time. */
		version =
			store_scalar(store, "PRAGMA user_version", UNREADABLE);
		if (version == UNREADABLE)
			version = reopen_still(store);
		if (version == STORE_SCHEMA_VERSION - 1)
			ret = look_into(store, &c, err);
		if (c.own_table_count == OWN_TABLES && !ret)
			return open_older(store, out, err);
		if (!ret)
			ret = check_version(store, version, err);
	}
	if (ret) {
		store_close(store);
		return ret;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	/* All of it in the one file, so that a copy of that file is a copy of the
	 * store while others still have it open. */
	if (store->is_writer) {
		sqlite3_busy_timeout(store->db, CHECKPOINT_MS);
		sqlite3_exec(store->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL,
			     NULL, NULL);
	}
	store_spare_remove(store);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

/* The source stays as it is, which query_only would make doubtful. */
static int vacuum_into(struct store *store, const char *path, struct err *err)
{
	int ret = store_exec(store, "PRAGMA query_only = OFF", err);

	if (!ret)
		ret = store_insert(store, err, "VACUUM INTO ?", "s", path);
	sqlite3_exec(store->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
	return ret;
}

int store_copy(struct store *store, const char *path, struct err *err)
{
	char *part = xasprintf("%s.part-%d", path, (int)getpid());
	int ret = file_mkdirs_above(path, err);

	if (!ret && !access(path, F_OK))
		ret = err_set(err, -EEXIST, "'%s' already exists", path);
	if (!ret)
		ret = vacuum_into(store, part, err);
	if (!ret && rename(part, path))
		ret = err_sys(err, -errno, "cannot create '%s'", path);
	if (ret)
		unlink(part);
	free(part);
	return ret;
}
