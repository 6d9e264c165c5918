/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_EXPLAIN_H
#define HARNESS_FINDINGS_EXPLAIN_H

/*
 * explain - the part of a slowdown that exits account for: exits per operation
 * of a workload, times the cost of one exit. The micro guest measured that
 * cost under the same runner in the same run.
 *
 * The sum adds costs that were measured alone. It omits the effects of an exit
 * on caches and on the other CPU; they stay unexplained.
 */
#include <stdbool.h>
#include <stddef.h>

struct model;
struct model_group;

#define EXPLAIN_PARTS 6

struct explain_part {
	const char *what;    /* "doorbells" */
	const char *cost_of; /* the primitives whose cost was taken */
	double per_op;       /* NaN: it was not counted */
	double cost_ns;      /* NaN: it was not measured */
};

struct explain {
	double native_ns; /* per operation: the inverse of the rate */
	double guest_ns;
	struct explain_part parts[EXPLAIN_PARTS];
	double explained_ns; /* of guest_ns - native_ns; may exceed it */
};

/* False where the workload counts no operations, or one side has no figure. */
bool explain_group(const struct model *m, const struct model_group *group,
		   size_t runner, struct explain *out);

/* Whether explain_group() can explain any group by figures of the micro
 * guest. */
bool explain_has_any(const struct model *m);

#endif
