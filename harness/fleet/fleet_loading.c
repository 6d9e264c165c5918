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

struct boots {
	const struct loaded_boot *of;
	size_t count;
};

/* Of one series of the run whose boots are sorted. */
static struct boots boots_of(const struct fleet_loading *l, int series)
{
	struct boots b = {NULL, 0};
	size_t i;

	for (i = 0; i < l->boot_count; i++) {
		if ((int)l->boots[i].series != series)
			continue;
		if (!b.count)
			b.of = &l->boots[i];
		b.count++;
	}
	return b;
}

/* Of a block's boots, as the model has them. */
static double mean_of_logs(struct boots b)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < b.count; i++)
		sum += b.of[i].log;
	return sum / (double)b.count;
}

/* Those from *AT on that are of one block; *AT moves behind them. */
static struct boots next_block(struct boots b, size_t *at)
{
	struct boots block = {b.of + *at, 0};

	while (*at < b.count && b.of[*at].block == block.of->block) {
		block.count++;
		++*at;
	}
	return block;
}

/* As model_own_logs() has them. */
static double mean_log(struct boots b)
{
	double sum = 0;
	size_t at = 0, count = 0;

	for (; at < b.count; count++)
		sum += mean_of_logs(next_block(b, &at));
	return count ? sum / (double)count : NAN;
}

/* As model_block_logs() pairs them: a block without its pair is left out. */
static double mean_log_ratio(struct boots guest, struct boots native)
{
	size_t g = 0, n = 0, count = 0;
	double sum = 0;

	while (g < guest.count) {
		struct boots a = next_block(guest, &g);

		while (n < native.count && native.of[n].block < a.of->block)
			n++;
		if (n < native.count && native.of[n].block == a.of->block) {
			sum += mean_of_logs(a) -
			       mean_of_logs(next_block(native, &n));
			count++;
		}
	}
	return count ? sum / (double)count : NAN;
}

static enum grade worst_of(struct boots b, enum grade worst)
{
	size_t i;

	for (i = 0; i < b.count; i++)
		if (b.of[i].grade > worst)
			worst = b.of[i].grade;
	return worst;
}

static void add_value(struct fleet_loading *l, struct loaded_run *run,
		      uint32_t series)
{
	struct boots guest = boots_of(l, (int)series);
	struct boots native = boots_of(l, native_of(l, series));
	struct fleet_value *v;

	run->values = xrealloc(run->values, run->value_count + 1,
			       sizeof(*run->values));
	v = &run->values[run->value_count++];
	*v = (struct fleet_value){
		.series = series,
		.log = mean_log(guest),
		.log_ratio = native.count ? mean_log_ratio(guest, native) : NAN,
		.grade = worst_of(native, worst_of(guest, GRADE_HARDWARE))};
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
	/* A logarithm needs it, and nothing that is measured is below. */
	if (!(b->median > 0) || !isfinite(b->median))
		return;
	if (l->boot_count == l->boot_room) {
		l->boot_room = 2 * l->boot_room + 64;
		l->boots = xrealloc(l->boots, l->boot_room, sizeof(*l->boots));
	}
	l->boots[l->boot_count++] = (struct loaded_boot){
		series_of(l, b), b->block, b->grade, log(b->median)};
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
