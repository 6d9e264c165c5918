// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * io_bars - our VMM's storage and network against QEMU's, from a stored run
 * in which both took their turns in every block: medians of the blocks'
 * ratios, so that what drifts over a run hits both.
 *
 * usage: io_bars DB PREFIX [LIMIT]    LIMIT of the latency at queue depth 1
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
#define QEMU "qemu-kvm"

enum bar_kind {
	BAR_QEMU_OF_OURS, /* higher is better: QEMU's over ours */
	BAR_OURS_OF_QEMU, /* lower is better: ours over QEMU's */
	BAR_OURS,         /* ours alone */
};

static const struct bar {
	const char *workload;
	const char *point;
	enum bar_kind kind;
	double limit;
} bars[] = {
	{"storage", "randread-4k-qd1/iops", BAR_QEMU_OF_OURS, 1},
	{"storage", "randread-4k-qd1/cpu_per_gib", BAR_OURS_OF_QEMU, 1},
	{"storage", "randread-4k-qd1/p50", BAR_OURS_OF_QEMU, 1},
	{"storage", "randread-4k-qd32/iops", BAR_QEMU_OF_OURS, 1},
	{"storage", "randread-4k-qd32/cpu_per_gib", BAR_OURS_OF_QEMU, 1},
	{"storage", "randread-4k-qd32/doorbells", BAR_OURS, 0.5},
	{"storage", "read-128k-qd8/bandwidth", BAR_QEMU_OF_OURS, 1},
	{"storage", "read-128k-qd8/cpu_per_gib", BAR_OURS_OF_QEMU, 1},
	{"network", "tcp-1/bandwidth", BAR_QEMU_OF_OURS, 1},
	{"network", "tcp-1/cpu_per_gib", BAR_OURS_OF_QEMU, 1},
	{"network_rr", "tcp-1B/p50", BAR_OURS_OF_QEMU, 1},
	{"network_rr", "udp-1B/p50", BAR_OURS_OF_QEMU, 1},
};

static const struct model_cell *find_cell(const struct model *m,
					  const struct bar *b, const char *name)
{
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			if (!strcmp(m->rows[i].workload, b->workload) &&
			    !strcmp(m->rows[i].point, b->point) &&
			    !strcmp(m->runners[k], name))
				return &m->rows[i].cells[k];
	return NULL;
}

/* The median over the blocks that have both; NaN when none has. */
static double paired_ratio(const struct model_cell *a,
			   const struct model_cell *b, size_t *count)
{
	double *logs, median;

	*count = 0;
	if (!a || !b)
		return NAN;
	logs = xcalloc(a->boot_count + 1, sizeof(*logs));
	*count = model_block_logs(b, a, logs, NULL);
	median = exp(quantile_median(logs, *count));
	free(logs);
	return median;
}

static void print_bar(const struct model *m, const struct bar *b,
		      const char *prefix, double limit)
{
	static const char *const of[] = {[BAR_QEMU_OF_OURS] = "qemu_of_ours",
					 [BAR_OURS_OF_QEMU] = "ours_of_qemu",
					 [BAR_OURS] = "ours"};
	const struct model_cell *ours = find_cell(m, b, OURS);
	const struct model_cell *qemu = find_cell(m, b, QEMU);
	size_t count = ours ? ours->boot_count : 0;
	double value;

	if (!ours)
		return; /* this run was for something else */
	if (b->kind == BAR_OURS)
		value = ours->median;
	else if (b->kind == BAR_OURS_OF_QEMU)
		value = paired_ratio(ours, qemu, &count);
	else
		value = paired_ratio(qemu, ours, &count);
	printf("bar %s%s_%s_%s ", prefix, b->workload, b->point, of[b->kind]);
	if (isnan(value) &&
	    (ours->disturbed_count || (qemu && qemu->disturbed_count)))
		puts("skipped: others took the CPU in every sample; measure on a quieter host");
	else if (isnan(value))
		puts("missing");
	else
		printf("%.3f <= %g %s (%zu blocks)\n", value, limit,
		       value <= limit ? "ok" : "short", count);
}

int main(int argc, char **argv)
{
	struct store *store = NULL;
	struct run_data run;
	struct model model;
	struct err err = {0};
	int64_t id;
	size_t i;

	if (argc < 3) {
		fputs("usage: io_bars DB PREFIX [LIMIT]\n", stderr);
		return 64;
	}
	if (store_open_readonly(argv[1], &store, &err) ||
	    store_run_latest(store, &id, &err) ||
	    run_data_load(store, id, &run, &err)) {
		fprintf(stderr, "io_bars: %s\n", err.msg);
		store_close(store);
		return 70;
	}
	model_init(&model, &run);
	for (i = 0; i < ARRAY_SIZE(bars); i++) {
		bool is_latency = !strcmp(bars[i].point, "randread-4k-qd1/p50");

		print_bar(&model, &bars[i], argv[2],
			  argc > 3 && is_latency ? strtod(argv[3], NULL)
						 : bars[i].limit);
	}
	model_release(&model);
	run_data_release(&run);
	store_close(store);
	return 0;
}
