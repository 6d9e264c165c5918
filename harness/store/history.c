// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/history.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

/* CROSS JOIN: from each run to what it has of the series, not from all that is
 * called so. */
#define SERIES_SQL                                                       \
	" CROSS JOIN series s CROSS JOIN figure f WHERE b.run_id = r.id" \
	" AND s.boot_id = b.id AND f.series_id = s.id AND b.runner = ?1" \
	" AND s.workload = ?2 AND s.point = ?3 AND s.status = 'ok'"      \
	" AND f.median IS NOT NULL"

static const char picked_sql[] =
	"WITH picked AS MATERIALIZED (SELECT id, started_unix_ns FROM run r"
	" WHERE EXISTS (SELECT 1 FROM boot b" SERIES_SQL ")";
static const char span_sql[] =
	" AND r.started_unix_ns >= ?7 AND r.started_unix_ns < ?8";
static const char host_sql[] = " AND host = ?4";
static const char values_sql[] =
	" ORDER BY started_unix_ns DESC, id DESC LIMIT ?5 OFFSET ?6)"
	" SELECT r.id, s.unit, s.lower_is_better, b.grade, f.median"
	" FROM picked r CROSS JOIN boot b" SERIES_SQL
	" ORDER BY r.started_unix_ns, r.id, b.position, s.id";

/* Apart from the values, of which a run has many. */
static const char run_sql[] =
	"SELECT started_unix_ns, revision, fingerprint, uuid FROM run"
	" WHERE id = ?";

struct reading {
	struct history *h;
	struct sql_stmt *run;
	int run_error; /* of the last run that was not read */
};

static void begin_run(struct reading *r, int64_t id, const char *grade)
{
	struct history *h = r->h;
	struct history_run *run;
	int ret;

	h->runs = xrealloc(h->runs, h->run_count + 1, sizeof(*h->runs));
	run = &h->runs[h->run_count++];
	*run = (struct history_run){.id = id, .first = h->value_count};
	snprintf(run->grade, sizeof(run->grade), "%s", grade);
	sql_bind_int64(r->run, 1, id);
	ret = sql_step(r->run);
	if (ret > 0) {
		run->started_unix_ns = (uint64_t)sql_int64(r->run, 0);
		snprintf(run->revision, sizeof(run->revision), "%s",
			 sql_column_text(r->run, 1));
		run->fingerprint = xstrdup(sql_column_text(r->run, 2));
		snprintf(run->uuid, sizeof(run->uuid), "%s",
			 sql_column_text(r->run, 3));
	} else {
		r->run_error = ret ? ret : -EIO;
	}
	sql_reset(r->run);
}

static void take_row(struct reading *r, struct sql_stmt *s)
{
	struct history *h = r->h;
	int64_t run_id = sql_int64(s, 0);
	double value = sql_double(s, 4);

	if (!isfinite(value))
		return;
	if (!h->run_count || h->runs[h->run_count - 1].id != run_id)
		begin_run(r, run_id, sql_column_text(s, 3));
	snprintf(h->unit, sizeof(h->unit), "%s", sql_column_text(s, 1));
	h->lower_is_better = sql_int64(s, 2);
	h->values = xrealloc(h->values, h->value_count + 1, sizeof(*h->values));
	h->values[h->value_count++] = value;
	h->runs[h->run_count - 1].count++;
}

static int prepare(struct sql *db, const struct history_query *q,
		   struct sql_stmt **s)
{
	struct strbuf sql = {0};
	int ret;

	strbuf_printf(&sql, "%s%s%s%s", picked_sql, span_sql,
		      q->host ? host_sql : "", values_sql);
	ret = sql_prepare(db, sql.str, s);
	strbuf_release(&sql);
	if (ret)
		return ret;
	sql_bind_text(*s, 1, q->runner);
	sql_bind_text(*s, 2, q->workload);
	sql_bind_text(*s, 3, q->point);
	if (q->host)
		sql_bind_text(*s, 4, q->host);
	/* One more than is wanted tells that there is more. */
	sql_bind_int64(*s, 5,
		       q->max_runs ? (int64_t)q->max_runs + 1 : INT64_MAX);
	sql_bind_int64(*s, 6, (int64_t)q->skip_runs);
	sql_bind_int64(*s, 7, (int64_t)q->from_unix_ns);
	sql_bind_int64(*s, 8,
		       q->to_unix_ns ? (int64_t)q->to_unix_ns : INT64_MAX);
	return ret;
}

/* The one that was read to know that it is there. */
static void drop_first_run(struct history *h)
{
	size_t i, gone = h->runs[0].count;

	free(h->runs[0].fingerprint);
	h->run_count--;
	h->value_count -= gone;
	memmove(h->runs, h->runs + 1, h->run_count * sizeof(*h->runs));
	memmove(h->values, h->values + gone,
		h->value_count * sizeof(*h->values));
	for (i = 0; i < h->run_count; i++)
		h->runs[i].first -= gone;
	h->has_more = true;
}

static int read_all(struct sql *db, const struct history_query *q,
		    struct history *h)
{
	struct reading r = {.h = h};
	struct sql_stmt *s = NULL;
	int ret = sql_prepare(db, run_sql, &r.run);

	if (!ret)
		ret = prepare(db, q, &s);
	if (!ret) {
		while ((ret = sql_step(s)) > 0)
			take_row(&r, s);
	}
	if (r.run_error)
		ret = r.run_error;
	if (q->max_runs && h->run_count > q->max_runs)
		drop_first_run(h);
	sql_finalize(s);
	sql_finalize(r.run);
	return ret;
}

int history_load(struct store *store, const struct history_query *q,
		 struct history *h, struct err *err)
{
	struct sql *db = store_handle(store);
	int ret;

	*h = (struct history){.value_count = 0};
	ret = read_all(db, q, h);
	if (!ret && h->value_count)
		return 0;
	history_release(h);
	return !ret ? err_set(err, -ENOENT, "no boot of %s has '%s%s%s'%s%s",
			      q->runner, q->workload, *q->point ? ":" : "",
			      q->point, q->host ? " on host " : "",
			      q->host ? q->host : "")
		    : err_set(err, -EIO, "cannot read the history: %s",
			      sql_text(db));
}

void history_release(struct history *h)
{
	size_t i;

	for (i = 0; i < h->run_count && !h->is_of_a_set; i++)
		free(h->runs[i].fingerprint);
	free(h->runs);
	free(h->values);
	*h = (struct history){.value_count = 0};
}

static const char names_sql[] =
	"SELECT s.workload, s.point FROM series s"
	" JOIN boot b ON s.boot_id = b.id"
	" WHERE b.runner = ?1 AND s.status = 'ok' AND b.run_id ="
	" (SELECT id FROM run ORDER BY started_unix_ns DESC, id DESC LIMIT 1)"
	" GROUP BY s.workload, s.point"
	" ORDER BY min(s.list_rank), s.workload, s.point";

int history_names(struct store *store, const char *runner,
		  struct history_name **names, size_t *count, struct err *err)
{
	struct sql *db = store_handle(store);
	struct sql_stmt *s = NULL;
	int ret;

	*names = NULL;
	*count = 0;
	if (sql_prepare(db, names_sql, &s))
		return err_set(err, -EIO, "cannot read the history: %s",
			       sql_text(db));
	sql_bind_text(s, 1, runner);
	while ((ret = sql_step(s)) > 0) {
		struct history_name *n;

		*names = xrealloc(*names, *count + 1, sizeof(**names));
		n = &(*names)[(*count)++];
		snprintf(n->workload, sizeof(n->workload), "%s",
			 sql_column_text(s, 0));
		snprintf(n->point, sizeof(n->point), "%s",
			 sql_column_text(s, 1));
	}
	sql_finalize(s);
	if (ret)
		ret = err_set(err, -EIO, "cannot read the history: %s",
			      sql_text(db));
	else
		ret = *count ? 0
			     : err_set(err, -ENOENT,
				       "the latest run has no results of %s",
				       runner);
	if (ret) {
		free(*names);
		*names = NULL;
	}
	return ret;
}
