// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * big_store - a store of one large run, made up: 500 blocks of 4 runners, 50
 * series, 10 samples each, which is a million; and claims on all of it.
 *
 * usage: big_store DB CLAIMS
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/store/store.h"

#define BLOCKS 500u
#define SERIES 50u
#define SAMPLES 10u

static const char *const runners[] = {"native", "kvm", "mshv", "qemu-kvm"};

static void point_name(unsigned int i, char *buf, size_t size)
{
	snprintf(buf, size, "made-up-%02u", i);
}

static int add_boot(struct store *store, int64_t run_id, uint32_t position,
		    gsl_rng *rng, struct err *err)
{
	struct bench_case bc = {.block = position / ARRAY_SIZE(runners)};
	size_t runner = position % ARRAY_SIZE(runners);
	struct result res;
	unsigned int i, k;
	char point[32];
	int ret;

	snprintf(bc.runner, sizeof(bc.runner), "%s", runners[runner]);
	result_init(&res);
	res.grade = GRADE_HARDWARE;
	for (i = 0; i < SERIES; i++) {
		double boot = 1 + .02 * gsl_ran_gaussian(rng, 1) +
			      .01 * (double)runner;
		struct series *s;

		point_name(i, point, sizeof(point));
		s = result_add_series(&res, "mem_latency", point, "ns");
		for (k = 0; k < SAMPLES; k++) {
			struct sample *p = series_add_sample(s);

			p->value = 100 * boot *
				   exp(.01 * gsl_ran_gaussian(rng, 1));
			p->elapsed_ns = 10 * NS_PER_MS;
		}
	}
	ret = store_schedule_add(store, run_id, position, bc.block, bc.runner,
				 err);
	if (!ret)
		ret = store_result_add(store, run_id, position, &bc, &res, err);
	result_release(&res);
	return ret;
}

static int write_claims(const char *path)
{
	FILE *f = fopen(path, "we");
	char point[32];
	unsigned int i;

	if (!f)
		return -1;
	fputs("name: made-up\nclaims:\n", f);
	for (i = 0; i < SERIES; i++) {
		point_name(i, point, sizeof(point));
		fprintf(f,
			"  - {id: c%u, text: t, metric: mem_latency %s, candidate: mshv,"
			" baseline: native, kind: %s, margin: 0.05,"
			" confidence: 0.95, reason: r}\n",
			i, point, i % 2 ? "equivalent" : "non-inferior");
	}
	return fclose(f);
}

int main(int argc, char **argv)
{
	const struct run_info info = {.seed = 1,
				      .revision = "made-up",
				      .plan_json = "{}",
				      .fingerprint_json = "{}",
				      .probe_json = "{}",
				      .guest_manifest = ""};
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct store *store = NULL;
	struct err err = {0};
	int64_t run_id;
	uint32_t i;
	int ret;

	if (argc != 3 || write_claims(argv[2]))
		return 64;
	ret = store_open(argv[1], &store, &err);
	if (!ret)
		ret = store_run_begin(store, &info, &run_id, &err);
	for (i = 0; i < BLOCKS * ARRAY_SIZE(runners) && !ret; i++)
		ret = add_boot(store, run_id, i, rng, &err);
	if (!ret)
		ret = store_run_end(store, run_id, "complete", &err);
	if (ret)
		fprintf(stderr, "big_store: %s\n", err.msg);
	store_close(store);
	gsl_rng_free(rng);
	return ret ? 70 : 0;
}
