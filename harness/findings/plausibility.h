/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_PLAUSIBILITY_H
#define HARNESS_FINDINGS_PLAUSIBILITY_H

/*
 * plausibility - finds figures that no machine can have. Each rule checks one
 * kind of figure. No PASS may rest on a figure that a blocking rule has found.
 * The bounds are in docs/statistics.md.
 */
#include <stdbool.h>
#include <stddef.h>

struct model;

struct implausible {
	const char *runner; /* borrowed */
	char workload[32];  /* whose figures are implausible; "": all */
	char text[200];
	bool is_blocking;
};

struct plausibility {
	struct implausible *rows; /* owned */
	size_t count;
};

/* P borrows from M, and is released before it. */
void plausibility_init(struct plausibility *p, const struct model *m);
void plausibility_release(struct plausibility *p);

/* The first row that blocks WORKLOAD under RUNNER; NULL: none. */
const struct implausible *plausibility_blocks(const struct plausibility *p,
					      const char *runner,
					      const char *workload);

#endif
