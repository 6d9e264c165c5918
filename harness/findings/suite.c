// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/findings/model.h"

/* A workload's name up to its first "_". */
static int group_length(const struct model_row *row)
{
	return (int)strcspn(row->workload, "_");
}

static bool is_of_group(const struct model_row *row, const char *group)
{
	size_t len = strlen(group);

	return (size_t)group_length(row) == len &&
	       !strncmp(row->workload, group, len);
}

/* A program has many metrics of one thing; the main one counts.
 * The start time of a process cannot be compared with a guest's. */
static bool counts(const struct model_row *row)
{
	const struct metric *metric = metric_of_point(row->point);

	return metric ? metric_is_main(metric, row->workload)
		      : strcmp(row->workload, "boot") != 0;
}

/* The next group of two series or more from row *AT on; false: no more. */
static bool next_group(const struct model *m, size_t *at, struct suite *s)
{
	while (*at < m->row_count) {
		const struct model_row *row = &m->rows[*at];

		*s = (struct suite){.first = *at};
		snprintf(s->group, sizeof(s->group), "%.*s", group_length(row),
			 row->workload);
		for (;
		     *at < m->row_count && is_of_group(&m->rows[*at], s->group);
		     (*at)++)
			s->series_count += counts(&m->rows[*at]);
		s->count = *at - s->first;
		if (s->series_count > 1)
			return true;
	}
	return false;
}

/* The logarithms of one block, summed over its series. */
struct sum {
	uint32_t block;
	double log;
	size_t count;
};

/* A row per block that has a series: a bundle may number its blocks as it
 * likes, so no array goes up to the highest number. */
struct sums {
	struct sum *rows; /* owned */
	size_t size;
};

/* The search begins at *AT, which moves on: every series has its blocks in
 * about the same order. */
static struct sum *sums_get(struct sums *s, uint32_t block, size_t *at)
{
	size_t i;

	for (i = 0; i < s->size; i++) {
		struct sum *row = &s->rows[(*at + i) % s->size];

		if (row->block != block)
			continue;
		*at = (size_t)(row - s->rows) + 1;
		return row;
	}
	s->rows = xrealloc(s->rows, s->size + 1, sizeof(*s->rows));
	s->rows[s->size] = (struct sum){.block = block};
	*at = s->size + 1;
	return &s->rows[s->size++];
}

static int compare_sums(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return (x->block > y->block) - (x->block < y->block);
}

/* One that failed under a runner is no reason to leave it out of that runner's mean,
 * which others have with it. */
static bool some_guest_has(const struct model *m, const struct model_row *row)
{
	size_t k;

	for (k = 1; k < m->runner_count; k++)
		if (row->cells[k].ratio_count)
			return true;
	return false;
}

static void add_series(const struct model *m, const struct model_row *row,
		       size_t runner, struct sums *sums)
{
	const struct model_cell *c = &row->cells[runner];
	double *logs = xcalloc(c->boot_count + 1, sizeof(*logs));
	uint32_t *blocks = xcalloc(c->boot_count + 1, sizeof(*blocks));
	size_t n = model_block_logs(model_base(m, row), c, logs, blocks);
	size_t i, at = 0;

	for (i = 0; i < n; i++) {
		struct sum *sum = sums_get(sums, blocks[i], &at);

		sum->log += row->lower_is_better ? logs[i] : -logs[i];
		sum->count++;
	}
	free(blocks);
	free(logs);
}

struct ratio suite_ratio_of(const struct model *m,
			    const struct model_row *const *rows, size_t count,
			    size_t runner, size_t *block_count)
{
	struct sums sums = {NULL, 0};
	size_t i, series = 0, n = 0;
	double *logs;
	struct ratio r;

	for (i = 0; i < count; i++) {
		series += some_guest_has(m, rows[i]);
		add_series(m, rows[i], runner, &sums);
	}
	if (sums.size)
		qsort(sums.rows, sums.size, sizeof(*sums.rows), compare_sums);
	logs = xcalloc(sums.size + 1, sizeof(*logs));
	for (i = 0; i < sums.size; i++)
		if (sums.rows[i].count == series)
			logs[n++] = sums.rows[i].log / (double)series;
	r = ratio_of_logs(logs, n, MODEL_CONFIDENCE);
	model_hide_interval(&r, n);
	*block_count = n;
	free(logs);
	free(sums.rows);
	return r;
}

static struct ratio worse_of(const struct model *m, struct suite *s,
			     size_t runner, size_t *block_count)
{
	const struct model_row **rows = xcalloc(s->count + 1, sizeof(*rows));
	const struct model_row *row;
	size_t count = 0;
	struct ratio r;

	for (row = &m->rows[s->first]; row < &m->rows[s->first + s->count];
	     row++)
		if (counts(row) && some_guest_has(m, row))
			rows[count++] = row;
	/* One series of a group is not the group. */
	r = suite_ratio_of(m, rows, count > 1 ? count : 0, runner, block_count);
	if (count)
		s->series_count = count;
	free(rows);
	return r;
}

void suites_init(struct suites *all, const struct model *m)
{
	struct suite s;
	size_t at = 0, k;

	*all = (struct suites){.rows = NULL};
	while (next_group(m, &at, &s)) {
		for (k = 1; k < m->runner_count; k++)
			s.worse[k] = worse_of(m, &s, k, &s.block_counts[k]);
		all->rows =
			xrealloc(all->rows, all->count + 1, sizeof(*all->rows));
		all->rows[all->count++] = s;
	}
}

void suites_release(struct suites *all)
{
	free(all->rows);
	*all = (struct suites){.rows = NULL};
}
