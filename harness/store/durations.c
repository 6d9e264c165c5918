// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/durations.h"

#include <errno.h>

#include "harness/base/err.h"
#include "harness/store/sql.h"
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
	"  IS DISTINCT FROM json_extract(new.plan, k.column1)) = 0"
	" ORDER BY old.id DESC LIMIT 1";

static const char boots_sql[] =
	"SELECT runner, workload, CAST(avg(elapsed_ns) AS BIGINT) FROM"
	" (SELECT b.id, b.runner, b.elapsed_ns, min(s.workload) AS workload"
	"  FROM boot b JOIN series s ON s.boot_id = b.id"
	"  WHERE b.run_id = ?1 AND b.status = 'ok' AND s.workload != 'boot'"
	"  GROUP BY b.id) AS each_boot GROUP BY runner, workload";

static int find_run(struct sql *db, int64_t run_id, int64_t *found)
{
	struct sql_stmt *s;
	int ret = sql_prepare(db, run_sql, &s);

	*found = 0;
	if (ret)
		return ret;
	sql_bind_int64(s, 1, run_id);
	ret = sql_step(s);
	if (ret > 0)
		*found = sql_int64(s, 0);
	sql_finalize(s);
	return ret;
}

static int tell(struct sql *db, int64_t run_id, durations_fn *fn, void *arg)
{
	struct sql_stmt *s;
	int ret = sql_prepare(db, boots_sql, &s);

	if (ret)
		return ret;
	sql_bind_int64(s, 1, run_id);
	while ((ret = sql_step(s)) > 0)
		fn(arg, sql_column_text(s, 0), sql_column_text(s, 1),
		   (uint64_t)sql_int64(s, 2));
	sql_finalize(s);
	return ret;
}

int durations_load(struct store *store, int64_t run_id, durations_fn *fn,
		   void *arg, struct err *err)
{
	struct sql *db = store_handle(store);
	int64_t found = 0;
	int ret = find_run(db, run_id, &found);

	if (ret > 0)
		ret = tell(db, found, fn, arg);
	return ret ? err_set(err, -EIO,
			     "cannot read how long earlier boots took: %s",
			     sql_text(db))
		   : 0;
}
