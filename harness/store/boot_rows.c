// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/boot_rows.h"

#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"
#include "harness/store/field_sql.h"
#include "harness/store/store_priv.h"

/* A statement that takes KEYS, COUNT of them, and then what FIELDS describes. */
static int prepare_row(struct store *store, const char *table, const char *keys,
		       int count, const struct result_field *fields,
		       sqlite3_stmt **stmt, struct err *err)
{
	char *sql = field_sql_insert(table, keys, count, fields);
	int code = sqlite3_prepare_v2(store->db, sql, -1, stmt, NULL);

	free(sql);
	return code == SQLITE_OK ? 0
				 : store_error(store, "cannot write to", err);
}

/* The one statement that is worth keeping: a run has a million samples. */
static int add_samples(struct store *store, int64_t series_id,
		       const struct series *s, const char *grade,
		       struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int step = SQLITE_DONE;
	size_t i;

	if (prepare_row(store, "sample", "series_id, position, grade", 3,
			sample_fields, &stmt, err))
		return err->code;
	sqlite3_bind_int64(stmt, 1, series_id);
	sqlite3_bind_text(stmt, 3, grade, -1, SQLITE_STATIC);
	for (i = 0; i < s->sample_count && step == SQLITE_DONE; i++) {
		sqlite3_bind_int64(stmt, 2, (int64_t)i);
		field_sql_bind(stmt, 4, sample_fields, &s->samples[i]);
		step = sqlite3_step(stmt);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return step == SQLITE_DONE ? 0
				   : store_error(store, "cannot write to", err);
}

static int insert_row(struct store *store, const char *table, int64_t boot_id,
		      const struct result_field *fields, const void *row,
		      struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int step;

	if (prepare_row(store, table, "boot_id", 1, fields, &stmt, err))
		return err->code;
	sqlite3_bind_int64(stmt, 1, boot_id);
	field_sql_bind(stmt, 2, fields, row);
	step = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return step == SQLITE_DONE ? 0
				   : store_error(store, "cannot write to", err);
}

static int add_series(struct store *store, int64_t boot_id,
		      const struct result *res, struct err *err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < res->series_count && !ret; i++) {
		const struct series *s = &res->series[i];

		ret = insert_row(store, "series", boot_id, series_fields, s,
				 err);
		if (!ret)
			ret = add_samples(store,
					  sqlite3_last_insert_rowid(store->db),
					  s, grade_name(res->grade), err);
	}
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
			store, err, "INSERT INTO document VALUES (?,?,?,?)",
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
			   "INSERT OR IGNORE INTO identity (text) VALUES (?)",
			   "s", identity);
	if (ret)
		return ret;
	ret = store_insert(
		store, err,
		"INSERT INTO boot (run_id, position, block, runner,"
		" paravirt, vcpu_count, ram_bytes, status, reason, grade,"
		" started_unix_ns, elapsed_ns, exit_cost_ns, identity_id,"
		" console) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,"
		" (SELECT id FROM identity WHERE text = ?), ?)",
		"iiissiisssiiiss", run_id, (int64_t)position,
		(int64_t)bc->block, bc->runner, bc->paravirt,
		(int64_t)bc->vcpu_count, (int64_t)bc->ram_bytes,
		run_status_name(res->status), res->reason,
		grade_name(res->grade), (int64_t)res->started_unix_ns,
		(int64_t)res->elapsed_ns, (int64_t)res->exit_cost_ns, identity,
		res->console ? res->console : "");
	if (ret)
		return ret;
	boot_id = sqlite3_last_insert_rowid(store->db);
	ret = add_series(store, boot_id, res, err);
	return ret ? ret : add_rows(store, boot_id, res, err);
}
