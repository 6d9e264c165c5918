// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>

#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/boot_rows.h"
#include "harness/store/schema.h"
#include "harness/store/store_priv.h"

/* 128 random bits in hexadecimal. */
#define UUID_CHARS 32

static int draw_uuid(char text[UUID_CHARS + 1], struct err *err)
{
	unsigned char bits[UUID_CHARS / 2];
	size_t i;

	if (getrandom(bits, sizeof(bits), 0) != sizeof(bits))
		return err_sys(err, -errno, "cannot draw a run's uuid");
	for (i = 0; i < sizeof(bits); i++)
		snprintf(text + 2 * i, 3, "%02x", bits[i]);
	return 0;
}

int store_run_begin(struct store *store, const struct run_info *info,
		    int64_t *run_id, struct err *err)
{
	char uuid[UUID_CHARS + 1];
	int ret = draw_uuid(uuid, err);

	*run_id = 0;
	return ret ? ret
		   : store_number(
			     store, run_id, err,
			     "INSERT INTO run (uuid, started_unix_ns, status,"
			     " seed, revision, is_lab, plan, fingerprint, probe,"
			     " guest_manifest) VALUES"
			     " (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?)"
			     " RETURNING id",
			     "siisissss", uuid, (int64_t)clock_unix_ns(),
			     (int64_t)info->seed, info->revision,
			     (int64_t)info->is_lab, info->plan_json,
			     info->fingerprint_json, info->probe_json,
			     info->guest_manifest);
}

int store_schedule_add(struct store *store, int64_t run_id, uint32_t position,
		       uint32_t block, const char *runner, struct err *err)
{
	return store_insert(
		store, err,
		"INSERT INTO schedule (run_id, position, block, runner)"
		" VALUES (?, ?, ?, ?)",
		"iiis", run_id, (int64_t)position, (int64_t)block, runner);
}

int store_begin(struct store *store, struct err *err)
{
	return sql_begin_to_write(store->db)
		       ? store_error(store, "cannot write to", err)
		       : 0;
}

static int commit(struct store *store, struct err *err)
{
	return sql_commit(store->db)
		       ? store_error(store, "cannot write to", err)
		       : 0;
}

int store_end(struct store *store, int result, struct err *err)
{
	if (!result)
		result = commit(store, err);
	if (result)
		sql_rollback(store->db);
	return result;
}

/* *ID is 0 where there is none. */
static int find_uuid(struct store *store, const char *uuid, int64_t *id,
		     struct err *err)
{
	struct sql_stmt *s;
	int ret =
		sql_prepare(store->db, "SELECT id FROM run WHERE uuid = ?", &s);

	*id = 0;
	if (!ret) {
		sql_bind_text(s, 1, uuid);
		ret = sql_step(s);
	}
	if (ret > 0)
		*id = sql_int64(s, 0);
	sql_finalize(s);
	return ret < 0 ? store_error(store, "cannot read", err) : 0;
}

int store_import_begin(struct store *store, const struct run_info *info,
		       const char *uuid, const char *status,
		       int64_t started_unix_ns, int64_t ended_unix_ns,
		       int64_t *run_id, struct err *err)
{
	int ret = store_begin(store, err);

	if (ret)
		return ret;
	ret = find_uuid(store, uuid, run_id, err);
	if (!ret && *run_id)
		ret = err_set(err, -EEXIST, "run %s is already in the store",
			      uuid);
	else if (!ret)
		ret = store_number(
			store, run_id, err,
			"INSERT INTO run (uuid, started_unix_ns, ended_unix_ns,"
			" status, seed, revision, is_lab, plan, fingerprint,"
			" probe, guest_manifest, samples_dropped_unix_ns) VALUES"
			" (?, ?, nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))"
			" RETURNING id",
			"siisisissssi", uuid, started_unix_ns, ended_unix_ns,
			status, (int64_t)info->seed, info->revision,
			(int64_t)info->is_lab, info->plan_json,
			info->fingerprint_json, info->probe_json,
			info->guest_manifest, info->samples_dropped_unix_ns);
	if (ret)
		sql_rollback(store->db);
	return ret;
}

int store_import_signed(struct store *store, int64_t run_id, const char *signer,
			struct err *err)
{
	return store_insert(store, err,
			    "UPDATE run SET signer = ? WHERE id = ?", "si",
			    signer, run_id);
}

int store_import_boot(struct store *store, int64_t run_id, uint32_t position,
		      const struct bench_case *bc, const struct result *res,
		      struct err *err)
{
	return boot_rows_add(store, run_id, position, bc, res, err);
}

static int add_in_transaction(struct store *store, int64_t run_id,
			      uint32_t position, const struct bench_case *bc,
			      const struct result *res, struct err *err)
{
	int ret = store_begin(store, err);

	if (ret)
		return ret;
	ret = boot_rows_add(store, run_id, position, bc, res, err);
	return store_end(store, ret, err);
}

/*
 * Of the last error. A full disk does not always say so by its name: a write that
 * was cut short is an I/O error. A lock or a constraint is none, and says nothing
 * of the disk.
 */
static bool is_for_want_of_room(struct store *store)
{
	return store->failed_code == -ENOSPC || store->failed_code == -EIO;
}

int store_result_add(struct store *store, int64_t run_id, uint32_t position,
		     const struct bench_case *bc, const struct result *res,
		     struct err *err)
{
	int ret = add_in_transaction(store, run_id, position, bc, res, err);
	bool is_full = store->failed_code == -ENOSPC;

	if (!ret || store->spare_fd < 0)
		return ret;
	if (!is_for_want_of_room(store))
		return ret;
	store_spare_remove(store);
	if (add_in_transaction(store, run_id, position, bc, res, err)) {
		if (err->code == -ENOSPC)
			err->code = -EIO;
		return err->code;
	}
	return err_set(
		err, -ENOSPC,
		"%s at '%s': everything measured so far is kept; free some space or choose another place with --db",
		is_full ? "disk full" : "the disk is full or fails",
		store->path);
}

int store_run_end(struct store *store, int64_t run_id, const char *status,
		  struct err *err)
{
	return store_insert(store, err,
			    "UPDATE run SET status = ?, ended_unix_ns = ?"
			    " WHERE id = ?",
			    "sii", status, (int64_t)clock_unix_ns(), run_id);
}

int store_run_latest(struct store *store, int64_t *run_id, struct err *err)
{
	*run_id =
		store_scalar(store, "SELECT coalesce(max(id), 0) FROM run", -1);
	if (*run_id > 0)
		return 0;
	if (*run_id < 0)
		return store_error(store, "cannot read", err);
	return err_set(err, -ENOENT, "'%s' holds no run yet", store->path);
}
