/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_NODES_H
#define HARNESS_FLEET_FLEET_NODES_H

/* fleet_nodes - the values of a series by node, as harness/stats/cluster.h
 * takes them. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/grade.h"
#include "harness/stats/cluster.h"

struct fleet;

struct fleet_nodes {
	struct cluster_node *nodes; /* owned; of nodes with a value */
	uint32_t *numbers;          /* owned; the fleet's */
	double *values;             /* owned; that NODES points into */
	size_t count;
	int arm; /* of the first of them; -1: there is none */
	bool has_several_arms;
	size_t left_out_count; /* nodes without native runs, where wanted */
};

/* Logarithms of the series' own figures, or of ratios to native; of one ARM, or of
 * all where it is below 0. */
void fleet_nodes_of(struct fleet_nodes *n, const struct fleet *f,
		    uint32_t series, int arm, bool is_ratio);

/* Candidate over baseline, of runs that have both; ARM as above. */
void fleet_nodes_within(struct fleet_nodes *n, const struct fleet *f,
			uint32_t candidate, uint32_t baseline, int arm);
void fleet_nodes_release(struct fleet_nodes *n);

/* Whether some run has both; ARM as above. */
bool fleet_nodes_overlap(const struct fleet *f, uint32_t a, uint32_t b,
			 int arm);

/* Whether two nodes at least measured it natively too; ARM as above. */
bool fleet_has_bridge(const struct fleet *f, uint32_t series, int arm);

/* Of all values of two series. */
enum grade fleet_worst_grade(const struct fleet *f, uint32_t a, uint32_t b);

#endif
