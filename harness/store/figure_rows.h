/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_FIGURE_ROWS_H
#define HARNESS_STORE_FIGURE_ROWS_H

/* figure_rows - the figures of stored series: they stay when the samples of a run
 * are removed. */
#include <stddef.h>
#include <stdint.h>

struct err;
struct figure;
struct result;
struct series;
struct store;

/* Of the series' samples; all 0 without any. */
void figure_of(const struct series *s, struct figure *figure);

/* Of each series of RES that has samples or a figure; SERIES_IDS has one per
 * series. Within a transaction of the caller's. */
int figure_rows_add(struct store *store, const int64_t *series_ids,
		    const struct result *res, struct err *err);

/* Of all samples of a store that has none yet, in its order; one statement runs
 * within another. Within a transaction of the caller's. */
int figure_rows_fill(struct store *store, struct err *err);

/* The same of one run, of whose series some may have none: a program of an earlier
 * version goes on writing to a store that another one has brought up. */
int figure_rows_fill_run(struct store *store, int64_t run_id, struct err *err);

#endif
