// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/samples_drop.h"

#include <stdio.h>

#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/store/figure_rows.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"
#include "harness/store/store_priv.h"

static const char next_sql[] =
	"SELECT id, uuid, ended_unix_ns FROM run WHERE ended_unix_ns < ?"
	" AND samples_dropped_unix_ns IS NULL AND status <> 'running'"
	" ORDER BY ended_unix_ns LIMIT 1";

/* "%s" of the samples of one run. */
#define SAMPLES_OF_RUN_SQL                                             \
	"FROM sample WHERE series_id IN (SELECT s.id FROM boot b JOIN" \
	" series s ON s.boot_id = b.id WHERE b.run_id = ?)"

/* 1: *RUN is the next one; 0: there is none. */
static int find_next(struct store *store, uint64_t before_unix_ns,
		     struct samples_dropped *run)
{
	struct sql_stmt *s;
	int ret = sql_prepare(store->db, next_sql, &s);

	if (ret)
		return ret;
	sql_bind_int64(s, 1, (int64_t)before_unix_ns);
	ret = sql_step(s);
	if (ret > 0) {
		run->run_id = sql_int64(s, 0);
		snprintf(run->uuid, sizeof(run->uuid), "%s",
			 sql_column_text(s, 1));
		run->ended_unix_ns = (uint64_t)sql_int64(s, 2);
	}
	sql_finalize(s);
	return ret;
}

/* Within a transaction: another writer may have done it since. */
static int drop_within(struct store *store, struct samples_dropped *run,
		       struct err *err)
{
	int64_t count = 0;
	int ret = figure_rows_fill_run(store, run->run_id, err);

	if (!ret)
		ret = store_number(store, &count, err,
				   "SELECT count(*) " SAMPLES_OF_RUN_SQL, "i",
				   run->run_id);
	run->sample_count = (uint64_t)count;
	if (!ret)
		ret = store_insert(store, err, "DELETE " SAMPLES_OF_RUN_SQL,
				   "i", run->run_id);
	return ret ? ret
		   : store_insert(store, err,
				  "UPDATE run SET samples_dropped_unix_ns = ?"
				  " WHERE id = ?"
				  " AND samples_dropped_unix_ns IS NULL",
				  "ii", (int64_t)clock_unix_ns(), run->run_id);
}

static int drop(struct store *store, struct samples_dropped *run,
		struct err *err)
{
	int ret = store_begin(store, err);

	if (ret)
		return ret;
	ret = drop_within(store, run, err);
	return store_end(store, ret, err);
}

int samples_drop(struct store *store, uint64_t before_unix_ns,
		 samples_dropped_fn *fn, void *arg, struct err *err)
{
	struct samples_dropped run;

	for (;;) {
		int ret = find_next(store, before_unix_ns, &run);

		if (ret < 0)
			return store_error(store, "cannot read", err);
		if (!ret)
			return 0;
		ret = drop(store, &run, err);
		if (ret || (fn && fn(arg, &run)))
			return ret;
	}
}
