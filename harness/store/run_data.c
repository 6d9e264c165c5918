// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/run_data.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result_field.h"
#include "harness/store/field_sql.h"
#include "harness/store/sql.h"
#include "harness/store/store.h"

#define DAY_NS (86400 * NS_PER_S)

static const char *text(struct sql_stmt *s, int column)
{
	return sql_column_text(s, column);
}

static uint64_t number(struct sql_stmt *s, int column)
{
	return (uint64_t)sql_int64(s, column);
}

static int read_error(struct store *store, struct err *err)
{
	return err_set(err, -EIO, "cannot read results: %s",
		       sql_text(store_handle(store)));
}

static int prepare(struct store *store, const char *sql, struct sql_stmt **s,
		   struct err *err)
{
	return sql_prepare(store_handle(store), sql, s) ? read_error(store, err)
							: 0;
}

/* Call ROW for each row of S with its one parameter bound to ID. */
static int each_of(struct store *store, struct sql_stmt *s, int64_t id,
		   void (*row)(struct sql_stmt *s, void *arg), void *arg,
		   struct err *err)
{
	int ret;

	sql_bind_int64(s, 1, id);
	while ((ret = sql_step(s)) > 0)
		row(s, arg);
	if (ret)
		ret = read_error(store, err);
	sql_reset(s);
	return ret;
}

static int each(struct store *store, const char *sql, int64_t id,
		void (*row)(struct sql_stmt *s, void *arg), void *arg,
		struct err *err)
{
	struct sql_stmt *s = NULL;
	int ret = prepare(store, sql, &s, err);

	if (!ret)
		ret = each_of(store, s, id, row, arg, err);
	sql_finalize(s);
	return ret;
}

static void run_row(struct sql_stmt *s, void *arg)
{
	struct run_data *run = arg;

	run->id = sql_int64(s, 0);
	run->started_unix_ns = number(s, 1);
	run->ended_unix_ns = number(s, 2);
	run->status = xstrdup(text(s, 3));
	run->seed = number(s, 4);
	run->revision = xstrdup(text(s, 5));
	run->is_lab = sql_int64(s, 6);
	run->plan = xstrdup(text(s, 7));
	run->fingerprint = xstrdup(text(s, 8));
	run->probe = xstrdup(text(s, 9));
	run->guest_manifest = xstrdup(text(s, 10));
	run->scheduled_count = (uint32_t)number(s, 11);
	run->done_block_count = (uint32_t)number(s, 12);
	snprintf(run->uuid, sizeof(run->uuid), "%s", text(s, 13));
	run->samples_dropped_unix_ns = number(s, 14);
	snprintf(run->signer, sizeof(run->signer), "%s", text(s, 15));
}

struct boot_load {
	struct run_data *run;
	int64_t *ids;
};

static void boot_row(struct sql_stmt *s, void *arg)
{
	struct boot_load *load = arg;
	struct run_data *run = load->run;
	struct boot_data *b;

	run->boots =
		xrealloc(run->boots, run->boot_count + 1, sizeof(*run->boots));
	load->ids =
		xrealloc(load->ids, run->boot_count + 1, sizeof(*load->ids));
	b = &run->boots[run->boot_count];
	memset(b, 0, sizeof(*b));
	result_init(&b->res);
	load->ids[run->boot_count++] = sql_int64(s, 0);
	b->position = (uint32_t)number(s, 1);
	b->bc.block = (uint32_t)number(s, 2);
	snprintf(b->bc.runner, sizeof(b->bc.runner), "%s", text(s, 3));
	snprintf(b->bc.paravirt, sizeof(b->bc.paravirt), "%s", text(s, 4));
	b->bc.vcpu_count = (uint32_t)number(s, 5);
	b->bc.ram_bytes = number(s, 6);
	b->res.status = run_status_parse(text(s, 7));
	snprintf(b->res.reason, sizeof(b->res.reason), "%s", text(s, 8));
	b->res.grade = grade_parse(text(s, 9));
	b->res.started_unix_ns = number(s, 10);
	b->res.elapsed_ns = number(s, 11);
	b->res.exit_cost_ns = number(s, 12);
	b->res.identity = xstrdup(text(s, 13));
	b->res.console = xstrdup(text(s, 14));
}

/* The series of one boot, as they come, and then what belongs to each of them, in
 * the same order. */
struct series_load {
	struct result *res;
	int64_t *ids; /* owned, as many as RES has series */
	size_t series_room;
	size_t at; /* the one in hand */
	/* Of that one. It grows, and serves one series after the other: a run has
	 * a million samples, and each series is given what it needs at once. */
	struct sample *samples; /* owned */
	size_t count, room;
};

static void series_row(struct sql_stmt *s, void *arg)
{
	struct series_load *load = arg;
	struct result *res = load->res;
	size_t at = res->series_count++;

	if (at == load->series_room) {
		load->series_room = 2 * load->series_room + 16;
		load->ids = xrealloc(load->ids, load->series_room,
				     sizeof(*load->ids));
		res->series = xrealloc(res->series, load->series_room,
				       sizeof(*res->series));
	}
	load->ids[at] = sql_int64(s, 0);
	/* All that result_add_series() looks up is stored. */
	memset(&res->series[at], 0, sizeof(res->series[at]));
	field_sql_read(s, 1, series_fields, &res->series[at]);
}

static void give_samples(struct series_load *load)
{
	struct series *series = &load->res->series[load->at];

	if (!load->count)
		return;
	series->samples = xcalloc(load->count, sizeof(*series->samples));
	memcpy(series->samples, load->samples,
	       load->count * sizeof(*series->samples));
	series->sample_count = load->count;
	load->count = 0;
}

/* Moves on to the series of that id; false: there is none. */
static bool find_series(struct series_load *load, int64_t id)
{
	while (load->at < load->res->series_count &&
	       load->ids[load->at] != id) {
		give_samples(load);
		load->at++;
	}
	return load->at < load->res->series_count;
}

static void sample_row(struct sql_stmt *s, void *arg)
{
	struct series_load *load = arg;

	if (!find_series(load, sql_int64(s, 0)))
		return;
	if (load->count == load->room) {
		load->room = 2 * load->room + 64;
		load->samples = xrealloc(load->samples, load->room,
					 sizeof(*load->samples));
	}
	field_sql_read(s, 1, sample_fields, &load->samples[load->count++]);
}

static void figure_row(struct sql_stmt *s, void *arg)
{
	struct series_load *load = arg;
	struct figure figure;

	if (!find_series(load, sql_int64(s, 0)))
		return;
	field_sql_read(s, 1, figure_fields, &figure);
	series_set_figure(&load->res->series[load->at], &figure);
}

static void phase_row(struct sql_stmt *s, void *arg)
{
	struct phase p;

	field_sql_read(s, 0, phase_fields, &p);
	result_add_phase(arg, p.name, p.mono_ns);
}

static void exit_row_read(struct sql_stmt *s, void *arg)
{
	field_sql_read(s, 0, exit_fields, result_add_exit(arg));
}

static void document_row(struct sql_stmt *s, void *arg)
{
	result_add_document(arg, text(s, 0), text(s, 1), text(s, 2));
}

static const struct result_field no_fields[] = {{0}};

/* What is asked of every boot, and of every series. */
enum boot_query {
	Q_SERIES,
	Q_SAMPLES,
	Q_FIGURES,
	Q_PHASES,
	Q_EXITS,
	Q_DOCUMENTS,
	Q_COUNT
};

/* By columns of the store's own, fields of the result, and where they are. */
static const struct {
	const char *keys;
	const struct result_field *fields;
	const char *rest;
} boot_queries[Q_COUNT] = {
	[Q_SERIES] = {"id", series_fields,
		      "series WHERE boot_id = ? ORDER BY id"},
	[Q_SAMPLES] = {"s.id", sample_fields,
		       "series s CROSS JOIN sample p WHERE s.boot_id = ?"
		       " AND p.series_id = s.id ORDER BY s.id, p.position"},
	[Q_FIGURES] = {"s.id", figure_fields,
		       "series s CROSS JOIN figure f WHERE s.boot_id = ?"
		       " AND f.series_id = s.id ORDER BY s.id"},
	[Q_PHASES] = {"", phase_fields,
		      "phase WHERE boot_id = ? ORDER BY mono_ns"},
	[Q_EXITS] = {"", exit_fields,
		     "exit_ledger WHERE boot_id = ? ORDER BY rowid"},
	[Q_DOCUMENTS] = {"workload, point, text", no_fields,
			 "document WHERE boot_id = ? ORDER BY rowid"},
};

static int prepare_query(struct store *store, enum boot_query q,
			 struct sql_stmt **s, struct err *err)
{
	char *sql =
		field_sql_select(boot_queries[q].keys, boot_queries[q].fields,
				 boot_queries[q].rest);
	int ret = prepare(store, sql, s, err);

	free(sql);
	return ret;
}

/* HAS_SAMPLES: they were not removed. */
static int load_series(struct store *store, struct sql_stmt *const *s,
		       int64_t boot_id, bool has_samples, struct result *res,
		       struct err *err)
{
	struct series_load load = {.res = res};
	int ret = each_of(store, s[Q_SERIES], boot_id, series_row, &load, err);

	if (res->series_count)
		res->series = xrealloc(res->series, res->series_count,
				       sizeof(*res->series));
	if (!ret && has_samples)
		ret = each_of(store, s[Q_SAMPLES], boot_id, sample_row, &load,
			      err);
	else if (!ret)
		ret = each_of(store, s[Q_FIGURES], boot_id, figure_row, &load,
			      err);
	if (load.at < res->series_count)
		give_samples(&load);
	free(load.samples);
	free(load.ids);
	return ret;
}

static int load_boot(struct store *store, struct sql_stmt *const *s,
		     int64_t boot_id, bool has_samples, struct result *res,
		     struct err *err)
{
	int ret = load_series(store, s, boot_id, has_samples, res, err);

	if (!ret)
		ret = each_of(store, s[Q_PHASES], boot_id, phase_row, res, err);
	if (!ret)
		ret = each_of(store, s[Q_EXITS], boot_id, exit_row_read, res,
			      err);
	if (!ret)
		ret = each_of(store, s[Q_DOCUMENTS], boot_id, document_row, res,
			      err);
	return ret;
}

static int load_boots(struct store *store, const struct boot_load *load,
		      const struct run_data_reader *reader, struct err *err)
{
	struct sql_stmt *s[Q_COUNT] = {NULL};
	int ret = 0;
	size_t i;

	for (i = 0; i < Q_COUNT && !ret; i++)
		ret = prepare_query(store, (enum boot_query)i, &s[i], err);
	if (!ret && reader && reader->begin)
		reader->begin(reader->arg);
	for (i = 0; i < load->run->boot_count && !ret; i++) {
		ret = load_boot(store, s, load->ids[i],
				!load->run->samples_dropped_unix_ns,
				&load->run->boots[i].res, err);
		if (!ret && reader)
			reader->boot(reader->arg, &load->run->boots[i]);
	}
	for (i = 0; i < Q_COUNT; i++)
		sql_finalize(s[i]);
	return ret;
}

static int load_all(struct store *store, int64_t run_id, struct run_data *run,
		    const struct run_data_reader *reader, struct err *err)
{
	struct boot_load load = {.run = run};
	int ret;

	memset(run, 0, sizeof(*run));
	ret = each(store,
		   "SELECT id, started_unix_ns, ended_unix_ns, status, seed,"
		   " revision, is_lab, plan, fingerprint, probe,"
		   " guest_manifest, (SELECT count(*) FROM schedule"
		   " WHERE run_id = run.id),"
		   " (SELECT count(*) FROM (SELECT s.block"
		   " FROM schedule s LEFT JOIN boot b ON b.run_id = s.run_id"
		   " AND b.position = s.position WHERE s.run_id = run.id"
		   " GROUP BY s.block HAVING count(*) = count(b.id)) AS done),"
		   " uuid, samples_dropped_unix_ns, signer"
		   " FROM run WHERE id = ?",
		   run_id, run_row, run, err);
	if (!ret && !run->id)
		ret = err_set(err, -ENOENT, "there is no run %lld",
			      (long long)run_id);
	if (!ret)
		ret = each(store,
			   "SELECT b.id, position, block, runner, paravirt,"
			   " vcpu_count, ram_bytes, status, reason, grade,"
			   " started_unix_ns, elapsed_ns, exit_cost_ns, i.text,"
			   " console FROM boot b LEFT JOIN identity i"
			   " ON i.id = b.identity_id WHERE run_id = ?"
			   " ORDER BY position",
			   run_id, boot_row, &load, err);
	if (!ret)
		ret = load_boots(store, &load, reader, err);
	free(load.ids);
	return ret;
}

/* In one transaction: it is of one moment, whoever writes meanwhile, and the file is
 * locked once, not for each of a hundred thousand series. */
int run_data_read(struct store *store, int64_t run_id, struct run_data *run,
		  const struct run_data_reader *reader, struct err *err)
{
	struct sql *db = store_handle(store);
	bool is_ours = !sql_is_in_transaction(db);
	int ret;

	/* Without it the run is read all the same. */
	if (is_ours)
		sql_begin_to_read(db);
	ret = load_all(store, run_id, run, reader, err);
	/* There is nothing to write; it must only end. */
	if (is_ours && sql_is_in_transaction(db))
		sql_commit(db);
	if (is_ours)
		sql_rollback(db);
	if (ret)
		run_data_release(run);
	return ret;
}

int run_data_load(struct store *store, int64_t run_id, struct run_data *run,
		  struct err *err)
{
	return run_data_read(store, run_id, run, NULL, err);
}

void run_data_release(struct run_data *run)
{
	size_t i;

	for (i = 0; i < run->boot_count; i++)
		result_release(&run->boots[i].res);
	free(run->boots);
	free(run->status);
	free(run->revision);
	free(run->plan);
	free(run->fingerprint);
	free(run->probe);
	free(run->guest_manifest);
	memset(run, 0, sizeof(*run));
}

const char *run_data_removal(const struct run_data *run, char *buf, size_t size)
{
	uint64_t removed = run->samples_dropped_unix_ns;
	char date[32];

	buf[0] = '\0';
	if (removed)
		snprintf(buf, size,
			 "raw samples were removed on %s, after %llu days",
			 units_format_date(removed, date, sizeof(date)),
			 (unsigned long long)(removed > run->ended_unix_ns
						      ? (removed -
							 run->ended_unix_ns) /
								DAY_NS
						      : 0));
	return buf;
}

const char *run_data_signer(const struct run_data *run, char *buf, size_t size)
{
	buf[0] = '\0';
	if (*run->signer)
		snprintf(
			buf, size,
			"imported from a file signed by key %s: the signature was right, whose key it is was not checked",
			run->signer);
	return buf;
}
