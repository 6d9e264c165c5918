// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * fleet_store - a store of a fleet, made up: each night every node has one run of
 * five boots. Rows come in the order in which a fleet sends them, night by night, so
 * that a node's runs are far apart in a file. They go straight into the store's
 * tables: a million boots take a minute or two.
 *
 * usage: fleet_store DB NODES NIGHTS
 */
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/store/sql.h"
#include "harness/store/sql_sqlite.h"
#include "harness/store/store.h"

#define BOOTS 5u
#define SAMPLES 2u
/* Above what a server numbers by itself afterwards. */
#define FIRST_ID 1000000000
#define FIRST_NIGHT_S 1700000000u
#define NIGHT_S 86400u
/* What a fingerprint and a manifest of a real host take. */
#define FINGERPRINT_BYTES 4500u
#define MANIFEST_BYTES 9000u

static const struct {
	const char *workload, *point;
	double ns;
} measured[] = {
	{"boot", "total", 4e8},
	{"kernel_syscall", "", 120},
	{"kernel_fork", "", 9e4},
	{"mem_latency", "64MiB,4KiB-pages", 95},
};

#define SERIES ((uint32_t)ARRAY_SIZE(measured))

/* The run in hand, and the row of one of its tables. */
struct made {
	uint32_t number, node, night, row;
	char uuid[40];
	struct strbuf fingerprint, manifest;
};

static int64_t id_of(const struct made *m, uint32_t per_run)
{
	return FIRST_ID + (int64_t)m->number * per_run + m->row;
}

static int64_t started_ns(const struct made *m)
{
	return (int64_t)((FIRST_NIGHT_S + (uint64_t)m->night * NIGHT_S +
			  m->node) *
			 NS_PER_S);
}

/* The same for the same row always, within 2 % of one. */
static double noise(int64_t id)
{
	return 1 + ((double)((uint64_t)id * 2654435761u % 4001) - 2000) / 1e5;
}

static void bind_run(struct sql_stmt *s, const struct made *m)
{
	sql_bind_int64(s, 1, id_of(m, 1));
	sql_bind_text(s, 2, m->uuid);
	sql_bind_int64(s, 3, started_ns(m));
	sql_bind_int64(s, 4, started_ns(m) + 60 * (int64_t)NS_PER_S);
	sql_bind_text(s, 5, "complete");
	sql_bind_int64(s, 6, m->number);
	sql_bind_text(s, 7, "made-up");
	sql_bind_int64(s, 8, 0);
	sql_bind_text(s, 9, "{\"name\":\"nightly\"}");
	sql_bind_text(s, 10, m->fingerprint.str);
	sql_bind_text(s, 11, "{}");
	sql_bind_text(s, 12, m->manifest.str);
}

static const char *runner_of(uint32_t boot)
{
	return boot % 2 ? "kvm" : "native";
}

static void bind_schedule(struct sql_stmt *s, const struct made *m)
{
	sql_bind_int64(s, 1, FIRST_ID + m->number);
	sql_bind_int64(s, 2, m->row);
	sql_bind_int64(s, 3, m->row / 2);
	sql_bind_text(s, 4, runner_of(m->row));
}

static void bind_boot(struct sql_stmt *s, const struct made *m)
{
	sql_bind_int64(s, 1, id_of(m, BOOTS));
	sql_bind_int64(s, 2, FIRST_ID + m->number);
	sql_bind_int64(s, 3, m->row);
	sql_bind_int64(s, 4, m->row / 2);
	sql_bind_text(s, 5, runner_of(m->row));
	sql_bind_text(s, 6, "");
	sql_bind_int64(s, 7, 1);
	sql_bind_int64(s, 8, (int64_t)GIB);
	sql_bind_text(s, 9, "ok");
	sql_bind_text(s, 10, "");
	sql_bind_text(s, 11, "hardware");
	sql_bind_int64(s, 12, started_ns(m) + m->row * 10 * (int64_t)NS_PER_S);
	sql_bind_int64(s, 13, 9 * (int64_t)NS_PER_S);
	sql_bind_int64(s, 14, 0);
	sql_bind_int64(s, 15, 1);
	sql_bind_text(s, 16, "");
}

static void bind_series(struct sql_stmt *s, const struct made *m)
{
	sql_bind_int64(s, 1, id_of(m, BOOTS * SERIES));
	sql_bind_int64(s, 2,
		       FIRST_ID + (int64_t)m->number * BOOTS + m->row / SERIES);
	sql_bind_text(s, 3, measured[m->row % SERIES].workload);
	sql_bind_text(s, 4, measured[m->row % SERIES].point);
	sql_bind_text(s, 5, "ns");
	sql_bind_int64(s, 6, 1);
	sql_bind_int64(s, 7, 0);
	sql_bind_int64(s, 8, 0);
	sql_bind_int64(s, 9, m->row % SERIES);
	sql_bind_text(s, 10, "ok");
	sql_bind_text(s, 11, "");
	sql_bind_int64(s, 12, 1000);
}

/* Two samples, so far on either side of the median. */
#define SPREAD .001

static double median_of(const struct made *m, uint32_t series)
{
	return measured[series % SERIES].ns *
	       noise(FIRST_ID + (int64_t)m->number * BOOTS * SERIES + series);
}

static void bind_sample(struct sql_stmt *s, const struct made *m)
{
	uint32_t series = m->row / SAMPLES, position = m->row % SAMPLES;

	sql_bind_int64(s, 1,
		       FIRST_ID + (int64_t)m->number * BOOTS * SERIES + series);
	sql_bind_int64(s, 2, position);
	sql_bind_text(s, 3, "hardware");
	sql_bind_int64(s, 4, position);
	sql_bind_int64(s, 5, 10 * (int64_t)NS_PER_MS);
	sql_bind_int64(s, 6, 10 * (int64_t)NS_PER_MS);
	sql_bind_double(s, 7,
			median_of(m, series) *
				(position ? 1 + SPREAD : 1 - SPREAD));
	sql_bind_int64(s, 8, 0);
	sql_bind_int64(s, 9, 0);
}

static void bind_figure(struct sql_stmt *s, const struct made *m)
{
	double median = median_of(m, m->row);

	sql_bind_int64(s, 1, id_of(m, BOOTS * SERIES));
	sql_bind_int64(s, 2, SAMPLES);
	sql_bind_int64(s, 3, SAMPLES);
	sql_bind_int64(s, 4, 0);
	sql_bind_double(s, 5, median);
	sql_bind_double(s, 6, median);
	sql_bind_double(s, 7, median * SPREAD * M_SQRT2);
	sql_bind_double(s, 8, median * (1 - SPREAD));
	sql_bind_double(s, 9, median * (1 + SPREAD));
	sql_bind_int64(s, 10, 0);
	sql_bind_int64(s, 11, 0);
	sql_bind_int64(s, 12, 0);
}

static const struct {
	const char *name, *columns;
	int column_count;
	uint32_t per_run;
	void (*bind)(struct sql_stmt *s, const struct made *m);
} tables[] = {
	{"run",
	 "id, uuid, started_unix_ns, ended_unix_ns, status, seed, revision, is_lab,"
	 " plan, fingerprint, probe, guest_manifest",
	 12, 1, bind_run},
	{"schedule", "run_id, position, block, runner", 4, BOOTS,
	 bind_schedule},
	{"boot",
	 "id, run_id, position, block, runner, paravirt, vcpu_count, ram_bytes,"
	 " status, reason, grade, started_unix_ns, elapsed_ns, exit_cost_ns,"
	 " identity_id, console",
	 16, BOOTS, bind_boot},
	{"series",
	 "id, boot_id, workload, point, unit, lower_is_better, set_bytes,"
	 " page_bytes, list_rank, status, reason, iterations",
	 12, BOOTS *SERIES, bind_series},
	{"sample",
	 "series_id, position, grade, section, elapsed_ns, host_elapsed_ns, value,"
	 " waited_ns, disturbances",
	 9, BOOTS *SERIES *SAMPLES, bind_sample},
	{"figure",
	 "series_id, sample_count, used_count, disturbances, median, mean, stddev,"
	 " low, high, long_count, long_elapsed_ns, long_host_ns",
	 12, BOOTS *SERIES, bind_figure},
};

static void write_texts(struct made *m)
{
	unsigned int i;

	snprintf(m->uuid, sizeof(m->uuid), "%08" PRIx32 "%024" PRIx32,
		 m->number * 2654435761u, m->number);
	m->fingerprint.len = m->manifest.len = 0;
	strbuf_printf(
		&m->fingerprint,
		"{\"host\":\"node-%04" PRIu32
		"\",\"fleet.name\":\"nightly\",\"fleet.node\":\"node-%04" PRIu32
		"\",\"fleet.arm\":\"%s\",\"fleet.index\":\"0\",\"fleet.attempt\":\"%s\","
		"\"fleet.job\":\"nightly-%03" PRIu32
		"\",\"fleet.engine\":\"kubernetes\","
		"\"kernel.release\":\"6.1.%" PRIu32
		"\",\"cpu.model_name\":\"made up\"",
		m->node, m->node, m->node % 2 ? "l1vh" : "nested", m->uuid,
		m->night, m->night / 20);
	for (i = 0; m->fingerprint.len < FINGERPRINT_BYTES; i++)
		strbuf_printf(&m->fingerprint,
			      ",\"module.kvm.made_up_%u\":\"N\"", i);
	strbuf_puts(&m->fingerprint, "}");
	while (m->manifest.len < MANIFEST_BYTES)
		strbuf_printf(&m->manifest,
			      "%064" PRIu32 "  kernel/made-up.ko\n",
			      m->night / 20);
}

/* The rows that all nodes have of one night in one table. */
static int fill(struct sql *db, size_t table, uint32_t nodes, struct made *m)
{
	struct sql_stmt *s;
	int ret = sql_bulk_begin(db, tables[table].name, tables[table].columns,
				 tables[table].column_count, &s);

	if (ret)
		return ret;
	for (m->node = 0; m->node < nodes && !ret; m->node++) {
		m->number = m->night * nodes + m->node;
		if (!table)
			write_texts(m);
		for (m->row = 0; m->row < tables[table].per_run && !ret;
		     m->row++) {
			tables[table].bind(s, m);
			ret = sql_bulk_add(s);
		}
	}
	return sql_bulk_end(s, ret);
}

static int add_night(struct sql *db, uint32_t nodes, struct made *m)
{
	size_t i;
	int ret = sql_begin_to_write(db);

	for (i = 0; i < ARRAY_SIZE(tables) && !ret; i++)
		ret = fill(db, i, nodes, m);
	if (!ret)
		ret = sql_commit(db);
	if (ret)
		sql_rollback(db);
	return ret;
}

static int add_all(struct sql *db, uint32_t nodes, uint32_t nights)
{
	struct made m = {.number = 0};
	int ret = sql_exec(db, "INSERT INTO identity (text) VALUES ('')");

	for (; m.night < nights && !ret; m.night++)
		ret = add_night(db, nodes, &m);
	strbuf_release(&m.fingerprint);
	strbuf_release(&m.manifest);
	return ret;
}

int main(int argc, char **argv)
{
	struct store *store = NULL;
	struct err err = {0};
	struct sql *db;
	int ret;

	if (argc != 4)
		return 64;
	if (store_open(argv[1], &store, &err)) {
		fprintf(stderr, "fleet_store: %s\n", err.msg);
		return 70;
	}
	db = store_handle(store);
	/* A store that was not finished is made again, not repaired. */
	if (store_is_file(argv[1]))
		sqlite3_exec(sql_sqlite_handle(db), "PRAGMA synchronous = OFF",
			     NULL, NULL, NULL);
	ret = add_all(db, (uint32_t)strtoul(argv[2], NULL, 10),
		      (uint32_t)strtoul(argv[3], NULL, 10));
	if (ret)
		fprintf(stderr, "fleet_store: %s\n", sql_text(db));
	store_close(store);
	return ret ? 70 : 0;
}
