/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_EXPLAIN_H
#define HARNESS_FINDINGS_EXPLAIN_H

/*
 * explain - which part of a slow-down the exits account for: what was counted
 * for each operation of a workload, times what one of these costs, as the
 * micro guest measured it under the same runner in the same run.
 *
 * A sum of costs that were each measured alone: what an exit does to caches
 * and to the other CPU is not in it, and stays unexplained.
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
	double native_ns; /* an operation: the inverse of the rate */
	double guest_ns;
	struct explain_part parts[EXPLAIN_PARTS];
	double explained_ns; /* of guest_ns - native_ns; may exceed it */
};

/* False where the workload counts no operations, or one side has no figure. */
bool explain_group(const struct model *m, const struct model_group *group,
		   size_t runner, struct explain *out);

/* Whether there is any group of which explain_group() has something to say
 * that rests on the micro guest. */
bool explain_has_any(const struct model *m);

#endif
