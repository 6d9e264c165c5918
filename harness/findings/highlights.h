/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_HIGHLIGHTS_H
#define HARNESS_FINDINGS_HIGHLIGHTS_H

/*
 * highlights - the few rows of a run that tell most of it, one or two per
 * group, for a screen and for the top of a page. Which rows these are is the
 * table in highlights.c, and nothing else.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/ratio.h"

struct model;
struct model_row;

#define HIGHLIGHTS_MOST 15
/* In columns; longer names of other rows are cut. */
#define HIGHLIGHT_LABEL_MAX 17

struct highlight {
	const char *group;
	const char *label;
	const char *workload, *point;
	bool lower_is_better;
	/* False: natively it is nothing, or another thing. A process starts
	 * without a machine, so that its time is no measure for a guest's. */
	bool has_ratio;
};

/* By group, within a group by preference; ends with a NULL group. */
extern const struct highlight highlights[];

struct highlight_row {
	const char *group; /* "" for what is not in the table */
	char label[32];
	bool has_ratio;
	const struct model_row *row; /* borrowed */
};

/*
 * Those of M's rows that have a figure: the first of each group, then the
 * second of each, until there are MOST (HIGHLIGHTS_MOST at most); in the
 * table's order. A run that has none of them gets its first rows. Returns how
 * many there are.
 */
size_t highlights_choose(const struct model *m, size_t most,
			 struct highlight_row *out);

/*
 * How many times worse than native RUNNER is, whichever way the metric counts:
 * 2 is twice the time or half the throughput. NaN where there is no ratio.
 */
struct ratio highlight_worse(const struct model *m,
			     const struct highlight_row *h, size_t runner);

#endif
