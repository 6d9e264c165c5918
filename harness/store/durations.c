// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/durations.h"

#include <errno.h>
#include <sqlite3.h>

#include "harness/base/err.h"
#include "harness/store/store.h"

/* Runs of one plan differ in seed, blocks, and what was claimed. */
static const char run_sql[] =
	"SELECT old.id FROM run old JOIN run new ON new.id = ?1"
	" WHERE old.id < new.id AND old.is_lab = new.is_lab"
	" AND EXISTS (SELECT 1 FROM boot WHERE run_id = old.id"
	"  AND status = 'ok')"
	" AND (SELECT count(*) FROM (VALUES ('$.series'), ('$.sample_count'),"
	"  ('$.target_ns'), ('$.vcpu_count'), ('$.ram_bytes'), ('$.paravirt'),"
	"  ('$.io.io_ns')) k WHERE json_extract(old.plan, k.column1)"
	"  IS NOT json_extract(new.plan, k.column1)) = 0"
	" ORDER BY old.id DESC LIMIT 1";

static const char boots_sql[] =
	"SELECT runner, workload, CAST(avg(elapsed_ns) AS INTEGER) FROM"
	" (SELECT b.id, b.runner, b.elapsed_ns, min(s.workload) AS workload"
	"  FROM boot b JOIN series s ON s.boot_id = b.id"
	"  WHERE b.run_id = ?1 AND b.status = 'ok' AND s.workload != 'boot'"
	"  GROUP BY b.id) GROUP BY runner, workload";

static int find_run(sqlite3 *db, int64_t run_id, int64_t *found)
{
	sqlite3_stmt *s;
	int ret = sqlite3_prepare_v2(db, run_sql, -1, &s, NULL);

	*found = 0;
	if (ret != SQLITE_OK)
		return ret;
	sqlite3_bind_int64(s, 1, run_id);
	ret = sqlite3_step(s);
	if (ret == SQLITE_ROW)
		*found = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return ret == SQLITE_ROW ? SQLITE_DONE : ret;
}

static int tell(sqlite3 *db, int64_t run_id, durations_fn *fn, void *arg)
{
	sqlite3_stmt *s;
	int ret = sqlite3_prepare_v2(db, boots_sql, -1, &s, NULL);

	if (ret != SQLITE_OK)
		return ret;
	sqlite3_bind_int64(s, 1, run_id);
	while ((ret = sqlite3_step(s)) == SQLITE_ROW)
		fn(arg, (const char *)sqlite3_column_text(s, 0),
		   (const char *)sqlite3_column_text(s, 1),
		   (uint64_t)sqlite3_column_int64(s, 2));
	sqlite3_finalize(s);
	return ret;
}

int durations_load(struct store *store, int64_t run_id, durations_fn *fn,
		   void *arg, struct err *err)
{
	sqlite3 *db = store_handle(store);
	int64_t found = 0;
	int ret = find_run(db, run_id, &found);

	if (ret == SQLITE_DONE && found)
		ret = tell(db, found, fn, arg);
	return ret == SQLITE_DONE
		       ? 0
		       : err_set(err, -EIO,
				 "cannot read how long earlier boots took: %s",
				 sqlite3_errmsg(db));
}
