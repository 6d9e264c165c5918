/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_FLEET_VIEWS_H
#define HARNESS_SERVE_FLEET_VIEWS_H

/* fleet_views - the data of the pages about fleets and nodes, shared by a page and
 * its JSON twin. No samples are read. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/fleet/fleet_report.h"
#include "harness/store/fleet_rows.h"

struct err;
struct query;
struct store;

/* Runs on a node's page, and nodes on a page of a fleet's. */
#define VIEW_NODE_RUNS 30
#define VIEW_FLEET_NODES 200

/* A fleet, of the days that Q's "days" names, with the claims of its runs. Release a
 * view only after 0. */
int view_fleet_load(struct store *store, const char *name,
		    const struct query *q, struct fleet_report *r,
		    struct err *err);

/* The history of one series on one node, over the runs of the page. */
struct node_series {
	char runner[32], workload[32], point[32], unit[16];
	bool lower_is_better;
	char grade[16];  /* of the latest run that has it */
	double *medians; /* owned; one per run that has it, the oldest first */
	size_t count;
};

struct view_node {
	struct fleet_runs runs;     /* the latest first */
	struct node_series *series; /* owned */
	size_t series_count;
	size_t page; /* from 1 */
};

/* Q may have a page. -ENOENT: no run is of that node. */
int view_node_load(struct store *store, const char *name, const struct query *q,
		   struct view_node *v, struct err *err);
void view_node_release(struct view_node *v);

#endif
