// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * big_store - a store of one large run, made up: 500 blocks of 4 runners, 50
 * series, 10 samples each, which is a million; and claims on all of it.
 *
 * usage: big_store DB CLAIMS [BLOCKS]
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "tests/perf/made_up.h"

#define BLOCKS 500u
#define SERIES 50u
#define SAMPLES 10u

static const char *const runners[] = {"native", "kvm", "mshv", "qemu-kvm"};

static void point_name(unsigned int i, char *buf, size_t size)
{
	snprintf(buf, size, "made-up-%02u", i);
}

static void fill_boot(uint32_t position, gsl_rng *rng, struct bench_case *bc,
		      struct result *res)
{
	size_t runner = position % ARRAY_SIZE(runners);
	unsigned int i, k;
	char point[32];

	bc->block = position / ARRAY_SIZE(runners);
	snprintf(bc->runner, sizeof(bc->runner), "%s", runners[runner]);
	for (i = 0; i < SERIES; i++) {
		double boot = 1 + .02 * gsl_ran_gaussian(rng, 1) +
			      .01 * (double)runner;
		struct series *s;

		point_name(i, point, sizeof(point));
		s = result_add_series(res, "mem_latency", point, "ns");
		for (k = 0; k < SAMPLES; k++) {
			struct sample *p = series_add_sample(s);

			p->value = 100 * boot *
				   exp(.01 * gsl_ran_gaussian(rng, 1));
			p->elapsed_ns = 10 * NS_PER_MS;
		}
	}
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
	uint32_t blocks = BLOCKS;

	if ((argc != 3 && argc != 4) || write_claims(argv[2]))
		return 64;
	if (argc > 3)
		blocks = (uint32_t)strtoul(argv[3], NULL, 10);
	return made_up_run(argv[1], blocks * ARRAY_SIZE(runners), fill_boot);
}
