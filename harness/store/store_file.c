// SPDX-License-Identifier: GPL-3.0-or-later
/* store_file - a store in a file of SQLite's: who made it, its upgrade, its log,
 * the spare file beside it, and copies of it. */
#include "harness/store/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/durable.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/figure_rows.h"
#include "harness/store/schema.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"

/* More than one result ever needs, journal included. */
#define SPARE_BYTES (4 * MIB)
/* For readers of what the last checkpoint has to replace. */
#define CHECKPOINT_MS 1000

static int64_t schema_version(struct store *store)
{
	return store_scalar(store, "PRAGMA user_version", STORE_UNREADABLE);
}

static int check(struct store *store, struct err *err)
{
	return store_check_version(store, schema_version(store), err);
}

static int64_t data_version(struct store *store)
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
	c->version = schema_version(store);
	if (c->version == STORE_UNREADABLE)
		return store_error(store, "cannot read", err);
	c->entry_count = store_scalar(
		store, "SELECT count(*) FROM sqlite_master", STORE_UNREADABLE);
	if (c->entry_count == STORE_UNREADABLE)
		return store_error(store, "cannot read", err);
	c->own_table_count = store_scalar(
		store,
		"SELECT count(*) FROM sqlite_master WHERE type = 'table'"
		" AND name IN ('run', 'schedule', 'boot', 'series')",
		STORE_UNREADABLE);
	return c->own_table_count == STORE_UNREADABLE
		       ? store_error(store, "cannot read", err)
		       : 0;
}

static bool is_new(const struct contents *c)
{
	return !c->version && !c->entry_count;
}

static bool is_earlier(int64_t version)
{
	return version >= STORE_OLDEST_FILE_VERSION &&
	       version < STORE_SCHEMA_VERSION;
}

/* Before anything is written: a file that is not ours stays as it is. */
static int check_ours(struct store *store, struct err *err)
{
	struct contents c;
	/* Of one moment: another process may be making the file just now. */
	int ret = sql_begin_to_read(store->db);

	if (ret)
		return store_error(store, "cannot read", err);
	ret = look_into(store, &c, err);
	sql_rollback(store->db);
	if (ret || is_new(&c))
		return ret;
	if (is_earlier(c.version) || c.version == STORE_SCHEMA_VERSION)
		return c.own_table_count == OWN_TABLES
			       ? 0
			       : err_set(err, -EPROTO,
					 "'%s' is a SQLite file but not a result file",
					 store->path);
	return store_check_version(store, c.version, err);
}

/* Before there is anything in it that somebody could be told of. */
static int make(struct store *store, struct err *err)
{
	int ret = durable_path(store->path, err);

	return ret ? ret : store_exec(store, schema_sql, err);
}

/* Version by version. */
static int upgrade(struct store *store, int64_t version, struct err *err)
{
	int ret = 0;

	if (version == 3) {
		ret = store_exec(store, upgrade_3_sql, err);
		if (!ret)
			ret = figure_rows_fill(store, err);
	}
	return ret ? ret : store_exec(store, upgrade_4_sql, err);
}

/* All or nothing, so that a second process finds it whole or not begun. */
static int bring_up(struct store *store, struct err *err)
{
	struct contents c;
	char version[64];
	int ret;

	snprintf(version, sizeof(version), "PRAGMA user_version = %d; COMMIT",
		 STORE_SCHEMA_VERSION);
	if (sql_begin_to_write(store->db))
		return store_error(store, "cannot write to", err);
	ret = look_into(store, &c, err);
	if (!ret && (is_new(&c) || is_earlier(c.version))) {
		ret = is_new(&c) ? make(store, err)
				 : upgrade(store, c.version, err);
		if (!ret)
			return store_exec(store, version, err);
	}
	sql_rollback(store->db);
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
		if (!ret || store->failed_code != -EBUSY ||
		    clock_mono_ns() >= limit_ns)
			return ret;
		sqlite3_sleep(1);
	}
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
 * SQLite syncs its log with each commit, and the log's name once, by the process
 * that made it. That one may have been killed before, or reads only; then what we
 * find in the log, and what we commit to it, would not outlast a power cut.
 */
static int settle_log(struct store *store, struct err *err)
{
	if (has_log(store->path) && sql_sqlite_sync_log(store->db))
		return store_error(store, "cannot write to", err);
	return durable_name(store->path, err);
}

/* In WAL mode EXTRA is FULL: a commit is on the disk when it returns. Without WAL,
 * where memory cannot be shared, only EXTRA says the same. */
static int make_ready(struct store *store, int busy_ms, struct err *err)
{
	int ret = check_ours(store, err);

	store->is_writer = !ret;
	if (!ret)
		ret = store_exec(store,
				 "PRAGMA synchronous = EXTRA;"
				 "PRAGMA foreign_keys = ON",
				 err);
	if (!ret)
		ret = set_wal(store, busy_ms, err);
	if (!ret)
		ret = bring_up(store, err);
	if (!ret)
		ret = check(store, err);
	if (!ret)
		ret = store_exec(store, guard_sql, err);
	if (!ret)
		ret = store_exec(store, index_sql, err);
	return ret ? ret : settle_log(store, err);
}

static int open_to_write(struct store *store, int busy_ms, struct err *err)
{
	int ret;

	/* SQLite would make a database without a name, which goes with us. */
	if (!store->path[0])
		return err_set(err, -EINVAL, "'' is no file for the results");
	ret = file_mkdirs_above(store->path, err);
	/* First, so that a disk without room is left as it was. */
	if (!ret)
		ret = spare_create(store, err);
	if (!ret)
		ret = sql_sqlite_open(
			store->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
			busy_ms, &store->db, err);
	return ret ? ret : make_ready(store, busy_ms, err);
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

/*
 * A handle in WAL mode has two files beside the store, and removes them when it
 * is the last one; so it is opened for writing where that is allowed, and its
 * statements are held to reading.
 */
static int open_reader(struct store *store, int busy_ms, struct err *err)
{
	int ret = sql_sqlite_open(store->path, SQLITE_OPEN_READWRITE, busy_ms,
				  &store->db, err);

	return ret ? ret : store_exec(store, "PRAGMA query_only = ON", err);
}

/*
 * In a folder where nothing can be made, and so nobody can write to the store:
 * without locks and without files beside it.
 */
static int64_t reopen_still(struct store *store)
{
	int code = sqlite3_errcode(sql_sqlite_handle(store->db));
	char *escaped, *uri;
	int64_t version = STORE_UNREADABLE;
	struct err ignored;

	if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) ||
	    has_log(store->path))
		return STORE_UNREADABLE;
	escaped = uri_escape(store->path);
	uri = xasprintf("file:%s?immutable=1", escaped);
	sql_close(store->db);
	store->db = NULL;
	if (!sql_sqlite_open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, 0,
			     &store->db, &ignored))
		version = schema_version(store);
	free(uri);
	free(escaped);
	return version;
}

static int open_to_read(struct store *store, int busy_ms, bool *is_older,
			struct err *err)
{
	struct contents c = {.own_table_count = 0};
	int64_t version;
	int ret;

	if (access(store->path, R_OK))
		return err_sys(err, -errno,
			       "cannot open '%s'; 'l1vh-bench run' creates it",
			       store->path);
	ret = open_reader(store, busy_ms, err);
	if (ret)
		return ret;
	/* Once: a file that is locked is waited for each time. */
	version = schema_version(store);
	if (version == STORE_UNREADABLE)
		version = reopen_still(store);
	if (is_earlier(version))
		ret = look_into(store, &c, err);
	*is_older = !ret && c.own_table_count == OWN_TABLES;
	return ret || *is_older ? ret
				: store_check_version(store, version, err);
}

static void close_file(struct store *store)
{
	/* All of it in the one file, so that a copy of that file is a copy of the
	 * store while others still have it open. */
	if (store->is_writer) {
		sql_sqlite_set_busy(store->db, CHECKPOINT_MS);
		sql_exec(store->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	}
	store_spare_remove(store);
	sql_close(store->db);
}

/* The source stays as it is, which query_only would make doubtful. */
static int vacuum_into(struct store *store, const char *path, struct err *err)
{
	int ret = store_exec(store, "PRAGMA query_only = OFF", err);

	if (!ret)
		ret = store_insert(store, err, "VACUUM INTO ?", "s", path);
	sql_exec(store->db, "PRAGMA query_only = ON");
	return ret;
}

/* In a container the process that was killed here had our number, and SQLite writes
 * to no file that is there. */
static void remove_part(const char *part)
{
	char *journal = xasprintf("%s-journal", part);

	unlink(part);
	unlink(journal);
	free(journal);
}

static int copy(struct store *store, const char *path, struct err *err)
{
	char *part = xasprintf("%s.part-%d", path, (int)getpid());
	int ret = file_mkdirs_above(path, err);
	struct stat st;

	remove_part(part);
	/* Also a link to nothing, which a rename would replace. */
	if (!ret && !lstat(path, &st))
		ret = err_set(err, -EEXIST, "'%s' already exists", path);
	if (!ret)
		ret = vacuum_into(store, part, err);
	if (!ret)
		ret = durable_rename(part, path, err);
	if (ret)
		remove_part(part);
	free(part);
	return ret;
}

static bool is_path(const char *place)
{
	(void)place;
	return true;
}

const struct store_ops store_file_ops = {
	.name = "file",
	.is_mine = is_path,
	.open = open_to_write,
	.open_to_read = open_to_read,
	.close = close_file,
	.check = check,
	.data_version = data_version,
	.copy = copy,
};
