/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_CLUSTER_POWER_H
#define HARNESS_STATS_CLUSTER_POWER_H

/*
 * cluster_power - how many nodes per arm a margin needs, if the arms are
 * compared by cluster_compare() and margin_judge(). Pure.
 */
#include <stddef.h>

#include "harness/stats/margin.h"

/* Standard deviations of log ratios. From struct cluster_parts: sqrt(between)
 * and sqrt(within). */
struct cluster_spread {
	double node_sd; /* of the nodes' true values */
	double run_sd;  /* of the runs of one node */
};

struct cluster_plan {
	struct cluster_spread baseline, candidate;
	size_t runs_per_node; /* at least 1 */
	double margin;        /* 0.05 for 5 % */
	enum margin_kind kind;
	double true_log;   /* candidate over baseline; above zero is worse */
	double confidence; /* of the one-sided bound */
	double power;      /* wanted; cluster_power() does not read it */
};

/* PASS with TRUE_LOG within the margin, else FAIL. */
enum verdict cluster_deserved(const struct cluster_plan *plan);

/* The standard deviation of the mean of a node's runs. */
double cluster_mean_sd(const struct cluster_spread *spread,
		       size_t runs_per_node);

/*
 * The probability that NODE_COUNT nodes per arm, two or more, give the verdict
 * that is deserved. NaN if TRUE_LOG is the margin itself, and for a plan that
 * makes no sense.
 */
double cluster_power(const struct cluster_plan *plan, size_t node_count);

/* The smallest number of nodes per arm that has plan->power; NaN beyond a
 * million, and where cluster_power() is NaN. */
double cluster_nodes_needed(const struct cluster_plan *plan);

#endif
