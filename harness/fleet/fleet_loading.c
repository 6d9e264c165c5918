// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_loading.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"

struct fleet_loading *fleet_loading_create(void)
{
	return xcalloc(1, sizeof(struct fleet_loading));
}

void fleet_loading_destroy(struct fleet_loading *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->run_count; i++) {
		json_decref(l->runs[i].facts);
		free(l->runs[i].values);
	}
	for (i = 0; i < l->expected_count; i++)
		free(l->expected[i].name);
	free(l->expected);
	free(l->runs);
	free(l->boots);
	free(l->series);
	free(l);
}

void fleet_loading_expect(struct fleet_loading *l, const char *node,
			  const char *arm)
{
	struct expected_node *e;

	l->expected = xrealloc(l->expected, l->expected_count + 1,
			       sizeof(*l->expected));
	e = &l->expected[l->expected_count++];
	*e = (struct expected_node){.name = xstrdup(node)};
	snprintf(e->arm, sizeof(e->arm), "%s", arm ? arm : "");
	text_clean(e->name);
	text_clean(e->arm);
}

static int compare_boots(const void *x, const void *y)
{
	const struct loaded_boot *a = x, *b = y;

	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	return (a->block > b->block) - (a->block < b->block);
}

/* The series of native boots that NUMBER is compared with; -1: none. */
static int native_of(const struct fleet_loading *l, uint32_t number)
{
	const struct fleet_series *s = &l->series[number];
	size_t i;

	if (model_is_base(s->runner))
		return -1;
	for (i = 0; i < l->series_count; i++)
		if (model_is_base(l->series[i].runner) &&
		    !strcmp(l->series[i].workload, s->workload) &&
		    !strcmp(l->series[i].point, s->point) &&
		    !strcmp(l->series[i].unit, s->unit))
			return (int)i;
	return -1;
}

/* Its boots as the model has them, which are the caller's to free. */
static struct model_cell cell_of(const struct fleet_loading *l, int series)
{
	struct model_cell cell = {
		.boots = xcalloc(l->boot_count + 1, sizeof(*cell.boots)),
		.blocks = xcalloc(l->boot_count + 1, sizeof(*cell.blocks)),
		.grade = GRADE_HARDWARE};
	size_t i;

	for (i = 0; i < l->boot_count; i++) {
		const struct loaded_boot *b = &l->boots[i];

		if ((int)b->series != series)
			continue;
		cell.boots[cell.boot_count] = b->median;
		cell.blocks[cell.boot_count++] = b->block;
		if (b->grade > cell.grade)
			cell.grade = b->grade;
	}
	return cell;
}

static double mean_of(const double *logs, size_t count)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += logs[i];
	return count ? sum / (double)count : NAN;
}

static void cell_release(struct model_cell *cell)
{
	free(cell->boots);
	free(cell->blocks);
}

/* Blocks count and pair as in the report of the run alone. */
static void add_value(struct fleet_loading *l, struct loaded_run *run,
		      uint32_t series)
{
	struct model_cell guest = cell_of(l, (int)series);
	struct model_cell native = cell_of(l, native_of(l, series));
	double *logs = xcalloc(guest.boot_count + 1, sizeof(*logs));
	struct fleet_value *v;

	run->values = xrealloc(run->values, run->value_count + 1,
			       sizeof(*run->values));
	v = &run->values[run->value_count++];
	*v = (struct fleet_value){.series = series,
				  .grade = native.grade > guest.grade
						   ? native.grade
						   : guest.grade};
	v->log = mean_of(logs, model_own_logs(&guest, logs, NULL));
	v->log_ratio =
		mean_of(logs, model_block_logs(&native, &guest, logs, NULL));
	free(logs);
	cell_release(&native);
	cell_release(&guest);
}

static void end_run(struct fleet_loading *l)
{
	size_t i;

	if (!l->boot_count)
		return;
	qsort(l->boots, l->boot_count, sizeof(*l->boots), compare_boots);
	for (i = 0; i < l->boot_count; i++)
		if (!i || l->boots[i].series != l->boots[i - 1].series)
			add_value(l, &l->runs[l->run_count - 1],
				  l->boots[i].series);
	l->boot_count = 0;
}

void fleet_loading_run(struct fleet_loading *l,
		       const struct fleet_run_info *info, json_t *facts)
{
	struct loaded_run *r;

	end_run(l);
	if (l->run_count == l->run_room) {
		l->run_room = 2 * l->run_room + 16;
		l->runs = xrealloc(l->runs, l->run_room, sizeof(*l->runs));
	}
	r = &l->runs[l->run_count++];
	*r = (struct loaded_run){.id = info->id,
				 .started_unix_ns = info->started_unix_ns,
				 .facts = facts};
	snprintf(r->uuid, sizeof(r->uuid), "%s", info->uuid);
	snprintf(r->status, sizeof(r->status), "%s", info->status);
}

static bool is_series(const struct fleet_series *s, const struct fleet_boot *b)
{
	return !strcmp(s->point, b->point) && !strcmp(s->runner, b->runner) &&
	       !strcmp(s->workload, b->workload) && !strcmp(s->unit, b->unit);
}

/* Runs of one plan have their series in one order: the next one is most often
 * the one after the last. */
static uint32_t series_of(struct fleet_loading *l, const struct fleet_boot *b)
{
	struct fleet_series *s;
	size_t i;

	for (i = 0; i < l->series_count; i++) {
		size_t at = (l->last_series + i) % l->series_count;

		if (!is_series(&l->series[at], b))
			continue;
		l->last_series = at;
		return (uint32_t)at;
	}
	l->series =
		xrealloc(l->series, l->series_count + 1, sizeof(*l->series));
	s = &l->series[l->series_count];
	*s = (struct fleet_series){.lower_is_better = b->lower_is_better};
	snprintf(s->runner, sizeof(s->runner), "%s", b->runner);
	snprintf(s->workload, sizeof(s->workload), "%s", b->workload);
	snprintf(s->point, sizeof(s->point), "%s", b->point);
	snprintf(s->unit, sizeof(s->unit), "%s", b->unit);
	l->last_series = l->series_count++;
	return (uint32_t)l->last_series;
}

void fleet_loading_boot(struct fleet_loading *l, const struct fleet_boot *b)
{
	/* One of zero stays: its run has no logarithm of the series then. */
	if (!isfinite(b->median))
		return;
	if (l->boot_count == l->boot_room) {
		l->boot_room = 2 * l->boot_room + 64;
		l->boots = xrealloc(l->boots, l->boot_room, sizeof(*l->boots));
	}
	l->boots[l->boot_count++] = (struct loaded_boot){
		series_of(l, b), b->block, b->grade, b->median};
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct expected_node *)a)->name,
		      ((const struct expected_node *)b)->name);
}

void fleet_loading_end(struct fleet_loading *l)
{
	end_run(l);
	if (l->expected_count)
		qsort(l->expected, l->expected_count, sizeof(*l->expected),
		      compare_names);
}

static int compare_values(const void *x, const void *y)
{
	const struct fleet_value *a = x, *b = y;

	if (a->series != b->series)
		return a->series < b->series ? -1 : 1;
	return (a->run > b->run) - (a->run < b->run);
}

void fleet_loading_values(struct fleet_loading *l, struct fleet *f)
{
	size_t i, k, count = 0;

	for (i = 0; i < l->run_count; i++)
		count += l->runs[i].value_count;
	f->values = xcalloc(count + 1, sizeof(*f->values));
	for (i = 0; i < l->run_count; i++)
		for (k = 0; k < l->runs[i].value_count && f->runs[i].counts;
		     k++) {
			f->values[f->value_count] = l->runs[i].values[k];
			f->values[f->value_count++].run = (uint32_t)i;
		}
	qsort(f->values, f->value_count, sizeof(*f->values), compare_values);
	f->series = l->series;
	f->series_count = l->series_count;
	l->series = NULL;
	l->series_count = 0;
}
