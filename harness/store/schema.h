/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SCHEMA_H
#define HARNESS_STORE_SCHEMA_H

/*
 * schema - the tables of version 5. Times are nanoseconds, values are in the
 * series' unit. The texts are SQLite's; schema_postgres.c makes those of PostgreSQL
 * from them, word by word.
 */
#include "harness/core/fleet_keys.h"

/* Tables without a key of their own have this, which SQLite has unasked; what is
 * read in the order of rowid was written in that order. */
#define ROWID_SQL "/*rowid*/ "

/* PostgreSQL checks it for many samples at a time (guard_sample()). */
#define SERIES_KEY_SQL " REFERENCES series(id)"

/* A column with a key of the fingerprint. An imported fingerprint may be damaged;
 * such a run has no host. */
#define FINGERPRINT_COLUMN_SQL(column, key)                           \
	column " TEXT GENERATED ALWAYS AS (CASE WHEN"                 \
	       " json_valid(fingerprint) THEN coalesce(json_extract(" \
	       "fingerprint, '$.\"" key "\"'), '') ELSE '' END) VIRTUAL"
#define RUN_HOST_SQL FINGERPRINT_COLUMN_SQL("host", "host")
#define RUN_FLEET_SQL FINGERPRINT_COLUMN_SQL("fleet", FLEET_NAME)
#define RUN_NODE_SQL FINGERPRINT_COLUMN_SQL("node", FLEET_NODE)

/* Of an imported run: fingerprint of the key by which its bundle was signed. Null where
 * it was not, or nobody knows: a program before version 5 imported it. */
#define RUN_SIGNER_SQL "signer TEXT"

/* The columns are those of struct figure; null where no sample counts. A series
 * without samples has no row. */
#define FIGURE_TABLE_SQL                                                       \
	"CREATE TABLE figure ("                                                \
	" series_id INTEGER NOT NULL PRIMARY KEY REFERENCES series(id),"       \
	" sample_count INTEGER NOT NULL, used_count INTEGER NOT NULL,"         \
	" disturbances INTEGER NOT NULL, median REAL, mean REAL, stddev REAL," \
	" low REAL, high REAL, long_count INTEGER NOT NULL,"                   \
	" long_elapsed_ns INTEGER NOT NULL, long_host_ns INTEGER NOT NULL);"

static const char schema_sql[] =
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
	" started_unix_ns INTEGER NOT NULL, ended_unix_ns INTEGER, status TEXT NOT NULL, seed INTEGER NOT NULL,"
	" revision TEXT NOT NULL, is_lab INTEGER NOT NULL, plan TEXT NOT NULL,"
	" fingerprint TEXT NOT NULL, probe TEXT NOT NULL,"
	" guest_manifest TEXT NOT NULL, samples_dropped_unix_ns INTEGER,"
	" " RUN_HOST_SQL ", " RUN_FLEET_SQL ", " RUN_NODE_SQL
	", " RUN_SIGNER_SQL ");"
	"CREATE TABLE schedule ("
	" run_id INTEGER NOT NULL REFERENCES run(id),"
	" position INTEGER NOT NULL, block INTEGER NOT NULL,"
	" runner TEXT NOT NULL, PRIMARY KEY (run_id, position));"
	"CREATE TABLE identity ("
	" id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
	"CREATE TABLE boot ("
	" id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run(id),"
	" position INTEGER NOT NULL, block INTEGER NOT NULL,"
	" runner TEXT NOT NULL, paravirt TEXT NOT NULL,"
	" vcpu_count INTEGER NOT NULL, ram_bytes INTEGER NOT NULL,"
	" status TEXT NOT NULL, reason TEXT NOT NULL, grade TEXT NOT NULL,"
	" started_unix_ns INTEGER NOT NULL, elapsed_ns INTEGER NOT NULL,"
	" exit_cost_ns INTEGER NOT NULL,"
	" identity_id INTEGER REFERENCES identity(id),"
	" console TEXT NOT NULL);"
	"CREATE TABLE series ("
	" id INTEGER PRIMARY KEY, boot_id INTEGER NOT NULL REFERENCES boot(id),"
	" workload TEXT NOT NULL, point TEXT NOT NULL, unit TEXT NOT NULL,"
	" lower_is_better INTEGER NOT NULL, set_bytes INTEGER NOT NULL,"
	" page_bytes INTEGER NOT NULL, list_rank INTEGER NOT NULL,"
	" status TEXT NOT NULL, reason TEXT NOT NULL,"
	" iterations INTEGER NOT NULL);"
	"CREATE TABLE sample ("
	" series_id INTEGER NOT NULL" SERIES_KEY_SQL ","
	" position INTEGER NOT NULL, section INTEGER NOT NULL,"
	" elapsed_ns INTEGER NOT NULL, host_elapsed_ns INTEGER NOT NULL,"
	" value REAL NOT NULL, disturbances INTEGER NOT NULL,"
	" grade TEXT NOT NULL, waited_ns INTEGER NOT NULL, PRIMARY KEY (series_id, position))"
	" WITHOUT ROWID;" FIGURE_TABLE_SQL "CREATE TABLE phase (" ROWID_SQL
	" boot_id INTEGER NOT NULL REFERENCES boot(id), name TEXT NOT NULL,"
	" mono_ns INTEGER NOT NULL);"
	"CREATE TABLE exit_ledger (" ROWID_SQL
	" boot_id INTEGER NOT NULL REFERENCES boot(id),"
	" vcpu INTEGER NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,"
	" handled_ns INTEGER NOT NULL);"
	"CREATE TABLE document (" ROWID_SQL
	" boot_id INTEGER NOT NULL REFERENCES boot(id),"
	" workload TEXT NOT NULL, point TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX document_by_boot ON document(boot_id);"
	"CREATE UNIQUE INDEX run_by_uuid ON run(uuid);"
	"CREATE UNIQUE INDEX boot_by_position ON boot(run_id, position);"
	"CREATE INDEX series_by_boot ON series(boot_id);"
	"CREATE INDEX phase_by_boot ON phase(boot_id);"
	"CREATE INDEX exit_by_boot ON exit_ledger(boot_id);";

/* The changes from version 3 to 4; no upgrade loses data. */
static const char upgrade_3_sql[] =
	"ALTER TABLE run ADD COLUMN samples_dropped_unix_ns INTEGER;"
	"ALTER TABLE run ADD COLUMN " RUN_HOST_SQL ";"
	"ALTER TABLE run ADD COLUMN " RUN_FLEET_SQL ";"
	"ALTER TABLE run ADD COLUMN " RUN_NODE_SQL ";"
	"DROP INDEX IF EXISTS run_by_host;" FIGURE_TABLE_SQL;

/* And from 4 to 5. */
static const char upgrade_4_sql[] =
	"ALTER TABLE run ADD COLUMN " RUN_SIGNER_SQL ";";

/*
 * These triggers keep the runner name and the grade of the emulator's results,
 * for every writer. Every open creates them, so that older files have them too.
 */
static const char guard_sql[] =
	"CREATE TRIGGER IF NOT EXISTS boot_mshv_emu BEFORE INSERT ON boot"
	" WHEN NEW.runner = 'mshv-emu' AND NEW.grade != 'emulated'"
	" BEGIN SELECT RAISE(ABORT, 'mshv-emu is of grade emulated'); END;"
	"CREATE TRIGGER IF NOT EXISTS boot_mshv_emu_stays BEFORE UPDATE ON boot"
	" WHEN OLD.runner = 'mshv-emu' AND (NEW.runner != 'mshv-emu' OR"
	" NEW.grade != 'emulated')"
	" BEGIN SELECT RAISE(ABORT, 'mshv-emu stays mshv-emu'); END;"
	"CREATE TRIGGER IF NOT EXISTS sample_mshv_emu BEFORE INSERT ON sample"
	" WHEN NEW.grade != 'emulated' AND 'mshv-emu' = (SELECT boot.runner"
	" FROM boot JOIN series ON series.boot_id = boot.id"
	" WHERE series.id = NEW.series_id)"
	" BEGIN SELECT RAISE(ABORT, 'mshv-emu is of grade emulated'); END;";

/* Indexes for lists and histories of many runs. Every open creates them, like
 * the guards; a file without them is only slower. */
static const char index_sql[] =
	"CREATE INDEX IF NOT EXISTS run_by_start"
	" ON run(started_unix_ns DESC, id DESC);"
	"CREATE INDEX IF NOT EXISTS run_by_host"
	" ON run(host, started_unix_ns DESC, id DESC);"
	"CREATE INDEX IF NOT EXISTS run_by_fleet"
	" ON run(fleet, started_unix_ns DESC, id DESC, node);"
	"CREATE INDEX IF NOT EXISTS run_by_node"
	" ON run(node, started_unix_ns DESC, id DESC);"
	"CREATE INDEX IF NOT EXISTS run_with_samples"
	" ON run(ended_unix_ns) WHERE samples_dropped_unix_ns IS NULL;"
	"CREATE INDEX IF NOT EXISTS run_unfinished"
	" ON run(started_unix_ns DESC, id DESC) WHERE status = 'running';"
	"CREATE INDEX IF NOT EXISTS series_by_workload"
	" ON series(workload, boot_id, point);";

#endif
