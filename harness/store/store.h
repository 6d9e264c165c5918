/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_STORE_H
#define HARNESS_STORE_STORE_H

/*
 * store - where every run is kept: a file of SQLite's, or a database of a PostgreSQL
 * server, whose place is a URL "postgresql://...". It only adds rows; samples_drop()
 * alone removes any. Each result is one transaction, so a killed run keeps all
 * earlier results.
 *
 * When the disk is full, the store frees a spare file beside a database that is a
 * file, so that it can still write the current result; see store_result_add().
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bench_case;
struct err;
struct result;
struct sql;
struct store;

/* Raised with every change of the tables. The store upgrades the two versions before
 * and rejects older and newer ones. */
#define STORE_SCHEMA_VERSION 5

struct run_info {
	uint64_t seed;
	const char *revision;
	const char *plan_json;
	const char *fingerprint_json; /* of the machine that measures */
	const char *probe_json;
	const char *guest_manifest;
	int is_lab;
	int64_t samples_dropped_unix_ns; /* 0: they are there; of imports */
};

/* Whether PLACE is a path, not a server's URL. */
bool store_is_file(const char *place);

/*
 * Which file PLACE names now: another number after the file was replaced. 0, and the
 * same for ever, where there is none or the store is a server's.
 */
struct store_file_id {
	uint64_t device, inode;
};

struct store_file_id store_file_id(const char *place);

/* PLACE for messages and reports, without a password. The caller frees it. */
char *store_shown(const char *place);

/* Opens for writing, creating folder and file, or tables, as needed. */
int store_open(const char *path, struct store **out, struct err *err);

/* The same for a caller that serves others: it waits for a locked file no longer
 * than that. */
int store_open_within(const char *path, int busy_ms, struct store **out,
		      struct err *err);

/* Opens an existing file for reading only. A file of an earlier version must be
 * opened for writing once. */
int store_open_readonly(const char *path, struct store **out, struct err *err);

/* The same, within that time as well. */
int store_open_impatient(const char *path, int busy_ms, struct store **out,
			 struct err *err);
void store_close(struct store *store); /* NULL is fine */

/*
 * Copies the whole store into one self-contained file, for a place where SQLite
 * cannot lock: a snapshot of one moment, even while others write. STORE is open for
 * reading. -EEXIST: there is a file at PATH. -ENOTSUP: it is not a file.
 */
int store_copy(struct store *store, const char *path, struct err *err);

/* Whether it is readable, and of this schema, still. */
int store_check(struct store *store, struct err *err);

/* Another one whenever somebody else wrote since; of no use to other handles.
 * Below 0: it cannot be read now. */
int64_t store_data_version(struct store *store);

/*
 * What stands between these two is all there, or nothing of it. RESULT is what
 * became of it; with an error everything is taken back.
 */
int store_begin(struct store *store, struct err *err);
int store_end(struct store *store, int result, struct err *err);

/* With a store_begin() before it, the schedule can be of one piece with the run. */
int store_run_begin(struct store *store, const struct run_info *info,
		    int64_t *run_id, struct err *err);

/* The order that was drawn, before anything is measured. */
int store_schedule_add(struct store *store, int64_t run_id, uint32_t position,
		       uint32_t block, const char *runner, struct err *err);

/*
 * All or nothing; once this returns 0 it outlasts a power cut. -ENOSPC: the disk is
 * full or fails, and RES was kept all the same at the expense of the spare file;
 * the run must stop. -EIO and others: RES was not kept.
 */
int store_result_add(struct store *store, int64_t run_id, uint32_t position,
		     const struct bench_case *bc, const struct result *res,
		     struct err *err);

/*
 * STATUS is "complete": all that was planned; "decided": no claim was left to
 * decide; "out of time": its budget was; "stopped" by somebody; or "failed".
 */
int store_run_end(struct store *store, int64_t run_id, const char *status,
		  struct err *err);

/*
 * A run from elsewhere, all of it or nothing: store_schedule_add() and
 * store_import_boot() stand between this and store_end(). -EEXIST: a run of that
 * UUID is here already, as *RUN_ID, and nothing was begun.
 */
int store_import_begin(struct store *store, const struct run_info *info,
		       const char *uuid, const char *status,
		       int64_t started_unix_ns, int64_t ended_unix_ns,
		       int64_t *run_id, struct err *err);
/* In between as well: the bundle had a right signature by the key of that
 * fingerprint (ed25519_fingerprint()). */
int store_import_signed(struct store *store, int64_t run_id, const char *signer,
			struct err *err);
int store_import_boot(struct store *store, int64_t run_id, uint32_t position,
		      const struct bench_case *bc, const struct result *res,
		      struct err *err);

/* -ENOENT when there is none. */
int store_run_latest(struct store *store, int64_t *run_id, struct err *err);

/* For the files that read it. */
struct sql *store_handle(struct store *store);

#endif
