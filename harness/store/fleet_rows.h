/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_FLEET_ROWS_H
#define HARNESS_STORE_FLEET_ROWS_H

/*
 * fleet_rows - stored runs by fleet and by node, and what each of them measured as
 * one figure per boot and series. No samples are read. A run is of the fleet and on
 * the node that its fingerprint names as "fleet.name" and "fleet.node".
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct sql;
struct sql_stmt;
struct store;

/* --- fleets ---------------------------------------------------------------- */

struct fleet_name {
	char *name; /* owned */
	uint64_t run_count, node_count;
	uint64_t last_started_unix_ns;
};

struct fleet_names {
	struct fleet_name *rows; /* owned; the latest started first */
	size_t count;
};

int fleet_names_load(struct store *store, struct fleet_names *names,
		     struct err *err);
void fleet_names_release(struct fleet_names *names);

/* --- their runs ------------------------------------------------------------ */

/* Texts are owned, and "" where the run does not say. */
struct fleet_run_row {
	int64_t id;
	char *uuid, *fleet, *node, *arm, *attempt, *engine;
	int64_t index; /* of the run on its node; -1: it does not say */
	char *status, *revision;
	uint64_t started_unix_ns;
	uint64_t ended_unix_ns; /* 0: it did not end */
	bool is_lab;
	/* As stored; "" of a node's runs. */
	char *fingerprint, *plan, *guest_manifest;
};

struct fleet_runs {
	struct fleet_run_row *rows; /* owned; the latest first */
	size_t count;
	bool has_more; /* than was asked for */
};

/*
 * Those of a fleet, the last one that came first, of the latest DAYS days, which end with the run that came last; 0: all. A
 * node's clock may be wrong, so the order in which runs came decides: reading ends
 * at the first of many in a row that are older. *EARLIER_COUNT is of the others.
 * No runs is no error.
 */
int fleet_recent_load(struct store *store, const char *fleet, uint32_t days,
		      struct fleet_runs *runs, size_t *earlier_count,
		      struct err *err);

/* 0: no limit of that kind. */
struct fleet_span {
	uint64_t from_unix_ns; /* started then or later */
	uint64_t to_unix_ns;   /* started before */
	size_t skip_count, max_count;
};

/* The runs of a node, in whatever fleets it was, the latest first; SPAN may be NULL.
 * They come without fingerprint, plan and manifest. No runs is no error. */
int node_runs_load(struct store *store, const char *node,
		   const struct fleet_span *span, struct fleet_runs *runs,
		   struct err *err);
void fleet_runs_release(struct fleet_runs *runs);

/* --- what a run measured --------------------------------------------------- */

struct fleet_figure {
	char runner[32];
	char workload[32];
	char point[32];
	char unit[16];
	bool lower_is_better;
	char grade[16];
	uint32_t block;
	double median; /* of the boot's undisturbed samples, in UNIT */
};

struct fleet_figures {
	struct fleet_figure *rows; /* owned; by boot, as they ran */
	size_t count;
};

/* Reads one run after the other. After 0 of begin, end it before STORE. */
struct fleet_reader {
	struct sql *db;     /* borrowed */
	struct sql_stmt *s; /* owned: to prepare it takes as long as a run */
};

int fleet_reader_begin(struct store *store, struct fleet_reader *r,
		       struct err *err);

/* Series without a figure have no row. No rows is no error. */
int fleet_reader_load(struct fleet_reader *r, int64_t run_id,
		      struct fleet_figures *values, struct err *err);
void fleet_reader_end(struct fleet_reader *r);
void fleet_figures_release(struct fleet_figures *values);

#endif
