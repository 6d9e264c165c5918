/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_SUITE_H
#define HARNESS_FINDINGS_SUITE_H

/*
 * suite - a group of series as one figure: the geometric mean of their ratios
 * to native, turned so that above 1 is worse. It is computed per block, so the
 * interval is over blocks, not over series. A block that lacks a series is
 * left out, so that a runner that lacks one which another guest has has no mean.
 */
#include <stddef.h>

#include "harness/findings/model.h"
#include "harness/stats/ratio.h"

struct suite {
	char group[32];      /* "cpu" of cpu_integer */
	size_t first, count; /* rows of the model; those of a summary count */
	size_t series_count; /* that a guest has */
	/* By runner, from 1; above 1 is worse. NaN where no block has all
	 * series. */
	struct ratio worse[MODEL_MAX_RUNNERS];
	size_t block_counts[MODEL_MAX_RUNNERS];
};

/* Every group of two series or more. */
struct suites {
	struct suite *rows; /* owned; in the model's order */
	size_t count;
};

void suites_init(struct suites *all, const struct model *m);
void suites_release(struct suites *all);

/* Of any rows under one runner; above 1 is worse. NaN where no block has all
 * of them. */
struct ratio suite_ratio_of(const struct model *m,
			    const struct model_row *const *rows, size_t count,
			    size_t runner, size_t *block_count);

#endif
