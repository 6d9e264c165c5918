// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/run_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

/* The latest run of each host: from one host to the next by the index, however
 * many runs each has. */
static const char latest_sql[] =
	" hosts(host) AS (SELECT * FROM"
	"  (SELECT host FROM run ORDER BY 1 LIMIT 1) AS first"
	"  UNION ALL SELECT (SELECT host FROM run"
	"   WHERE host > hosts.host ORDER BY host LIMIT 1)"
	"  FROM hosts WHERE hosts.host IS NOT NULL),"
	" latest AS (SELECT (SELECT id FROM run WHERE host = hosts.host"
	"  ORDER BY started_unix_ns DESC, id DESC LIMIT 1) AS id"
	"  FROM hosts WHERE hosts.host IS NOT NULL),";

/* What is told of a run is looked up for those of the page alone. */
static const char page_sql[] =
	" page AS MATERIALIZED (SELECT id, host FROM run r"
	" WHERE started_unix_ns >= ?6 AND started_unix_ns < ?7";
static const char lines_sql[] =
	" ORDER BY started_unix_ns DESC, id DESC LIMIT ?9 OFFSET ?10),"
	" counts AS MATERIALIZED (SELECT host, count(*) AS of_host FROM run"
	"  WHERE host IN (SELECT host FROM page) GROUP BY host),"
	" shown AS (SELECT id, CASE WHEN json_valid(fingerprint)"
	"  THEN fingerprint ELSE '{}' END AS f FROM run)"
	" SELECT r.id, r.uuid, page.host, r.status, r.revision,"
	" (SELECT group_concat(runner, ', ') FROM (SELECT DISTINCT runner"
	"  FROM schedule WHERE run_id = r.id ORDER BY runner) AS its),"
	" (SELECT group_concat(grade, ', ') FROM (SELECT DISTINCT grade"
	"  FROM boot WHERE run_id = r.id ORDER BY grade) AS its),"
	" json_extract(f, '$.\"kernel.release\"'),"
	" json_extract(f, '$.\"cpu.model_name\"'),"
	" r.started_unix_ns, coalesce(r.ended_unix_ns, 0),"
	" (SELECT count(*) FROM schedule WHERE run_id = r.id),"
	" (SELECT count(*) FROM boot WHERE run_id = r.id), of_host, r.is_lab"
	" FROM page JOIN run r ON r.id = page.id"
	" JOIN shown ON shown.id = page.id"
	" JOIN counts ON counts.host = page.host"
	" ORDER BY r.started_unix_ns DESC, r.id DESC";

/* CROSS JOIN: from the run to its boots, never from all that has that name. */
static void write_sql(const struct run_filter *f, struct strbuf *sql)
{
	const struct {
		bool is_asked;
		const char *text;
	} conditions[] = {
		{f->host, " AND host = ?1"},
		{f->runner, " AND EXISTS (SELECT 1 FROM schedule s"
			    " WHERE s.run_id = r.id AND s.runner = ?2)"},
		{f->workload, " AND EXISTS (SELECT 1 FROM boot b"
			      " CROSS JOIN series s WHERE s.boot_id = b.id"
			      " AND b.run_id = r.id AND s.workload = ?3)"},
		{f->words, " AND (instr(revision, ?4) > 0"
			   " OR instr(uuid, ?4) > 0)"},
		{f->uuid, " AND uuid = ?5"},
		{f->id, " AND id = ?8"},
		{f->is_latest_of_host, " AND id IN (SELECT id FROM latest)"},
		{f->is_unfinished, " AND status = 'running'"},
	};
	size_t i;

	strbuf_puts(sql, "WITH RECURSIVE");
	if (f->is_latest_of_host)
		strbuf_puts(sql, latest_sql);
	strbuf_puts(sql, page_sql);
	for (i = 0; i < ARRAY_SIZE(conditions); i++)
		if (conditions[i].is_asked)
			strbuf_puts(sql, conditions[i].text);
	strbuf_puts(sql, lines_sql);
}

static void bind(struct sql_stmt *s, const struct run_filter *f)
{
	const char *const texts[] = {f->host, f->runner, f->workload, f->words,
				     f->uuid};
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(texts); i++)
		if (texts[i])
			sql_bind_text(s, i + 1, texts[i]);
	sql_bind_int64(s, 6, (int64_t)f->from_unix_ns);
	sql_bind_int64(s, 7,
		       f->to_unix_ns ? (int64_t)f->to_unix_ns : INT64_MAX);
	sql_bind_int64(s, 8, f->id);
	/* One more than is wanted tells that there is more. */
	sql_bind_int64(s, 9,
		       f->max_count ? (int64_t)f->max_count + 1 : INT64_MAX);
	sql_bind_int64(s, 10, (int64_t)f->skip_count);
}

static void take_row(struct run_list *list, struct sql_stmt *s)
{
	struct run_line *line;

	list->lines =
		xrealloc(list->lines, list->count + 1, sizeof(*list->lines));
	line = &list->lines[list->count++];
	*line = (struct run_line){
		.id = sql_int64(s, 0),
		.uuid = sql_column_copy(s, 1),
		.host = sql_column_copy(s, 2),
		.status = sql_column_copy(s, 3),
		.revision = sql_column_copy(s, 4),
		.runners = sql_column_copy(s, 5),
		.grades = sql_column_copy(s, 6),
		.kernel = sql_column_copy(s, 7),
		.cpu = sql_column_copy(s, 8),
		.started_unix_ns = (uint64_t)sql_int64(s, 9),
		.ended_unix_ns = (uint64_t)sql_int64(s, 10),
		.scheduled_count = (uint64_t)sql_int64(s, 11),
		.boot_count = (uint64_t)sql_int64(s, 12),
		.host_run_count = (uint64_t)sql_int64(s, 13),
		.is_lab = sql_int64(s, 14),
	};
}

int run_list_load(struct store *store, const struct run_filter *f,
		  struct run_list *list, struct err *err)
{
	struct sql *db = store_handle(store);
	struct strbuf sql = {0};
	struct sql_stmt *s;
	int ret;

	write_sql(f, &sql);
	ret = sql_prepare(db, sql.str, &s);
	strbuf_release(&sql);
	*list = (struct run_list){.count = 0};
	if (!ret) {
		bind(s, f);
		while ((ret = sql_step(s)) > 0) {
			if (f->max_count && list->count == f->max_count) {
				list->has_more = true;
				ret = 0;
				break;
			}
			take_row(list, s);
		}
	}
	sql_finalize(s);
	if (!ret)
		return 0;
	run_list_release(list);
	return err_set(err, -EIO, "cannot list the runs: %s", sql_text(db));
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

const char *run_line_boots(const struct run_line *line, char *buf, size_t size)
{
	if (line->boot_count > line->scheduled_count)
		snprintf(buf, size, "%" PRIu64, line->boot_count);
	else
		snprintf(buf, size, "%" PRIu64 " of %" PRIu64, line->boot_count,
			 line->scheduled_count);
	return buf;
}

int run_list_find(struct store *store, const char *uuid, int64_t *run_id,
		  struct err *err)
{
	struct sql *db = store_handle(store);
	struct sql_stmt *s;
	int ret = sql_prepare(db, "SELECT id FROM run WHERE uuid = ?", &s);

	*run_id = 0;
	if (!ret) {
		sql_bind_text(s, 1, uuid);
		ret = sql_step(s);
	}
	if (ret > 0)
		*run_id = sql_int64(s, 0);
	sql_finalize(s);
	if (ret < 0)
		return err_set(err, -EIO, "cannot find a run: %s",
			       sql_text(db));
	return *run_id ? 0
		       : err_set(err, -ENOENT, "there is no run '%.40s'", uuid);
}
