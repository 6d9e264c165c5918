// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * wide_store - a made-up store of one run of the largest size: 42 blocks of 4
 * runners, 60 workloads of 5 points, 20 samples each, which is a million and
 * eight thousand; with exits, an identity and a few disturbed samples.
 *
 * usage: wide_store DB [BLOCKS]
 */
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "tests/perf/made_up.h"
#include "workloads/workload.h"

#define BLOCKS 42u
#define WORKLOADS 60u
#define POINTS 5u
#define SAMPLES 20u

static const char *const runners[] = {"native", "kvm", "mshv", "qemu-kvm"};
static const char *const exits[] = {"pio", "mmio", "hlt", "cpuid", "msr"};

/* The first curve is the one that pages draw; the others are in no table. */
static struct series *add_series(struct result *res, unsigned int workload,
				 unsigned int point)
{
	struct series *s;
	char name[32], at[32];

	snprintf(name, sizeof(name), "made_up_%02u", workload);
	snprintf(at, sizeof(at), "point-%u", point);
	s = result_add_series(res, workload ? name : "mem_latency", at, "ns");
	s->list_rank = workload * POINTS + point;
	s->set_bytes = workload ? 0 : (16 * KIB) << 3 * point;
	s->page_bytes = workload ? 0 : 4 * KIB;
	return s;
}

static void fill(struct series *s, double level, gsl_rng *rng)
{
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		struct sample *p = series_add_sample(s);

		p->section = i;
		p->value = level * exp(.01 * gsl_ran_gaussian(rng, 1));
		p->elapsed_ns = 10 * NS_PER_MS;
		p->host_elapsed_ns = 10 * NS_PER_MS + i;
		p->disturbances =
			gsl_rng_uniform(rng) < .01 ? DISTURBED_CPU : 0;
	}
}

static void add_exits(struct result *res, gsl_rng *rng)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(exits); i++) {
		struct exit_row *e = result_add_exit(res);

		snprintf(e->kind, sizeof(e->kind), "%s", exits[i]);
		e->count = gsl_rng_uniform_int(rng, 100000);
		e->handled_ns = 700 * e->count;
	}
}

static void fill_boot(uint32_t position, gsl_rng *rng, struct bench_case *bc,
		      struct result *res)
{
	size_t runner = position % ARRAY_SIZE(runners);
	unsigned int w, p;

	bc->block = position / ARRAY_SIZE(runners);
	bc->vcpu_count = 1;
	bc->ram_bytes = 512 * MIB;
	snprintf(bc->runner, sizeof(bc->runner), "%s", runners[runner]);
	snprintf(bc->paravirt, sizeof(bc->paravirt), "identical");
	res->elapsed_ns = 60 * NS_PER_S;
	res->identity = xasprintf("cpu.model=made up\nrunner=%s\n", bc->runner);
	if (runner)
		add_exits(res, rng);
	for (w = 0; w < WORKLOADS; w++)
		for (p = 0; p < POINTS; p++)
			fill(add_series(res, w, p),
			     100 * (w + 1) *
				     (1 + .02 * gsl_ran_gaussian(rng, 1) +
				      .01 * (double)runner),
			     rng);
}

int main(int argc, char **argv)
{
	uint32_t blocks = BLOCKS;

	if (argc != 2 && argc != 3)
		return 64;
	if (argc > 2)
		blocks = (uint32_t)strtoul(argv[2], NULL, 10);
	return made_up_run(argv[1], blocks * ARRAY_SIZE(runners), fill_boot);
}
