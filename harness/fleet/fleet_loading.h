/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_LOADING_H
#define HARNESS_FLEET_FLEET_LOADING_H

/*
 * fleet_loading - what fleet.c holds until all runs of a fleet are in: each run
 * with its figures, computed as soon as its last boot came, so that boots are
 * kept for one run at a time.
 */
#include <jansson.h>
#include <stddef.h>

#include "harness/fleet/fleet.h"

/* More than any cluster has; a size beyond it is no size. */
#define FLEET_MAX_NODES 1000000

struct loaded_run {
	int64_t id;
	char uuid[40], status[16];
	uint64_t started_unix_ns;
	json_t *facts;              /* owned */
	struct fleet_value *values; /* owned; of its series */
	size_t value_count;
};

struct loaded_boot {
	uint32_t series, block;
	enum grade grade;
	double median;
};

struct expected_node {
	char *name; /* owned */
	char arm[64];
};

struct fleet_loading {
	struct loaded_run *runs; /* owned */
	size_t run_count, run_room;
	struct loaded_boot *boots; /* owned; of the last run */
	size_t boot_count, boot_room;
	struct fleet_series *series; /* owned until they are the fleet's */
	size_t series_count, last_series;
	struct expected_node *expected; /* owned; by name after the end */
	size_t expected_count;
};

struct fleet_loading *fleet_loading_create(void);
void fleet_loading_destroy(struct fleet_loading *l); /* NULL is fine */

void fleet_loading_expect(struct fleet_loading *l, const char *node,
			  const char *arm);
/* FACTS become the run's. */
void fleet_loading_run(struct fleet_loading *l,
		       const struct fleet_run_info *info, json_t *facts);
void fleet_loading_boot(struct fleet_loading *l, const struct fleet_boot *b);
void fleet_loading_end(struct fleet_loading *l);

/* Hands series and values to F, whose runs are in the order of L's. */
void fleet_loading_values(struct fleet_loading *l, struct fleet *f);

#endif
