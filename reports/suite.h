/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_SUITE_H
#define REPORTS_SUITE_H

/*
 * suite - a group of series as one figure: the geometric mean of how much
 * worse each is than natively, block by block, so that the interval is of the
 * blocks and not of the series. A block that lacks one of them is left out.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/stats/ratio.h"

struct model;
struct model_row;

struct suite {
	char group[32];      /* "cpu" of cpu_integer */
	size_t first, count; /* rows of the model; those of a summary count */
	size_t series_count;
};

/* The next group of two series or more from row *AT on; false: no more. */
bool suite_next(const struct model *m, size_t *at, struct suite *s);

/* Of any rows; above 1 is worse. NaN where no block has all of them. */
struct ratio suite_ratio_of(const struct model *m,
			    const struct model_row *const *rows, size_t count,
			    size_t runner, size_t *block_count);

/* Of one runner; above 1 is worse. NaN where no block has all series. */
struct ratio suite_ratio(const struct model *m, const struct suite *s,
			 size_t runner, size_t *block_count);

void suite_write_text(const struct model *m, FILE *out);
json_t *suite_to_json(const struct model *m); /* caller owns */

#endif
