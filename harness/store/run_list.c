// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/run_list.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/store/store.h"

/* Fingerprints from elsewhere may be damaged; such a run is of no host. The +
 * is for SQLite: by the boots of each run, not by all series of that name. */
static const char list_sql[] =
	"WITH fingerprinted AS (SELECT *,"
	" CASE WHEN json_valid(fingerprint) THEN fingerprint ELSE '{}' END AS f"
	" FROM run),"
	" run_of AS (SELECT *, coalesce(json_extract(f, '$.host'), '') AS host"
	" FROM fingerprinted),"
	" ranked AS (SELECT *, row_number() OVER (PARTITION BY host"
	" ORDER BY started_unix_ns DESC, id DESC) AS place,"
	" count(*) OVER (PARTITION BY host) AS of_host FROM run_of)"
	" SELECT id, uuid, host, status, revision,"
	" (SELECT group_concat(runner, ', ') FROM (SELECT DISTINCT runner"
	"  FROM schedule WHERE run_id = r.id ORDER BY runner)),"
	" (SELECT group_concat(grade, ', ') FROM (SELECT DISTINCT grade"
	"  FROM boot WHERE run_id = r.id ORDER BY grade)),"
	" json_extract(f, '$.\"kernel.release\"'),"
	" json_extract(f, '$.\"cpu.model_name\"'),"
	" started_unix_ns, coalesce(ended_unix_ns, 0),"
	" (SELECT count(*) FROM schedule WHERE run_id = r.id),"
	" (SELECT count(*) FROM boot WHERE run_id = r.id), of_host, is_lab"
	" FROM ranked r WHERE (?1 IS NULL OR host = ?1)"
	" AND (?2 IS NULL OR EXISTS (SELECT 1 FROM schedule s"
	"  WHERE s.run_id = r.id AND s.runner = ?2))"
	" AND (?3 IS NULL OR EXISTS (SELECT 1 FROM boot b JOIN series s"
	"  ON s.boot_id = b.id WHERE b.run_id = r.id AND +s.workload = ?3))"
	" AND (?4 IS NULL OR instr(revision, ?4) OR instr(uuid, ?4))"
	" AND (?5 IS NULL OR uuid = ?5)"
	" AND started_unix_ns >= ?6 AND started_unix_ns < ?7"
	" AND (NOT ?8 OR place = 1) AND (NOT ?9 OR status = 'running')"
	" AND (?12 = 0 OR id = ?12)"
	" ORDER BY started_unix_ns DESC, id DESC LIMIT ?10 OFFSET ?11";

static char *text_at(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return xstrdup(text ? text : "");
}

static void bind(sqlite3_stmt *s, const struct run_filter *f)
{
	const char *const texts[] = {f->host, f->runner, f->workload, f->words,
				     f->uuid};
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(texts); i++)
		if (texts[i])
			sqlite3_bind_text(s, i + 1, texts[i], -1,
					  SQLITE_STATIC);
	sqlite3_bind_int64(s, 6, (int64_t)f->from_unix_ns);
	sqlite3_bind_int64(s, 7,
			   f->to_unix_ns ? (int64_t)f->to_unix_ns : INT64_MAX);
	sqlite3_bind_int(s, 8, f->is_latest_of_host);
	sqlite3_bind_int(s, 9, f->is_unfinished);
	/* One more than is wanted tells that there is more. */
	sqlite3_bind_int64(s, 10,
			   f->max_count ? (int64_t)f->max_count + 1 : -1);
	sqlite3_bind_int64(s, 11, (int64_t)f->skip_count);
	sqlite3_bind_int64(s, 12, f->id);
}

static void take_row(struct run_list *list, sqlite3_stmt *s)
{
	struct run_line *line;

	list->lines =
		xrealloc(list->lines, list->count + 1, sizeof(*list->lines));
	line = &list->lines[list->count++];
	*line = (struct run_line){
		.id = sqlite3_column_int64(s, 0),
		.uuid = text_at(s, 1),
		.host = text_at(s, 2),
		.status = text_at(s, 3),
		.revision = text_at(s, 4),
		.runners = text_at(s, 5),
		.grades = text_at(s, 6),
		.kernel = text_at(s, 7),
		.cpu = text_at(s, 8),
		.started_unix_ns = (uint64_t)sqlite3_column_int64(s, 9),
		.ended_unix_ns = (uint64_t)sqlite3_column_int64(s, 10),
		.scheduled_count = (uint64_t)sqlite3_column_int64(s, 11),
		.boot_count = (uint64_t)sqlite3_column_int64(s, 12),
		.host_run_count = (uint64_t)sqlite3_column_int64(s, 13),
		.is_lab = sqlite3_column_int(s, 14),
	};
}

int run_list_load(struct store *store, const struct run_filter *f,
		  struct run_list *list, struct err *err)
{
	sqlite3 *db = store_handle(store);
	sqlite3_stmt *s = NULL;
	int ret = sqlite3_prepare_v2(db, list_sql, -1, &s, NULL);

	*list = (struct run_list){.count = 0};
	if (ret == SQLITE_OK) {
		bind(s, f);
		while ((ret = sqlite3_step(s)) == SQLITE_ROW) {
			if (f->max_count && list->count == f->max_count) {
				list->has_more = true;
				ret = SQLITE_DONE;
				break;
			}
			take_row(list, s);
		}
	}
	if (ret != SQLITE_DONE) {
		run_list_release(list);
		err_set(err, -EIO, "cannot list the runs: %s",
			sqlite3_errmsg(db));
	}
	sqlite3_finalize(s);
	return ret == SQLITE_DONE ? 0 : -EIO;
}

static void line_release(struct run_line *line)
{
	free(line->uuid);
	free(line->host);
	free(line->status);
	free(line->revision);
	free(line->runners);
	free(line->grades);
	free(line->kernel);
	free(line->cpu);
}

void run_list_release(struct run_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		line_release(&list->lines[i]);
	free(list->lines);
	*list = (struct run_list){.count = 0};
}

int run_list_find(struct store *store, const char *uuid, int64_t *run_id,
		  struct err *err)
{
	const struct run_filter f = {.uuid = uuid, .max_count = 1};
	struct run_list list;
	int ret = run_list_load(store, &f, &list, err);

	if (ret)
		return ret;
	ret = list.count
		      ? 0
		      : err_set(err, -ENOENT, "there is no run '%.40s'", uuid);
	*run_id = list.count ? list.lines[0].id : 0;
	run_list_release(&list);
	return ret;
}
