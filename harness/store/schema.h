/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_SCHEMA_H
#define HARNESS_STORE_SCHEMA_H

/* schema - the tables of version 3. Times are nanoseconds, values are in the
 * series' unit. */
static const char schema_sql[] =
	"CREATE TABLE run ("
	" id INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
	" started_unix_ns INTEGER NOT NULL, ended_unix_ns INTEGER, status TEXT NOT NULL, seed INTEGER NOT NULL,"
	" revision TEXT NOT NULL, is_lab INTEGER NOT NULL, plan TEXT NOT NULL,"
	" fingerprint TEXT NOT NULL, probe TEXT NOT NULL,"
	" guest_manifest TEXT NOT NULL);"
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
	" series_id INTEGER NOT NULL REFERENCES series(id),"
	" position INTEGER NOT NULL, section INTEGER NOT NULL,"
	" elapsed_ns INTEGER NOT NULL, host_elapsed_ns INTEGER NOT NULL,"
	" value REAL NOT NULL, disturbances INTEGER NOT NULL,"
	" grade TEXT NOT NULL, waited_ns INTEGER NOT NULL, PRIMARY KEY (series_id, position))"
	" WITHOUT ROWID;"
	"CREATE TABLE phase ("
	" boot_id INTEGER NOT NULL REFERENCES boot(id), name TEXT NOT NULL,"
	" mono_ns INTEGER NOT NULL);"
	"CREATE TABLE exit_ledger ("
	" boot_id INTEGER NOT NULL REFERENCES boot(id),"
	" vcpu INTEGER NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,"
	" handled_ns INTEGER NOT NULL);"
	"CREATE TABLE document ("
	" boot_id INTEGER NOT NULL REFERENCES boot(id),"
	" workload TEXT NOT NULL, point TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX document_by_boot ON document(boot_id);"
	"CREATE UNIQUE INDEX run_by_uuid ON run(uuid);"
	"CREATE UNIQUE INDEX boot_by_position ON boot(run_id, position);"
	"CREATE INDEX series_by_boot ON series(boot_id);"
	"CREATE INDEX phase_by_boot ON phase(boot_id);"
	"CREATE INDEX exit_by_boot ON exit_ledger(boot_id);";

/* The changes since version 2; the upgrade loses no data. */
static const char upgrade_2_sql[] =
	"ALTER TABLE sample RENAME COLUMN is_disturbed TO disturbances;"
	"ALTER TABLE sample ADD COLUMN waited_ns INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE run ADD COLUMN uuid TEXT NOT NULL DEFAULT '';"
	"UPDATE run SET uuid = lower(hex(randomblob(16)));"
	"CREATE UNIQUE INDEX run_by_uuid ON run(uuid);"
	"DROP INDEX boot_by_run;"
	"CREATE UNIQUE INDEX boot_by_position ON boot(run_id, position);";

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

/* The host of a run, as the index has it: a query with another expression reads
 * all fingerprints. An imported fingerprint may be damaged; such a run has no
 * host. */
#define RUN_HOST_SQL                             \
	"CASE WHEN json_valid(fingerprint) THEN" \
	" coalesce(json_extract(fingerprint, '$.host'), '') ELSE '' END"

/* Indexes for lists and histories of many runs. Every open creates them, like
 * the guards; a file without them is only slower. */
static const char index_sql[] =
	"CREATE INDEX IF NOT EXISTS run_by_start"
	" ON run(started_unix_ns DESC, id DESC);"
	"CREATE INDEX IF NOT EXISTS run_by_host"
	" ON run(" RUN_HOST_SQL ", started_unix_ns DESC, id DESC);"
	"CREATE INDEX IF NOT EXISTS run_unfinished"
	" ON run(started_unix_ns DESC, id DESC) WHERE status = 'running';"
	"CREATE INDEX IF NOT EXISTS series_by_workload"
	" ON series(workload, boot_id, point);";

#endif
