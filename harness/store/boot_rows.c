// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/boot_rows.h"

#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"
#include "harness/store/field_sql.h"
#include "harness/store/figure_rows.h"
#include "harness/store/sql.h"
#include "harness/store/store_priv.h"

static int write_error(struct store *store, struct err *err)
{
	return store_error(store, "cannot write to", err);
}

/* A run has a million samples. */
static int add_samples(struct store *store, const int64_t *series_ids,
		       const struct result *res, struct err *err)
{
	int ret, count;
	char *columns = field_sql_columns("series_id, position, grade", 3,
					  sample_fields, &count);
	struct sql_stmt *s;
	size_t i, k;

	ret = sql_bulk_begin(store->db, "sample", columns, count, &s);
	free(columns);
	if (ret)
		return write_error(store, err);
	sql_bind_text(s, 3, grade_name(res->grade));
	for (i = 0; i < res->series_count && !ret; i++) {
		const struct series *series = &res->series[i];

		sql_bind_int64(s, 1, series_ids[i]);
		for (k = 0; k < series->sample_count && !ret; k++) {
			sql_bind_int64(s, 2, (int64_t)k);
			field_sql_bind(s, 4, sample_fields,
				       &series->samples[k]);
			ret = sql_bulk_add(s);
		}
	}
	return sql_bulk_end(s, ret) ? write_error(store, err) : 0;
}

static int prepare_row(struct store *store, const char *table,
		       const struct result_field *fields, const char *rest,
		       struct sql_stmt **s, struct err *err)
{
	char *sql = field_sql_insert(table, "boot_id", 1, fields, rest);
	int ret = sql_prepare(store->db, sql, s);

	free(sql);
	return ret ? write_error(store, err) : 0;
}

static int insert_row(struct store *store, const char *table, int64_t boot_id,
		      const struct result_field *fields, const void *row,
		      struct err *err)
{
	struct sql_stmt *s;
	int ret;

	if (prepare_row(store, table, fields, "", &s, err))
		return err->code;
	sql_bind_int64(s, 1, boot_id);
	field_sql_bind(s, 2, fields, row);
	ret = sql_step(s);
	sql_finalize(s);
	return ret < 0 ? write_error(store, err) : 0;
}

/* IDS: one per series of RES. */
static int add_each_series(struct store *store, int64_t boot_id,
			   const struct result *res, int64_t *ids,
			   struct err *err)
{
	struct sql_stmt *s;
	size_t i;
	int ret = 0;

	if (prepare_row(store, "series", series_fields, " RETURNING id", &s,
			err))
		return err->code;
	sql_bind_int64(s, 1, boot_id);
	for (i = 0; i < res->series_count && ret >= 0; i++) {
		field_sql_bind(s, 2, series_fields, &res->series[i]);
		ret = sql_step(s);
		ids[i] = ret > 0 ? sql_int64(s, 0) : 0;
		if (ret > 0)
			ret = sql_step(s);
		sql_reset(s);
	}
	sql_finalize(s);
	return ret < 0 ? write_error(store, err) : 0;
}

static int add_series(struct store *store, int64_t boot_id,
		      const struct result *res, struct err *err)
{
	int64_t *ids;
	int ret;

	if (!res->series_count)
		return 0;
	ids = xcalloc(res->series_count, sizeof(*ids));
	ret = add_each_series(store, boot_id, res, ids, err);
	if (!ret)
		ret = add_samples(store, ids, res, err);
	if (!ret)
		ret = figure_rows_add(store, ids, res, err);
	free(ids);
	return ret;
}

static int add_rows(struct store *store, int64_t boot_id,
		    const struct result *res, struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < res->phase_count && !ret; i++)
		ret = insert_row(store, "phase", boot_id, phase_fields,
				 &res->phases[i], err);
	for (i = 0; i < res->exit_count && !ret; i++)
		ret = insert_row(store, "exit_ledger", boot_id, exit_fields,
				 &res->exits[i], err);
	for (i = 0; i < res->document_count && !ret; i++)
		ret = store_insert(
			store, err,
			"INSERT INTO document (boot_id, workload, point, text)"
			" VALUES (?,?,?,?)",
			"isss", boot_id, res->documents[i].workload,
			res->documents[i].point, res->documents[i].text);
	return ret;
}

int boot_rows_add(struct store *store, int64_t run_id, uint32_t position,
		  const struct bench_case *bc, const struct result *res,
		  struct err *err)
{
	const char *identity = res->identity ? res->identity : "";
	int64_t boot_id;
	int ret;

	ret = store_insert(store, err,
			   "INSERT INTO identity (text) VALUES (?)"
			   " ON CONFLICT DO NOTHING",
			   "s", identity);
	if (ret)
		return ret;
	ret = store_number(
		store, &boot_id, err,
		"INSERT INTO boot (run_id, position, block, runner,"
		" paravirt, vcpu_count, ram_bytes, status, reason, grade,"
		" started_unix_ns, elapsed_ns, exit_cost_ns, identity_id,"
		" console) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,"
		" (SELECT id FROM identity WHERE text = ?), ?) RETURNING id",
		"iiissiisssiiiss", run_id, (int64_t)position,
		(int64_t)bc->block, bc->runner, bc->paravirt,
		(int64_t)bc->vcpu_count, (int64_t)bc->ram_bytes,
		run_status_name(res->status), res->reason,
		grade_name(res->grade), (int64_t)res->started_unix_ns,
		(int64_t)res->elapsed_ns, (int64_t)res->exit_cost_ns, identity,
		res->console ? res->console : "");
	if (ret)
		return ret;
	ret = add_series(store, boot_id, res, err);
	return ret ? ret : add_rows(store, boot_id, res, err);
}
