// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bars - the bars that a stored run answers: what the harness adds, whether
 * delays read back, whether A equals A, whether latencies agree with a
 * second chase ("BYTES NS" on stdin).
 *
 * usage: bars DB PREFIX
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/findings/model.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/quantile.h"
#include "harness/store/run_data.h"
#include "harness/store/store.h"

static void bar(const char *prefix, const char *name, double value,
		double limit)
{
	if (isnan(value))
		printf("bar %s%s missing\n", prefix, name);
	else
		printf("bar %s%s %.6f <= %g %s\n", prefix, name, value, limit,
		       value <= limit ? "ok" : "short");
}

static void bar_disturbed(const char *prefix, const char *name)
{
	printf("bar %s%s skipped: others took the CPU in too many samples; measure on a quieter host\n",
	       prefix, name);
}

/* The longest view of an empty section, the host's where it has one. */
static double host_median(const struct run_data *run, const char *runner,
			  const char *workload)
{
	double values[4096];
	size_t count = 0;
	size_t i, k, n;

	for (i = 0; i < run->boot_count; i++)
		for (k = 0; k < run->boots[i].res.series_count; k++) {
			const struct series *s = &run->boots[i].res.series[k];

			if (strcmp(run->boots[i].bc.runner, runner) ||
			    strcmp(s->workload, workload))
				continue;
			for (n = 0; n < s->sample_count && count < 4096; n++)
				values[count++] =
					(double)(s->samples[n].host_elapsed_ns
							 ? s->samples[n]
								   .host_elapsed_ns
							 : s->samples[n]
								   .elapsed_ns);
		}
	return quantile_median(values, count);
}

static void instrument_bars(const struct model *m, const char *prefix)
{
	char name[64];
	size_t i;

	for (i = 0; i < m->runner_count; i++) {
		double null = host_median(m->run, m->runners[i], "null");
		double delay = host_median(m->run, m->runners[i], "delay");

		snprintf(name, sizeof(name), "null_added_to_1s_%s",
			 m->runners[i]);
		bar(prefix, name, null / 1e9, 0.01);
		snprintf(name, sizeof(name), "delay_error_%s", m->runners[i]);
		bar(prefix, name, fabs(delay / 1e8 - 1), 0.005);
	}
}

/* NaN where the boot of BLOCK was disturbed. */
static double boot_of(const struct model_cell *cell, uint32_t block)
{
	size_t i;

	for (i = 0; i < cell->boot_count; i++)
		if (cell->blocks[i] == block)
			return cell->boots[i];
	return NAN;
}

/* The mean of the cpu suite's logarithms of BLOCK + 1 over BLOCK, as time per
 * work; of those workloads that have both, NaN if none has. */
static double pair_log(const struct model *m, uint32_t block)
{
	double sum = 0;
	size_t count = 0;
	size_t i;

	for (i = 0; i < m->row_count; i++) {
		const struct model_row *r = &m->rows[i];
		const struct model_cell *cell = &r->cells[0];
		double ratio = boot_of(cell, block + 1) / boot_of(cell, block);

		if (strncmp(r->workload, "cpu_", 4) || isnan(ratio))
			continue;
		sum += (r->lower_is_better ? 1 : -1) * log(ratio);
		count++;
	}
	return sum / (double)count;
}

static bool has_cpu_suite(const struct model *m)
{
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (!strncmp(m->rows[i].workload, "cpu_", 4))
			return true;
	return false;
}

/* Even blocks against odd ones: 1.00 has to lie within the interval. */
static void same_against_same(const struct model *m, const char *prefix)
{
	size_t boots = m->run->boot_count / m->runner_count;
	struct ratio_estimate e;
	double logs[512], one;
	size_t count = 0;
	uint32_t block;

	if (!has_cpu_suite(m))
		return;
	for (block = 0; block + 1 < boots && count < ARRAY_SIZE(logs);
	     block += 2) {
		one = pair_log(m, block);
		if (!isnan(one))
			logs[count++] = one;
	}
	if (count < 2) {
		bar_disturbed(prefix, "cpu_same_against_same_low");
		bar_disturbed(prefix, "cpu_same_against_same_high");
		return;
	}
	e = bootstrap_ratio(logs, count, 0.95, 1);
	printf("bar %scpu_same_against_same_low %.4f <= 1 %s\n", prefix, e.low,
	       e.low <= 1 ? "ok" : "short");
	printf("bar %scpu_same_against_same_high %.4f >= 1 %s\n", prefix,
	       e.high, e.high >= 1 ? "ok" : "short");
}

static void latency_bars(const struct model *m, const char *prefix)
{
	unsigned long long bytes;
	double ns;
	size_t i;

	while (scanf("%llu %lf", &bytes, &ns) == 2)
		for (i = 0; i < m->row_count; i++) {
			const struct model_row *r = &m->rows[i];
			char name[64];

			if (strcmp(r->workload, "mem_latency") ||
			    r->set_bytes != bytes || r->page_bytes != 4096)
				continue;
			snprintf(name, sizeof(name), "latency_gap_%lluKiB",
				 bytes >> 10);
			if (r->cells[0].disturbed_count &&
			    isnan(r->cells[0].median))
				bar_disturbed(prefix, name);
			else
				bar(prefix, name,
				    fabs(r->cells[0].median / ns - 1), 0.03);
		}
}

int main(int argc, char **argv)
{
	struct store *store = NULL;
	struct err err = {0};
	struct run_data run;
	struct model model;
	int64_t id;

	if (argc != 3)
		return 64;
	if (store_open_readonly(argv[1], &store, &err) ||
	    store_run_latest(store, &id, &err) ||
	    run_data_load(store, id, &run, &err)) {
		fprintf(stderr, "bars: %s\n", err.msg);
		return 1;
	}
	model_init(&model, &run);
	instrument_bars(&model, argv[2]);
	same_against_same(&model, argv[2]);
	latency_bars(&model, argv[2]);
	model_release(&model);
	run_data_release(&run);
	store_close(store);
	return 0;
}
