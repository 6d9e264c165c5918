/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_HIGHLIGHTS_H
#define HARNESS_FINDINGS_HIGHLIGHTS_H

/*
 * highlights - the most important rows of a run, one or two per group, for a
 * screen and for the top of a page. Only the table in highlights.c decides
 * which rows these are.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/ratio.h"

struct model;
struct model_row;

#define HIGHLIGHTS_MOST 15
#define HIGHLIGHTS_ALL 64
/* In columns; longer names of other rows are cut. */
#define HIGHLIGHT_LABEL_MAX 17

struct highlight {
	const char *group;
	const char *label;
	const char *workload, *point;
	bool lower_is_better;
	/* False: native has no such figure, or a different one. A process
	 * starts without a machine, so its time cannot be compared with a
	 * guest's. */
	bool has_ratio;
};

/* By group, within a group by preference; ends with a NULL group. */
extern const struct highlight highlights[];

struct highlight_row {
	const char *group; /* "" for rows that are not in the table */
	char label[32];
	bool has_ratio;
	const struct model_row *row; /* borrowed */
};

/*
 * Those of M's rows that have a figure: the first of each group, then the
 * second of each, until there are MOST (HIGHLIGHTS_MOST at most); in the
 * table's order. A run that has none of them gets its first rows. Returns their
 * number.
 */
size_t highlights_choose(const struct model *m, size_t most,
			 struct highlight_row *out);

/* All of the table that have a figure, HIGHLIGHTS_ALL at most, likewise. */
size_t highlights_all(const struct model *m, struct highlight_row *out);

/*
 * RUNNER's ratio to native, above 1 is worse for every metric: 2 is twice the
 * time or half the throughput. NaN if there is no ratio.
 */
struct ratio highlight_worse(const struct model *m,
			     const struct highlight_row *h, size_t runner);

/* How many of ROWS from the first on are of its group; COUNT is 1 at least. */
size_t highlights_group(const struct highlight_row *rows, size_t count);

/*
 * RUNNER's ratio to native over ROWS of one group, above 1 is worse: the
 * geometric mean over blocks (suite.h). Where none of the blocks has all rows,
 * BLOCKS is 0 and it is the mean of what each row came to, without an interval.
 * NaN if no row has a ratio.
 */
struct ratio highlights_mean(const struct model *m,
			     const struct highlight_row *rows, size_t count,
			     size_t runner, size_t *blocks);

#endif
