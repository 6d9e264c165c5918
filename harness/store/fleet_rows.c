// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/fleet_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

static int read_error(struct sql *db, struct err *err)
{
	return err_set(err, -EIO, "cannot read fleets: %s", sql_text(db));
}

static void copy_text(char *buf, size_t size, struct sql_stmt *s, int column)
{
	snprintf(buf, size, "%s", sql_column_text(s, column));
}

/* --- fleets ---------------------------------------------------------------- */

static const char names_sql[] =
	"SELECT fleet, count(*), count(DISTINCT node), max(started_unix_ns)"
	" FROM run WHERE fleet > '' GROUP BY fleet"
	" ORDER BY max(started_unix_ns) DESC, fleet";

int fleet_names_load(struct store *store, struct fleet_names *names,
		     struct err *err)
{
	struct sql *db = store_handle(store);
	struct sql_stmt *s;
	int ret = sql_prepare(db, names_sql, &s);

	*names = (struct fleet_names){.count = 0};
	while (!ret && (ret = sql_step(s)) > 0) {
		ret = 0;
		names->rows = xrealloc(names->rows, names->count + 1,
				       sizeof(*names->rows));
		names->rows[names->count++] = (struct fleet_name){
			.name = sql_column_copy(s, 0),
			.run_count = (uint64_t)sql_int64(s, 1),
			.node_count = (uint64_t)sql_int64(s, 2),
			.last_started_unix_ns = (uint64_t)sql_int64(s, 3)};
	}
	sql_finalize(s);
	if (!ret)
		return 0;
	fleet_names_release(names);
	return read_error(db, err);
}

void fleet_names_release(struct fleet_names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->rows[i].name);
	free(names->rows);
	*names = (struct fleet_names){.count = 0};
}

/* --- their runs ------------------------------------------------------------ */

/* Null where the fingerprint is damaged or lacks it. */
#define PLACE_SQL(key)                           \
	"CASE WHEN json_valid(fingerprint) THEN" \
	" json_extract(fingerprint, '$.\"" key "\"') END"
#define RUN_COLUMNS_SQL                                                 \
	"id, uuid, fleet, node, status, revision, started_unix_ns,"     \
	" ended_unix_ns, is_lab, " PLACE_SQL(FLEET_ARM) ", " PLACE_SQL( \
		FLEET_ATTEMPT) ", " PLACE_SQL(FLEET_ENGINE) ", " PLACE_SQL(FLEET_INDEX)
#define DOCUMENTS_SQL ", fingerprint, plan, guest_manifest"
/* No page of a node shows the documents, which are most of a run's row. */
static const char node_runs_sql[] =
	"SELECT " RUN_COLUMNS_SQL ", '', '', '' FROM run"
	" WHERE node = ? AND started_unix_ns >= ?"
	" AND started_unix_ns < ? ORDER BY started_unix_ns DESC, id DESC"
	" LIMIT ? OFFSET ?";

static int64_t parse_index(const char *text)
{
	long long index;
	char *end;

	errno = 0;
	index = strtoll(text, &end, 10);
	return errno || end == text || *end || index < 0 ? -1 : index;
}

static void take_run(struct fleet_runs *runs, struct sql_stmt *s)
{
	runs->rows = xrealloc(runs->rows, runs->count + 1, sizeof(*runs->rows));
	runs->rows[runs->count++] = (struct fleet_run_row){
		.id = sql_int64(s, 0),
		.uuid = sql_column_copy(s, 1),
		.fleet = sql_column_copy(s, 2),
		.node = sql_column_copy(s, 3),
		.status = sql_column_copy(s, 4),
		.revision = sql_column_copy(s, 5),
		.started_unix_ns = (uint64_t)sql_int64(s, 6),
		.ended_unix_ns = (uint64_t)sql_int64(s, 7),
		.is_lab = sql_int64(s, 8),
		.arm = sql_column_copy(s, 9),
		.attempt = sql_column_copy(s, 10),
		.engine = sql_column_copy(s, 11),
		.index = parse_index(sql_column_text(s, 12)),
		.fingerprint = sql_column_copy(s, 13),
		.plan = sql_column_copy(s, 14),
		.guest_manifest = sql_column_copy(s, 15),
	};
}

/* --- the recent ones --- */

/* As they came: the store numbers them. */
struct arrival {
	int64_t id;
	uint64_t started_unix_ns;
	uint64_t node; /* a number that stands for its name */
};

/* Nodes, by the median of whose latest times now is told: one alone may have a
 * clock that is ahead, and several runs. */
#define LATEST_COUNT 5

/* FNV-1a; two nodes of one number would only count as one here. */
static uint64_t number_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	return hash;
}

static int load_arrivals(struct sql *db, const char *fleet,
			 struct arrival **list, size_t *count)
{
	static const char sql[] = "SELECT id, started_unix_ns, node FROM run"
				  " WHERE fleet = ? ORDER BY id DESC";
	struct sql_stmt *s;
	size_t room = 0;
	int ret = sql_prepare(db, sql, &s);

	*list = NULL;
	*count = 0;
	if (!ret)
		sql_bind_text(s, 1, fleet);
	while (!ret && (ret = sql_step(s)) > 0) {
		ret = 0;
		if (*count == room) {
			room = 2 * room + 256;
			*list = xrealloc(*list, room, sizeof(**list));
		}
		(*list)[(*count)++] = (struct arrival){
			sql_int64(s, 0), (uint64_t)sql_int64(s, 1),
			number_of(sql_column_text(s, 2))};
	}
	sql_finalize(s);
	return ret;
}

static int compare_times(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

static uint64_t time_of_latest(const struct arrival *list, size_t count)
{
	uint64_t times[LATEST_COUNT], nodes[LATEST_COUNT];
	size_t i, k, n = 0;

	for (i = 0; i < count && n < LATEST_COUNT; i++) {
		for (k = 0; k < n && nodes[k] != list[i].node; k++)
			;
		if (k < n)
			continue;
		nodes[n] = list[i].node;
		times[n++] = list[i].started_unix_ns;
	}
	qsort(times, n, sizeof(times[0]), compare_times);
	return times[n / 2];
}

/* Of COUNT runs as many may come one after the other from nodes with clocks that are
 * behind. */
static size_t most_in_a_row(size_t count)
{
	return 20 + count / 20;
}

static size_t count_recent(const struct arrival *list, size_t count,
			   uint32_t days)
{
	uint64_t latest, span_ns = days * 86400 * NS_PER_S;
	size_t i, in_a_row = 0;

	if (!days || !count)
		return count;
	latest = time_of_latest(list, count);
	for (i = 0; i < count && in_a_row < most_in_a_row(i - in_a_row); i++)
		in_a_row = list[i].started_unix_ns + span_ns < latest
				   ? in_a_row + 1
				   : 0;
	return i - in_a_row;
}

static int load_by_id(struct sql *db, const struct arrival *list, size_t count,
		      struct fleet_runs *runs)
{
	static const char sql[] = "SELECT " RUN_COLUMNS_SQL DOCUMENTS_SQL
				  " FROM run WHERE id = ?";
	struct sql_stmt *s;
	size_t i;
	int ret = sql_prepare(db, sql, &s);

	for (i = 0; i < count && !ret; i++) {
		sql_bind_int64(s, 1, list[i].id);
		ret = sql_step(s);
		if (ret > 0)
			take_run(runs, s);
		ret = ret > 0 ? 0 : ret;
		sql_reset(s);
	}
	sql_finalize(s);
	return ret;
}

int fleet_recent_load(struct store *store, const char *fleet, uint32_t days,
		      struct fleet_runs *runs, size_t *earlier_count,
		      struct err *err)
{
	struct sql *db = store_handle(store);
	struct arrival *list;
	size_t count, recent = 0;
	int ret = load_arrivals(db, fleet, &list, &count);

	*runs = (struct fleet_runs){.count = 0};
	if (!ret) {
		recent = count_recent(list, count, days);
		ret = load_by_id(db, list, recent, runs);
	}
	*earlier_count = count - recent;
	free(list);
	if (!ret)
		return 0;
	fleet_runs_release(runs);
	return read_error(db, err);
}

static void bind_span(struct sql_stmt *s, const char *name,
		      const struct fleet_span *span)
{
	sql_bind_text(s, 1, name);
	sql_bind_int64(s, 2, (int64_t)span->from_unix_ns);
	sql_bind_int64(
		s, 3, span->to_unix_ns ? (int64_t)span->to_unix_ns : INT64_MAX);
	/* One more than is wanted tells that there is more. */
	sql_bind_int64(s, 4,
		       span->max_count ? (int64_t)span->max_count + 1
				       : INT64_MAX);
	sql_bind_int64(s, 5, (int64_t)span->skip_count);
}

int node_runs_load(struct store *store, const char *node,
		   const struct fleet_span *span, struct fleet_runs *runs,
		   struct err *err)
{
	static const struct fleet_span all = {.max_count = 0};
	struct sql *db = store_handle(store);
	struct sql_stmt *s;
	int ret = sql_prepare(db, node_runs_sql, &s);

	*runs = (struct fleet_runs){.count = 0};
	if (!span)
		span = &all;
	if (!ret)
		bind_span(s, node, span);
	while (!ret && !runs->has_more && (ret = sql_step(s)) > 0) {
		runs->has_more =
			span->max_count && runs->count == span->max_count;
		if (!runs->has_more)
			take_run(runs, s);
		ret = 0;
	}
	sql_finalize(s);
	if (!ret)
		return 0;
	fleet_runs_release(runs);
	return read_error(db, err);
}

void fleet_runs_release(struct fleet_runs *runs)
{
	size_t i;

	for (i = 0; i < runs->count; i++) {
		struct fleet_run_row *run = &runs->rows[i];
		char *const texts[] = {
			run->uuid,   run->fleet,         run->node,
			run->arm,    run->attempt,       run->engine,
			run->status, run->revision,      run->fingerprint,
			run->plan,   run->guest_manifest};
		size_t k;

		for (k = 0; k < ARRAY_SIZE(texts); k++)
			free(texts[k]);
	}
	free(runs->rows);
	*runs = (struct fleet_runs){.count = 0};
}

/* --- what a run measured --------------------------------------------------- */

/* CROSS JOIN: from the run to what it has. */
static const char values_sql[] =
	"SELECT b.runner, s.workload, s.point, s.unit, s.lower_is_better,"
	" b.grade, b.block, f.median"
	" FROM boot b CROSS JOIN series s CROSS JOIN figure f"
	" WHERE b.run_id = ? AND s.boot_id = b.id AND f.series_id = s.id"
	" AND s.status = 'ok' AND f.median IS NOT NULL"
	" ORDER BY b.position, s.id";

static void take_value(struct fleet_figures *values, struct sql_stmt *s)
{
	struct fleet_figure *v;

	values->rows = xrealloc(values->rows, values->count + 1,
				sizeof(*values->rows));
	v = &values->rows[values->count++];
	copy_text(v->runner, sizeof(v->runner), s, 0);
	copy_text(v->workload, sizeof(v->workload), s, 1);
	copy_text(v->point, sizeof(v->point), s, 2);
	copy_text(v->unit, sizeof(v->unit), s, 3);
	v->lower_is_better = sql_int64(s, 4);
	copy_text(v->grade, sizeof(v->grade), s, 5);
	v->block = (uint32_t)sql_int64(s, 6);
	v->median = sql_double(s, 7);
}

int fleet_reader_begin(struct store *store, struct fleet_reader *r,
		       struct err *err)
{
	*r = (struct fleet_reader){.db = store_handle(store)};
	return sql_prepare(r->db, values_sql, &r->s) ? read_error(r->db, err)
						     : 0;
}

int fleet_reader_load(struct fleet_reader *r, int64_t run_id,
		      struct fleet_figures *values, struct err *err)
{
	int ret;

	*values = (struct fleet_figures){.count = 0};
	sql_bind_int64(r->s, 1, run_id);
	while ((ret = sql_step(r->s)) > 0)
		take_value(values, r->s);
	sql_reset(r->s);
	if (!ret)
		return 0;
	fleet_figures_release(values);
	return read_error(r->db, err);
}

void fleet_reader_end(struct fleet_reader *r)
{
	sql_finalize(r->s);
}

void fleet_figures_release(struct fleet_figures *values)
{
	free(values->rows);
	*values = (struct fleet_figures){.count = 0};
}
