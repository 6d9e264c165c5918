/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_CLUSTER_H
#define HARNESS_STATS_CLUSTER_H

/*
 * cluster - two arms of nodes, with several runs per node: the difference of
 * the arms, its interval, and the variance between and within nodes.
 *
 * Model: y_ij = mu_arm + b_i + e_ij, run j of node i. Both b and e are random.
 * A value is the logarithm of one run's ratio, guest to native.
 *
 * The unit is the node. Each node is reduced to the mean of its runs, and the
 * arms are compared by Welch's t over node means, unweighted (Donner and Klar
 * 2000, chapter 7; Hayes and Moulton 2017, chapter 10). docs/statistics.md
 * says why the nodes have no weights. Nodes without a run are left out.
 *
 * Values must be finite. A figure that does not exist is NaN. Pure.
 */
#include <stddef.h>

#include "harness/stats/ttest.h"

struct cluster_node {
	const double *values; /* borrowed; one per run */
	size_t count;
};

struct cluster_arm {
	const struct cluster_node *nodes; /* borrowed */
	size_t count;
};

/*
 * Variances by the analysis of variance of one random factor with unequal
 * counts, the method of moments (Searle, Casella and McCulloch: Variance
 * Components, 1992, chapter 3). WITHIN needs a node with two runs, BETWEEN
 * also needs two nodes.
 */
struct cluster_parts {
	size_t node_count; /* nodes with a run */
	size_t run_count;
	double runs_per_node; /* n0: (N - sum n_i^2 / N) / (nodes - 1) */
	double within;        /* of the runs of one node */
	double between;       /* of the nodes' true values; 0 or more */
	double of_means;      /* of node means, as observed */
	/* The share of nodes in the variance of one run: the correlation of
	 * two runs of one node (ICC). */
	double node_share;
	/* The share of nodes in the variance of a mean of n0 runs: more runs
	 * per node do not reduce this part. */
	double node_share_of_mean;
};

struct cluster_mean {
	struct ttest mean; /* against zero; no interval below two nodes */
	struct cluster_parts parts;
	const char *reason; /* why there is no interval; NULL: there is */
};

struct cluster_mean cluster_of(const struct cluster_arm *arm,
			       double confidence);

struct cluster_difference {
	struct ttest log; /* candidate less baseline; for margin_judge() */
	struct cluster_mean baseline, candidate;
	size_t node_count;  /* of the smaller arm: N for margin_judge() */
	const char *reason; /* why there is no interval; NULL: there is */
};

/* The degrees of freedom are Welch's and Satterthwaite's, over nodes. */
struct cluster_difference cluster_compare(const struct cluster_arm *baseline,
					  const struct cluster_arm *candidate,
					  double confidence);

#endif
