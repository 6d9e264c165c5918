/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_ODD_H
#define HARNESS_FLEET_FLEET_ODD_H

/*
 * fleet_odd - nodes that differ from the others of their arm, with control of
 * the false discovery rate over the whole fleet (harness/stats/odd.h). Natively
 * by the figure itself, in guests by its ratio to native, so that a slow node is
 * told once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet;

/* Of all nodes called odd, the share that may be so by chance. */
#define FLEET_ODD_RATE 0.05
/* A smaller distance from the arm's median is no one's concern. */
#define FLEET_ODD_LEAST_RATIO 1.02

struct fleet_odd_node {
	uint32_t node, series; /* the series that is farthest */
	bool is_ratio;
	double value, median; /* of it, on the node and in its arm */
	double ratio;         /* value over median */
	double p;             /* of the node, for all of its series */
	double adjusted;      /* Benjamini and Hochberg's */
	bool is_odd;
};

struct fleet_odd {
	struct fleet_odd_node *nodes; /* owned; odd ones first, by p */
	size_t count;                 /* of nodes that could be judged */
	size_t odd_count;
	char reason[200]; /* where an arm could not be judged; "" */
};

void fleet_odd_find(struct fleet_odd *o, const struct fleet *f,
		    double least_ratio);
void fleet_odd_release(struct fleet_odd *o);

/* Of that node; NULL: it was not judged. */
const struct fleet_odd_node *fleet_odd_of(const struct fleet_odd *o,
					  uint32_t node);

#endif
