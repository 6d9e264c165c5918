// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * io_bars - our VMM's storage and network against those of others, from stored runs:
 * time and CPU per operation, ours over that of the best of them. Of one run in which
 * all took their turns in every block, the medians of the blocks' ratios, so that what
 * drifts hits all; of two, the ratio of the medians.
 *
 * usage: io_bars KIND DB [OTHERS_DB]
 *   KIND   file, null, vhost or tap: what they ran on. polled_KIND: our threads looked
 *          for work, so time alone is a bar, and CPU is told. exits_KIND: ours had no
 *          ioeventfd
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/stats/quantile.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"

#define OURS "kvm"
#define POLLED "polled_"
#define EXITS "exits_"

enum bar_kind {
	BAR_RATE, /* operations or bytes a second: its inverse is time */
	BAR_TIME,
	BAR_CPU,
	BAR_OURS, /* ours alone */
};

static const struct bar {
	const char *on; /* a KIND, or "" for all */
	const char *workload;
	const char *point, *metric;
	enum bar_kind kind;
	double limit;
} bars[] = {
	{"null", "storage", "randread-4k-qd1", "p50", BAR_TIME, 0.7},
	{"file", "storage", "randread-4k-qd1", "iops", BAR_RATE, 0.8},
	{"", "storage", "randread-4k-qd1", "cpu_per_kop", BAR_CPU, 0.9},
	{"", "storage", "randread-4k-qd32", "iops", BAR_RATE, 0.8},
	{"", "storage", "randread-4k-qd32", "cpu_per_kop", BAR_CPU, 0.9},
	{"", "storage", "randread-4k-qd32", "doorbells", BAR_OURS, 0.5},
	{"", "storage", "randwrite-4k-qd32", "iops", BAR_RATE, 0.8},
	{"", "storage", "randwrite-4k-qd32", "cpu_per_kop", BAR_CPU, 0.9},
	{"", "storage", "read-128k-qd8", "iops", BAR_RATE, 0.8},
	{"", "storage", "read-128k-qd8", "cpu_per_kop", BAR_CPU, 0.9},
	{"", "network", "tcp-1", "bandwidth", BAR_RATE, 0.8},
	{"", "network", "tcp-1", "cpu_per_gib", BAR_CPU, 0.9},
	{"", "network_rr", "tcp-1B", "p50", BAR_TIME, 0.7},
	{"", "network_rr", "tcp-1B", "cpu_per_kop", BAR_CPU, 0.9},
};

struct stored {
	struct store *store;
	struct run_data run;
	struct model model;
};

/* TEXT behind PREFIX, where it has that. */
static const char *strip(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? text : text + len;
}

static const struct model_row *find_row(const struct model *m,
					const struct bar *b)
{
	char point[64];
	size_t i;

	snprintf(point, sizeof(point), "%s/%s", b->point, b->metric);
	for (i = 0; i < m->row_count; i++)
		if (!strcmp(m->rows[i].workload, b->workload) &&
		    !strcmp(m->rows[i].point, point))
			return &m->rows[i];
	return NULL;
}

static const struct model_cell *find_ours(const struct model *m,
					  const struct model_row *row)
{
	size_t k;

	for (k = 0; row && k < m->runner_count; k++)
		if (!strcmp(m->runners[k], OURS))
			return &row->cells[k];
	return NULL;
}

/* Ours over OTHER; of one run, the median over the blocks that have both. NaN when
 * none has. */
static double ratio_of(const struct model_cell *ours,
		       const struct model_cell *other, bool is_one_run)
{
	double *logs, median;
	size_t count;

	if (!is_one_run)
		return ours->median / other->median;
	logs = xcalloc(ours->boot_count + 1, sizeof(*logs));
	count = model_block_logs(other, ours, logs, NULL);
	median = exp(quantile_median(logs, count));
	free(logs);
	return median;
}

/* The largest of the ratios: to the best of the others, whose name is *BEST. */
static double worst_ratio(const struct bar *b, const struct model_cell *ours,
			  const struct stored *others, bool is_one_run,
			  const char **best)
{
	const struct model *m = &others->model;
	const struct model_row *row = find_row(m, b);
	double worst = NAN;
	size_t k;

	for (k = 0; row && k < m->runner_count; k++) {
		double ratio;

		if (!strcmp(m->runners[k], OURS))
			continue;
		ratio = ratio_of(ours, &row->cells[k], is_one_run);
		if (b->kind == BAR_RATE)
			ratio = 1 / ratio;
		if (isnan(ratio) || ratio <= worst)
			continue;
		worst = ratio;
		*best = m->runners[k];
	}
	return worst;
}

static void print_bar(const struct bar *b, const char *kind,
		      const struct stored *mine, const struct stored *others)
{
	bool costs = b->kind == BAR_CPU && strip(kind, POLLED) != kind;
	static const char *const of[] = {[BAR_RATE] = "time_ours_of_best",
					 [BAR_TIME] = "time_ours_of_best",
					 [BAR_CPU] = "cpu_ours_of_best",
					 [BAR_OURS] = "doorbells_ours"};
	const struct model_cell *ours =
		find_ours(&mine->model, find_row(&mine->model, b));
	const char *best = OURS;
	double value;

	if (!ours || (b->kind == BAR_OURS && mine != others))
		return; /* this run was for something else */
	value = b->kind == BAR_OURS
			? ours->median
			: worst_ratio(b, ours, others, mine == others, &best);
	printf("%s %s_%s_%s/%s ", costs ? "# costs" : "bar", kind, b->workload,
	       b->point, of[b->kind]);
	if (isnan(value) && ours->disturbed_count)
		puts("skipped: others took the CPU in every sample; measure on a quieter host");
	else if (isnan(value))
		puts("missing");
	else
		printf("%.3f <= %g %s (%zu blocks, %s)\n", value, b->limit,
		       value <= b->limit ? "ok" : "short", ours->boot_count,
		       best);
}

static void open_stored(const char *path, struct stored *s)
{
	struct err err = {0};
	int64_t id;

	if (store_open_readonly(path, &s->store, &err) ||
	    store_run_latest(s->store, &id, &err) ||
	    run_data_load(s->store, id, &s->run, &err)) {
		fprintf(stderr, "io_bars: %s\n", err.msg);
		exit(70);
	}
	model_init(&s->model, &s->run);
}

static void close_stored(struct stored *s)
{
	model_release(&s->model);
	run_data_release(&s->run);
	store_close(s->store);
}

int main(int argc, char **argv)
{
	struct stored mine = {NULL}, theirs = {NULL};
	const char *on;
	size_t i;

	if (argc < 3 || argc > 4) {
		fputs("usage: io_bars KIND DB [OTHERS_DB]\n", stderr);
		return 64;
	}
	on = strip(strip(argv[1], POLLED), EXITS);
	open_stored(argv[2], &mine);
	if (argc == 4)
		open_stored(argv[3], &theirs);
	for (i = 0; i < ARRAY_SIZE(bars); i++)
		if (!bars[i].on[0] || !strcmp(bars[i].on, on))
			print_bar(&bars[i], argv[1], &mine,
				  argc == 4 ? &theirs : &mine);
	if (argc == 4)
		close_stored(&theirs);
	close_stored(&mine);
	return 0;
}
