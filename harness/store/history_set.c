// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/history_set.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/store/history.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

#define RUNS_SQL(where)                                                          \
	"SELECT id, started_unix_ns, revision, fingerprint, uuid FROM run" where \
	" ORDER BY started_unix_ns, id"

/* CROSS JOIN: from each boot to what it has. */
static const char boots_sql[] =
	"SELECT s.workload, s.point, s.unit, s.lower_is_better, b.grade,"
	" f.median FROM boot b CROSS JOIN series s CROSS JOIN figure f"
	" WHERE b.run_id = ?1 AND b.runner = ?2 AND s.boot_id = b.id"
	" AND f.series_id = s.id AND s.status = 'ok' AND f.median IS NOT NULL"
	" ORDER BY b.position, s.id";

/* A boot's figure. */
struct value {
	double median;
	uint32_t run; /* of the set's */
	char grade[12];
};

struct one {
	char unit[16];
	bool lower_is_better;
	struct value *values; /* owned; in order */
	size_t count, room;
};

struct history_set {
	const struct history_name *names; /* borrowed */
	struct one *series;               /* owned; as many as names */
	size_t count;
	struct history_run *runs; /* owned; by time */
	size_t run_count;
};

static void take_run(struct history_set *set, struct sql_stmt *s)
{
	struct history_run *run;

	set->runs = xrealloc(set->runs, set->run_count + 1, sizeof(*set->runs));
	run = &set->runs[set->run_count++];
	*run = (struct history_run){.id = sql_int64(s, 0),
				    .started_unix_ns =
					    (uint64_t)sql_int64(s, 1)};
	snprintf(run->revision, sizeof(run->revision), "%s",
		 sql_column_text(s, 2));
	run->fingerprint = xstrdup(sql_column_text(s, 3));
	snprintf(run->uuid, sizeof(run->uuid), "%s", sql_column_text(s, 4));
}

static int read_runs(struct history_set *set, struct sql *db, const char *host)
{
	struct sql_stmt *s = NULL;
	int ret = sql_prepare(
		db, host ? RUNS_SQL(" WHERE host = ?1") : RUNS_SQL(""), &s);

	if (ret)
		return ret;
	if (host)
		sql_bind_text(s, 1, host);
	while ((ret = sql_step(s)) > 0)
		take_run(set, s);
	sql_finalize(s);
	return ret;
}

/* The search begins at *AT, which moves on: boots have their series in about one
 * order. NULL: it is none of the set's. */
static struct one *find(const struct history_set *set, const char *workload,
			const char *point, size_t *at)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		size_t k = (*at + i) % set->count;

		if (strcmp(set->names[k].point, point) != 0 ||
		    strcmp(set->names[k].workload, workload) != 0)
			continue;
		*at = k + 1;
		return &set->series[k];
	}
	return NULL;
}

static void take_figure(struct history_set *set, size_t run, struct sql_stmt *s,
			size_t *at)
{
	double median = sql_double(s, 5);
	struct one *one =
		find(set, sql_column_text(s, 0), sql_column_text(s, 1), at);
	struct value *v;

	if (!one || !isfinite(median))
		return;
	snprintf(one->unit, sizeof(one->unit), "%s", sql_column_text(s, 2));
	one->lower_is_better = sql_int64(s, 3);
	if (one->count == one->room) {
		one->room = 2 * one->room + 64;
		one->values =
			xrealloc(one->values, one->room, sizeof(*one->values));
	}
	v = &one->values[one->count++];
	*v = (struct value){.median = median, .run = (uint32_t)run};
	snprintf(v->grade, sizeof(v->grade), "%s", sql_column_text(s, 4));
}

static int read_figures(struct history_set *set, struct sql *db,
			const char *runner)
{
	struct sql_stmt *s = NULL;
	int ret = sql_prepare(db, boots_sql, &s);
	size_t i, at = 0;

	if (ret)
		return ret;
	sql_bind_text(s, 2, runner);
	for (i = 0; i < set->run_count && !ret; i++) {
		sql_bind_int64(s, 1, set->runs[i].id);
		while ((ret = sql_step(s)) > 0)
			take_figure(set, i, s, &at);
		sql_reset(s);
	}
	sql_finalize(s);
	return ret;
}

int history_set_load(struct store *store, const char *runner, const char *host,
		     const struct history_name *names, size_t count,
		     struct history_set **out, struct err *err)
{
	struct sql *db = store_handle(store);
	struct history_set *set = xcalloc(1, sizeof(*set));
	int ret;

	set->names = names;
	set->count = count;
	set->series = xcalloc(count + 1, sizeof(*set->series));
	/* Of one moment; without it the runs are read all the same. */
	sql_begin_to_read(db);
	ret = read_runs(set, db, host);
	if (!ret)
		ret = read_figures(set, db, runner);
	if (ret)
		ret = err_set(err, -EIO, "cannot read the history: %s",
			      sql_text(db));
	else if (sql_is_in_transaction(db))
		sql_commit(db);
	sql_rollback(db);
	if (ret)
		history_set_destroy(set);
	*out = ret ? NULL : set;
	return ret;
}

void history_set_destroy(struct history_set *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->count; i++)
		free(s->series[i].values);
	for (i = 0; i < s->run_count; i++)
		free(s->runs[i].fingerprint);
	free(s->series);
	free(s->runs);
	free(s);
}

/* A run's grade is that of its first boot. */
static void begin_run(struct history *h, const struct history_run *run,
		      const char *grade)
{
	struct history_run *own = &h->runs[h->run_count++];

	*own = *run;
	own->first = h->value_count;
	snprintf(own->grade, sizeof(own->grade), "%s", grade);
}

void history_set_get(const struct history_set *s, size_t at, struct history *h)
{
	const struct one *one = &s->series[at];
	size_t i;

	*h = (struct history){.lower_is_better = one->lower_is_better,
			      .is_of_a_set = true};
	snprintf(h->unit, sizeof(h->unit), "%s", one->unit);
	h->values = xcalloc(one->count + 1, sizeof(*h->values));
	h->runs = xcalloc(one->count + 1, sizeof(*h->runs));
	for (i = 0; i < one->count; i++) {
		const struct value *v = &one->values[i];

		if (!i || v->run != one->values[i - 1].run)
			begin_run(h, &s->runs[v->run], v->grade);
		h->values[h->value_count++] = v->median;
		h->runs[h->run_count - 1].count++;
	}
}
