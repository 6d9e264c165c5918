/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_ODD_H
#define HARNESS_STATS_ODD_H

/*
 * odd - which nodes of a fleet differ from their like.
 *
 * In each series a node's mean is compared with the median of its arm. The
 * scale is Qn (Rousseeuw and Croux 1993), which bad nodes hardly change as
 * long as most nodes are good. p of a node is that of its most extreme series,
 * times the number of its series (Bonferroni). odd_decide() then controls the
 * false discovery rate over the whole fleet (Benjamini and Hochberg 1995).
 *
 * The good nodes of an arm must be about normal in the logarithm;
 * docs/statistics.md has the error rates, and what happens if they are not.
 * Pure.
 */
#include <stdbool.h>
#include <stddef.h>

/* Nodes of an arm that have a series; with fewer it is not judged. */
#define ODD_MIN_NODES 10

struct odd_options {
	double fdr;         /* false discovery rate, such as 0.05 */
	double least_ratio; /* from the median; 1.02: nearer is never odd */
};

/* One arm: nodes that should be alike. */
struct odd_arm {
	/* Means of log figures, of node i and series s at [i * series_count +
	 * s]; not finite: the node has no value. Borrowed. */
	const double *logs;
	/*
	 * The variance of each of these by its runs alone: that of a run over
	 * their number (within of struct cluster_parts, over the count). NULL:
	 * all nodes have equally many runs. Borrowed.
	 */
	const double *run_variances;
	size_t node_count, series_count;
};

struct odd_node {
	bool is_odd;
	double p;            /* NaN: none of its series can be judged */
	double adjusted;     /* of Benjamini and Hochberg, over the fleet */
	size_t worst_series; /* of the lowest p; then of the largest distance */
	double worst_ratio;  /* the node to the median of its arm, there */
};

/*
 * Fill OUT[0 .. node_count - 1] but for IS_ODD and ADJUSTED. REASONS has room
 * for series_count: why a series is not judged, or NULL. Returns the number of
 * series that are judged.
 */
size_t odd_score(const struct odd_arm *arm, const struct odd_options *o,
		 struct odd_node *out, const char **reasons);

/* All nodes of the fleet, of all arms, at once. Returns how many are odd. */
size_t odd_decide(struct odd_node *nodes, size_t count,
		  const struct odd_options *o);

#endif
