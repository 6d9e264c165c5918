// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/store/sql.h"
#include "harness/store/store_priv.h"

#define BUSY_MS 10000

/* The first that knows a place has it. */
static const struct store_ops *const kinds[] = {&store_server_ops,
						&store_file_ops};

struct sql *store_handle(struct store *store)
{
	return store->db;
}

int store_error(struct store *store, const char *what, struct err *err)
{
	store->failed_code = sql_code(store->db);
	if (store->failed_code == -ENOSPC)
		return err_set(err, -ENOSPC, "%s: disk full at '%s'", what,
			       store->path);
	return err_set(err, -EIO, "%s '%s': %s", what, store->path,
		       sql_text(store->db));
}

int store_exec(struct store *store, const char *sql, struct err *err)
{
	return sql_exec(store->db, sql)
		       ? store_error(store, "cannot write to", err)
		       : 0;
}

static int insert(struct store *store, int64_t *value, const char *sql,
		  const char *format, va_list ap)
{
	struct sql_stmt *s = NULL;
	int i, ret = sql_prepare(store->db, sql, &s);

	if (ret)
		return ret;
	for (i = 0; format[i]; i++)
		if (format[i] == 'i')
			sql_bind_int64(s, i + 1, va_arg(ap, int64_t));
		else
			sql_bind_text(s, i + 1, va_arg(ap, const char *));
	ret = sql_step(s);
	*value = ret > 0 ? sql_int64(s, 0) : 0;
	/* SQLite has written the row only with the last step. */
	if (ret > 0)
		ret = sql_step(s);
	sql_finalize(s);
	return ret;
}

int store_insert(struct store *store, struct err *err, const char *sql,
		 const char *format, ...)
{
	int64_t value;
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = insert(store, &value, sql, format, ap);
	va_end(ap);
	return ret < 0 ? store_error(store, "cannot write to", err) : 0;
}

int store_number(struct store *store, int64_t *value, struct err *err,
		 const char *sql, const char *format, ...)
{
	va_list ap;
	int ret;

	va_start(ap, format);
	ret = insert(store, value, sql, format, ap);
	va_end(ap);
	return ret < 0 ? store_error(store, "cannot write to", err) : 0;
}

int64_t store_scalar(struct store *store, const char *sql, int64_t missing)
{
	struct sql_stmt *s = NULL;
	int64_t value = missing;

	if (!sql_prepare(store->db, sql, &s) && sql_step(s) > 0 &&
	    !sql_is_null(s, 0))
		value = sql_int64(s, 0);
	sql_finalize(s);
	return value;
}

int store_check_version(struct store *store, int64_t version, struct err *err)
{
	if (version == STORE_SCHEMA_VERSION)
		return 0;
	if (version == STORE_UNREADABLE)
		return store_error(store, "cannot read", err);
	/* Its maker failed before it was made; the next run makes it. */
	if (!version && store->ops == &store_file_ops &&
	    !store_scalar(store, "SELECT count(*) FROM sqlite_master", 1))
		return err_set(err, -ENOENT, "'%s' holds no run yet",
			       store->path);
	return err_set(
		err, -EPROTO,
		"'%s' is not a result file of this version (schema %lld, expected %d)",
		store->path, (long long)version, STORE_SCHEMA_VERSION);
}

int store_check(struct store *store, struct err *err)
{
	return store->ops->check(store, err);
}

int64_t store_data_version(struct store *store)
{
	return store->ops->data_version(store);
}

static const struct store_ops *kind_of(const char *place)
{
	size_t i = 0;

	while (!kinds[i]->is_mine(place))
		i++;
	return kinds[i];
}

char *store_shown(const char *place)
{
	const struct store_ops *ops = kind_of(place);

	return ops->shown ? ops->shown(place) : xstrdup(place);
}

bool store_is_file(const char *place)
{
	return kind_of(place) == &store_file_ops;
}

struct store_file_id store_file_id(const char *place)
{
	struct store_file_id id = {0};
	struct stat st;

	if (store_is_file(place) && !stat(place, &st))
		id = (struct store_file_id){st.st_dev, st.st_ino};
	return id;
}

static struct store *store_new(const char *place)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->ops = kind_of(place);
	store->place = xstrdup(place);
	store->path = store_shown(place);
	store->spare_fd = -1;
	return store;
}

int store_open(const char *path, struct store **out, struct err *err)
{
	return store_open_within(path, BUSY_MS, out, err);
}

int store_open_within(const char *path, int busy_ms, struct store **out,
		      struct err *err)
{
	struct store *store = store_new(path);
	int ret = store->ops->open(store, busy_ms, err);

	if (ret)
		store_close(store);
	else
		*out = store;
	return ret;
}

int store_open_readonly(const char *path, struct store **out, struct err *err)
{
	return store_open_impatient(path, BUSY_MS, out, err);
}

int store_open_impatient(const char *path, int busy_ms, struct store **out,
			 struct err *err)
{
	struct store *store = store_new(path);
	bool is_older = false;
	int ret = store->ops->open_to_read(store, busy_ms, &is_older, err);

	if (!ret && !is_older) {
		*out = store;
		return 0;
	}
	/* What was opened for reading is opened anew, to be brought up. */
	store_close(store);
	if (ret)
		return ret;
	ret = store_open(path, out, err);
	return ret ? err_wrap(err, "'%s' has an older version", path) : 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store->ops->close(store);
	free(store->place);
	free(store->path);
	free(store);
}

int store_copy(struct store *store, const char *path, struct err *err)
{
	return store->ops->copy(store, path, err);
}
