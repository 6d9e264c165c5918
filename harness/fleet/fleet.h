/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_H
#define HARNESS_FLEET_FLEET_H

/*
 * fleet - the runs of many nodes, as figures per node. Nodes form arms (nested,
 * l1vh, metal, or what the user called them); each node may have several runs.
 *
 * A run's figure is the mean logarithm of its blocks. Where the run measured
 * natively as well, the logarithm is that of guest over native in each block:
 * native runs are the bridge between nodes, and what a node's hardware adds
 * cancels. Which runs count is decided by states and names alone, never by
 * figures.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/verdict/comparable.h"

/* One run as it is stored; all texts are borrowed, and none is NULL. */
struct fleet_run_info {
	int64_t id;
	const char *uuid, *status;
	const char *fingerprint, *plan, *guest_manifest; /* as stored */
	uint64_t started_unix_ns;
	bool is_lab;
};

/* One series of one boot: its median. */
struct fleet_boot {
	const char *runner, *workload, *point, *unit;
	bool lower_is_better;
	enum grade grade;
	uint32_t block;
	double median;
};

struct fleet_series {
	char runner[32], workload[32], point[32], unit[16];
	bool lower_is_better;
};

struct fleet_value {
	uint32_t run, series; /* in the fleet's lists */
	double log;           /* of the figure itself, in the series' unit */
	double log_ratio;     /* to native; NaN: not measured natively */
	enum grade grade;     /* the worst that is in it */
};

struct fleet_run {
	int64_t id;
	char uuid[40], status[16];
	char *index, *attempt, *job; /* owned */
	uint32_t node;
	uint64_t started_unix_ns;
	bool counts;         /* in the figures */
	const char *why_not; /* where it does not; static */
	bool is_far_in_time; /* from the others: look at the node's clock */
};

enum node_state {
	NODE_RAN,
	NODE_UNFINISHED, /* no run of it ended by itself */
	NODE_UNLIKE,     /* its arm's other nodes differ from it: left out */
	NODE_MISSING,    /* expected, and no run of it came */
	NODE_STATE_COUNT,
};

const char *node_state_name(enum node_state state);

struct fleet_node {
	char *name; /* owned */
	uint32_t arm;
	enum node_state state;
	char reason[200];      /* of a state other than NODE_RAN */
	char note[200];        /* what readers should know; "" */
	char expected_arm[64]; /* of one that is missing; "": unknown */
	size_t run_count, counted_count;
	json_t *facts; /* of its first run that counts; owned; or NULL */
};

struct fleet_arm {
	char name[64];
	size_t node_count, ran_count;
	json_t *facts; /* of most of its nodes; borrowed; or NULL */
};

struct claims;
struct fleet_loading;

struct fleet {
	char *name;               /* owned */
	char *chosen_arms;        /* owned; NULL: all */
	struct fleet_node *nodes; /* owned, as all below; by name */
	size_t node_count;
	struct fleet_run *runs; /* by node, index, and time */
	size_t run_count;
	struct fleet_arm *arms; /* by name */
	size_t arm_count;
	struct fleet_series *series;
	size_t series_count;
	struct fleet_value *values; /* of runs that count; by series and run */
	size_t value_count;
	/* The plans' key `match`, see arm_gate.h; NULL: none has it. */
	char *match;
	bool has_several_matches; /* plans disagree */
	struct claims *claims;    /* owned; of the first run that has any */
	bool lacks_claims;        /* some run that counts has not just those */
	size_t earlier_count;     /* runs that are not loaded */
	size_t expected_count;    /* nodes that should have run; 0: unknown */
	struct fleet_loading *loading; /* until fleet_finish() */
};

void fleet_init(struct fleet *f, const char *name);
void fleet_release(struct fleet *f);

/* A node that should run; ARM where it is known, or NULL. */
void fleet_expect(struct fleet *f, const char *node, const char *arm);

/* Before any run: leave out all but those of LIST, "l1vh,nested". */
void fleet_choose_arms(struct fleet *f, const char *list);

/* Runs in any order; the boots that follow are of the last one added. False: its
 * arm was not chosen, and no boots may follow. */
bool fleet_add_run(struct fleet *f, const struct fleet_run_info *info);
void fleet_add_boot(struct fleet *f, const struct fleet_boot *boot);

/* After the last run: states, arms, and what counts. */
void fleet_finish(struct fleet *f);

/* All values of one series, by node; COUNT of them. */
const struct fleet_value *fleet_series_values(const struct fleet *f,
					      uint32_t series, size_t *count);

/* The series of that name, "storage randread-4k-qd1/iops"; -1: none. */
int fleet_find_series(const struct fleet *f, const char *runner,
		      const char *metric);

/* "mem_latency 16MiB,4KiB-pages" */
const char *fleet_series_name(const struct fleet_series *s, char *buf,
			      size_t size);

size_t fleet_state_count(const struct fleet *f, enum node_state state);

#endif
