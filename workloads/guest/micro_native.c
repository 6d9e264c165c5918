// SPDX-License-Identifier: GPL-3.0-or-later
#include "workloads/guest/micro_native.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "workloads/micro/micro_loops.h"
#include "workloads/micro/micro_points.h"

#define RATE_NS 5000000u

static const char only_ring3[] =
	"a process has no ring 0 and no hypervisor to exit to";

struct native_point {
	const char *workload;
	const char *name;
	micro_loop *loop;
	uint32_t repeat;
	uint64_t param;
	uint64_t page_bytes; /* of walks */
};

static const struct native_point points[] = {
	{"micro_exit", "null,ring3", micro_null, 1, 0, 0},
	{"micro_exit", "delay-30000,ring3", micro_delay, 1, 30000, 0},
	{"micro_exit", "cpuid,ring3", micro_cpuid, 1, 0, 0},
	{"micro_cpu", "integer,ring3", micro_integer, MICRO_CPU_REPEAT, 0, 0},
	{"micro_cpu", "float,ring3", micro_float, MICRO_CPU_REPEAT, 0, 0},
	{"micro_cpu", "branch,ring3", micro_branch, MICRO_CPU_REPEAT, 0, 0},
#define WALK(text, guest, host, bytes) \
	{"micro_walk", text, micro_chase, MICRO_WALK_REPEAT, bytes, guest},
	MICRO_WALK_POINTS(WALK)
#undef WALK
};

static const struct native_point *find_point(const char *workload,
					     const char *point)
{
	size_t i;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		if (!strcmp(points[i].workload, workload) &&
		    !strcmp(points[i].name, point))
			return &points[i];
	return NULL;
}

const char *micro_native_refusal(const char *workload, const char *point)
{
	const struct native_point *p = find_point(workload, point);

	if (!p)
		return only_ring3;
	if (p->page_bytes == MICRO_1G)
		return "a process gets 1 GiB pages only if some are reserved (hugepagesz=1G hugepages=N)";
	return NULL;
}

static uint64_t raw_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t tsc_khz(void)
{
	uint64_t start_ns = raw_ns();
	uint64_t start = rdtsc_now();
	uint64_t ns;

	do {
		ns = raw_ns() - start_ns;
	} while (ns < RATE_NS);
	return (rdtsc_now() - start) * 1000000 / ns;
}

/* Aligned to huge pages, and with or without them. */
static void *map_area(uint64_t bytes, uint64_t page_bytes)
{
	char *raw = mmap(NULL, bytes + MICRO_2M, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (raw == MAP_FAILED)
		return NULL;
	raw += -(uintptr_t)raw & (MICRO_2M - 1);
	if (madvise(raw, bytes,
		    page_bytes == MICRO_4K ? MADV_NOHUGEPAGE : MADV_HUGEPAGE) &&
	    errno != EINVAL)
		return NULL;
	return raw;
}

static void print_run(const struct micro_run *run, uint64_t khz)
{
	uint32_t i;

	printf("{\"micro\":{\"ring\":3,\"repeat\":%u,\"tsc_khz\":%llu,\"cycles\":[",
	       run->repeat, (unsigned long long)khz);
	for (i = 0; i < run->sample_count; i++)
		printf("%s%llu", i ? "," : "",
		       (unsigned long long)run->cycles[i]);
	puts("]}}");
}

/* Memory for a walk, linked; NULL, or why there is none. */
static const char *prepare_walk(const struct native_point *p,
				struct micro_run *run)
{
	run->sample_count = MICRO_WALK_SAMPLES;
	run->area = map_area(p->param, p->page_bytes);
	if (!run->area)
		return "out of memory";
	micro_chase_link(run);
	return run->failure;
}

static const char *run_point(const struct native_point *p,
			     struct micro_run *run, uint64_t khz)
{
	const char *why = p->page_bytes ? prepare_walk(p, run) : NULL;

	if (why)
		return why;
	micro_limit_set(run, MICRO_SERIES_MS * khz, MICRO_FEW_MS * khz);
	p->loop(run);
	return micro_is_too_slow(run) ? "too slow for its time limit"
				      : run->failure;
}

int micro_native_run(const char *workload, const char *point)
{
	static uint64_t cycles[MICRO_MAX_SAMPLES];
	const struct native_point *p = find_point(workload, point);
	struct micro_run run = {.cycles = cycles};
	uint64_t khz = tsc_khz();
	const char *why = only_ring3;

	if (p) {
		run.sample_count =
			p->repeat > 1 ? MICRO_LONG_SAMPLES : MICRO_MAX_SAMPLES;
		run.repeat = p->repeat;
		run.param = p->param;
		why = run_point(p, &run, khz);
	}
	if (why) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	print_run(&run, khz);
	return 0;
}
