/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_PLAN_H
#define HARNESS_CORE_PLAN_H

/*
 * plan - what a run measures, and the schedule that a seed derives from it.
 *
 * A block of two runners is A B B A or B A A B, at random, so that a linear
 * drift over the block cancels. With more or fewer runners each boots once per
 * block, in random order. Within a boot the series run in random order as
 * well. Storage and network need devices that other workloads do not have, so
 * they have their own boot, in the first io_block_count blocks. The seed makes
 * the order repeatable.
 */
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/core/bench_case.h"

struct err;

#define PLAN_MAX_RUNNERS 8

struct plan {
	const char *name;
	uint32_t block_count;
	uint32_t io_block_count; /* at most block_count */
	uint32_t warmup_count;
	uint32_t sample_count;
	uint64_t target_ns;
	uint64_t timeout_ns; /* of one case */
	uint32_t vcpu_count;
	uint64_t ram_bytes;
	const char *paravirt;
	const char *sandbox; /* of our VMM: "on", "off", "required" */
	/* Of Linux guests: "auto", "elf", "bzimage"; once a run begins, one of the
	 * last two. Shapes have the bzImage: what a VMM keeps of a file is part of
	 * its footprint. */
	const char *guest_kernel;
	/* "cores": each vCPU has a core of its own, or "none". Shapes have none:
	 * what they measure is memory. */
	const char *pinning;
	uint64_t seed;
	const char *pilot; /* UUID of the run that SAMPLE_COUNT is by; "" */
	/* In what the nodes of a fleet must agree, see fleet/arm_gate.h; "" is not
	 * said, of a run that is not compared across nodes. */
	const char *match;
	uint32_t look_count; /* at the verdicts on the way; 0: at the end */
	/* Blocks at most, after the others, of what has two modes and is not
	 * decided (harness/findings/more.h). Not with look_count. */
	uint32_t more_block_count;
	uint64_t budget_ns; /* no block begins after it; 0: no limit */
	struct io_plan io;
	/* For a test of the harness itself: under this runner `delay` takes
	 * longer. NULL: none. */
	const char *stretched_runner; /* borrowed */
	uint64_t stretch_ppm;
	const char *runners[PLAN_MAX_RUNNERS]; /* borrowed */
	size_t runner_count;
	struct bench_case series; /* its items are what is measured */
};

/* The quick suite, without runners and series. */
void plan_init_quick(struct plan *plan);
void plan_release(struct plan *plan);

/*
 * Add the items of LIST, "cpu,mem_latency,null": workloads or groups, or one
 * point of a workload, "storage:fsync-4k-qd1"; "all" for everything listed.
 * -EINVAL for a name that is neither.
 */
int plan_add_workloads(struct plan *plan, const char *list, struct err *err);

/* Kinds of boots, for workloads that cannot share a boot. */
enum boot_kind {
	BOOT_PLAIN,
	BOOT_IO,
	BOOT_MICRO,
	BOOT_SHAPE,       /* a machine for each series */
	BOOT_DEVICE,      /* with a function of the host */
	BOOT_DEVICE_DISK, /* with that function's disk, by virtio */
	BOOT_KIND_COUNT,
};

/* In which kind of boot WORKLOAD is measured; BOOT_PLAIN for an unknown one. */
enum boot_kind plan_boot_kind(const char *workload);

/* Whether only the first io_block_count blocks measure WORKLOAD. */
bool plan_is_of_io_blocks(const char *workload);

/* Whether the micro guest is the only one that the plan boots. */
bool plan_is_micro(const struct plan *plan);

struct schedule {
	struct bench_case *cases; /* owned */
	size_t count;
};

/* Pure: the same plan gives the same schedule. */
void schedule_init(struct schedule *sched, const struct plan *plan);

/* Append COUNT more blocks, from FROM_BLOCK on, that measure SERIES alone. Pure. */
void schedule_extend(struct schedule *sched, const struct plan *plan,
		     const struct bench_case *series, uint32_t from_block,
		     uint32_t count);
void schedule_release(struct schedule *sched);

json_t *plan_to_json(const struct plan *plan); /* caller owns */

#endif
