// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/plan.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/runner.h"
#include "harness/core/shape.h"
#include "workloads/workload.h"

void plan_init_quick(struct plan *plan)
{
	*plan = (struct plan){
		.name = "quick",
		.block_count = 4,
		.warmup_count = 1,
		.sample_count = 5,
		.target_ns = 10 * NS_PER_MS,
		.timeout_ns = 120 * NS_PER_S,
		.vcpu_count = 1,
		.ram_bytes = 512 * MIB,
		.paravirt = "identical",
		.sandbox = "on",
		.guest_kernel = "auto",
		.pinning = "none",
		.pilot = "",
		.match = "",
		.io_block_count = UINT32_MAX,
		.io = {.io_ns = NS_PER_S,
		       .disk = "results/l1vh-disk.img",
		       .disk_bytes = GIB,
		       .vhost = "auto"},
	};
}

void plan_release(struct plan *plan)
{
	bench_case_release(&plan->series);
}

static void add_series(struct plan *plan, const char *workload,
		       const char *point)
{
	size_t i;

	for (i = 0; i < plan->series.item_count; i++)
		if (!strcmp(plan->series.items[i].workload, workload) &&
		    !strcmp(plan->series.items[i].point, point))
			return;
	bench_case_add(&plan->series, workload, point);
}

static void add_workload(struct plan *plan, const struct workload *wl)
{
	uint32_t i;

	if (wl->flags & WL_BY_HOST)
		add_series(plan, wl->name, "");
	for (i = 0; i < wl->point_count && !(wl->flags & WL_BY_HOST); i++)
		add_series(plan, wl->name, wl->points[i].name);
}

/* "storage:randread-4k-qd1": one setting of a workload alone. */
static bool add_point(struct plan *plan, char *word)
{
	char *point = strchr(word, ':');
	const struct workload *wl;

	if (!point)
		return false;
	*point++ = '\0';
	wl = workload_find(word);
	if (!workload_point(wl, point) || (wl->flags & WL_BY_HOST)) {
		point[-1] = ':';
		return false;
	}
	add_series(plan, word, point);
	return true;
}

/* The next word of a list; that of a point may have commas of its own. */
static bool take_point(struct plan *plan, char *word, char **rest)
{
	char *next = *rest;

	while (!add_point(plan, word)) {
		if (!next || !strchr(word, ':'))
			return false;
		next[-1] = ',';
		strsep(&next, ",");
	}
	*rest = next;
	return true;
}

/* What breaks things on purpose, or takes long, must be named in full; what needs
 * a device at least by its group. */
static bool matches(const struct workload *wl, const char *word)
{
	if (!strcmp(wl->name, word))
		return true;
	if (wl->flags & (WL_SELFTEST | WL_ON_REQUEST))
		return false;
	if (wl->flags & WL_NEEDS_DEVICE)
		return !strcmp(word, "passthrough") && !strcmp(wl->group, word);
	return !strcmp(word, "all") || !strcmp(wl->group, word);
}

static int unknown_word(const char *word, struct err *err)
{
	const char *point = strchr(word, ':');
	char name[32] = "";
	const struct workload *wl;
	struct strbuf had = {0};
	uint32_t i;

	if (point)
		snprintf(name, sizeof(name), "%.*s", (int)(point - word), word);
	wl = workload_find(name);
	if (!wl)
		return err_set(
			err, -EINVAL,
			"unknown workload '%s'; 'l1vh-bench list' names them",
			word);
	for (i = 0; i < wl->point_count && !(wl->flags & WL_BY_HOST); i++)
		if (wl->points[i].name[0])
			strbuf_printf(&had, "%s%s",
				      had.len ? ", " : "; it has: ",
				      wl->points[i].name);
	err_set(err, -EINVAL, "workload '%s' has no point '%.64s'%s", name,
		point + 1, strbuf_str(&had));
	strbuf_release(&had);
	return -EINVAL;
}

int plan_add_workloads(struct plan *plan, const char *list, struct err *err)
{
	char *copy = xstrdup(list);
	char *rest = copy;
	char *word;
	int ret = 0;

	while (!ret && (word = strsep(&rest, ","))) {
		const struct workload *const *wl;
		bool is_point = take_point(plan, word, &rest);
		bool found = is_point;

		for (wl = workloads; *wl && !is_point; wl++)
			if (matches(*wl, word)) {
				add_workload(plan, *wl);
				found = true;
			}
		if (!found)
			ret = unknown_word(word, err);
	}
	free(copy);
	return ret;
}

/* Pairs that a network card can have. */
#define MAX_QUEUES 8
#define PROGRAM_NS (5 * NS_PER_S)
#define SHAPE_NS_PER_GIB (20 * NS_PER_S)
/* One interrupts the other. */
#define MICRO_VCPUS 2u

enum boot_kind plan_boot_kind(const char *workload)
{
	const struct workload *wl = workload_find(workload);
	uint32_t flags = wl ? wl->flags : 0;

	if (flags & WL_NEEDS_MICRO)
		return BOOT_MICRO;
	if (flags & WL_SHAPE)
		return BOOT_SHAPE;
	if (flags & WL_NEEDS_DEVICE)
		return flags & WL_DEVICE_DISK ? BOOT_DEVICE_DISK : BOOT_DEVICE;
	return flags & (WL_NEEDS_DISK | WL_NEEDS_NET) ? BOOT_IO : BOOT_PLAIN;
}

bool plan_is_of_io_blocks(const char *workload)
{
	return plan_boot_kind(workload) != BOOT_PLAIN;
}

static size_t count_items(const struct plan *plan, enum boot_kind kind)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < plan->series.item_count; i++)
		count += plan_boot_kind(plan->series.items[i].workload) == kind;
	return count;
}

bool plan_is_micro(const struct plan *plan)
{
	return plan->series.item_count &&
	       count_items(plan, BOOT_MICRO) == plan->series.item_count;
}

static bool is_measured(const char *workload, const char *runner)
{
	const struct workload *wl = workload_find(workload);

	return !wl || !(wl->flags & WL_NATIVE_ONLY) || !runner_is_guest(runner);
}

/* A case without series. */
static void begin_case(struct bench_case *bc, const struct plan *plan,
		       uint32_t block, const char *runner)
{
	*bc = (struct bench_case){
		.block = block,
		.vcpu_count = plan->vcpu_count,
		.ram_bytes = plan->ram_bytes,
		.warmup_count = plan->warmup_count,
		.sample_count = plan->sample_count,
		.target_ns = plan->target_ns,
		.timeout_ns = plan->timeout_ns,
		.io = plan->io,
	};
	if (!strcmp(plan->guest_kernel, "elf"))
		snprintf(bc->guest_kernel, sizeof(bc->guest_kernel), "elf");
	if (!strcmp(plan->pinning, "cores"))
		snprintf(bc->pinning, sizeof(bc->pinning), "cores");
	if (plan->stretched_runner && !strcmp(plan->stretched_runner, runner))
		bc->stretch_ppm = plan->stretch_ppm;
	snprintf(bc->runner, sizeof(bc->runner), "%s", runner);
	snprintf(bc->paravirt, sizeof(bc->paravirt), "%s", plan->paravirt);
	snprintf(bc->sandbox, sizeof(bc->sandbox), "%s", plan->sandbox);
	if (!bc->io.queue_count)
		bc->io.queue_count = plan->vcpu_count < MAX_QUEUES
					     ? plan->vcpu_count
					     : MAX_QUEUES;
}

static void fill_case(struct bench_case *bc, const struct plan *plan,
		      uint32_t block, const char *runner, enum boot_kind kind,
		      gsl_rng *rng)
{
	size_t i;

	begin_case(bc, plan, block, runner);
	for (i = 0; i < plan->series.item_count; i++)
		if (plan_boot_kind(plan->series.items[i].workload) == kind &&
		    is_measured(plan->series.items[i].workload, runner))
			bench_case_add(bc, plan->series.items[i].workload,
				       plan->series.items[i].point);
	/* Programs have lengths of their own, and a start and an end each. */
	if (kind == BOOT_IO || kind == BOOT_DEVICE || kind == BOOT_DEVICE_DISK)
		bc->timeout_ns +=
			bc->item_count * (2 * plan->io.io_ns + PROGRAM_NS);
	if (kind == BOOT_MICRO && bc->vcpu_count < MICRO_VCPUS)
		bc->vcpu_count = MICRO_VCPUS;
	if (bc->item_count)
		gsl_ran_shuffle(rng, bc->items, bc->item_count,
				sizeof(*bc->items));
}

/* The machine of one series: its point is the machine's shape. */
static void fill_shape(struct bench_case *bc, const struct plan *plan,
		       uint32_t block, const char *runner,
		       const struct case_item *item)
{
	struct shape shape;
	struct err ignored;

	begin_case(bc, plan, block, runner);
	bc->guest_kernel[0] = bc->pinning[0] = '\0';
	bench_case_add(bc, item->workload, item->point);
	if (shape_parse(item->point, &shape, &ignored))
		return; /* the runner will say so */
	bc->ram_bytes = shape.ram_bytes;
	bc->vcpu_count = shape.vcpu_count;
	bc->io.queue_count =
		shape.vcpu_count < MAX_QUEUES ? shape.vcpu_count : MAX_QUEUES;
	/* Large ones take long to fill where all is emulated. */
	bc->timeout_ns += shape.copy_count * (shape.ram_bytes / GIB + 1) *
			  SHAPE_NS_PER_GIB;
}

/* Slots of a block: A B B A of two runners, else one for each. */
#define MAX_SLOTS (2 * PLAN_MAX_RUNNERS)

static size_t draw_slots(const char *const *names, size_t count,
			 const char **slots, gsl_rng *rng)
{
	size_t i;

	if (count == 2) {
		size_t first = gsl_rng_uniform_int(rng, 2);

		slots[0] = slots[3] = names[first];
		slots[1] = slots[2] = names[1 - first];
		return 4;
	}
	for (i = 0; i < count; i++)
		slots[i] = names[i];
	/* GSL ends the program where there is nothing to shuffle. */
	if (count)
		gsl_ran_shuffle(rng, slots, count, sizeof(slots[0]));
	return count;
}

/* Whether RUNNER measures anything in boots of that kind. */
static bool has_boots(const struct plan *plan, enum boot_kind kind,
		      const char *runner)
{
	size_t i;

	if (kind == BOOT_MICRO && !runner_boots_micro(runner))
		return false;
	for (i = 0; i < plan->series.item_count; i++)
		if (plan_boot_kind(plan->series.items[i].workload) == kind &&
		    is_measured(plan->series.items[i].workload, runner))
			return true;
	return kind == BOOT_PLAIN;
}

static void add_block(struct schedule *sched, const struct plan *plan,
		      uint32_t block, enum boot_kind kind, gsl_rng *rng)
{
	const char *names[PLAN_MAX_RUNNERS], *slots[MAX_SLOTS];
	size_t i, count = 0;

	for (i = 0; i < plan->runner_count; i++)
		if (has_boots(plan, kind, plan->runners[i]))
			names[count++] = plan->runners[i];
	count = draw_slots(names, count, slots, rng);
	for (i = 0; i < count; i++)
		fill_case(&sched->cases[sched->count++], plan, block, slots[i],
			  kind, rng);
}

/* Runners and shapes in any order; nothing here drifts within seconds. */
static void add_shapes(struct schedule *sched, const struct plan *plan,
		       uint32_t block, gsl_rng *rng)
{
	struct bench_case *first = &sched->cases[sched->count];
	size_t i, k, count = 0;

	for (i = 0; i < plan->series.item_count; i++) {
		const struct case_item *item = &plan->series.items[i];

		if (plan_boot_kind(item->workload) != BOOT_SHAPE)
			continue;
		for (k = 0; k < plan->runner_count; k++)
			/* Natively there is no machine to have a shape. */
			if (runner_is_guest(plan->runners[k]))
				fill_shape(&first[count++], plan, block,
					   plan->runners[k], item);
	}
	if (count)
		gsl_ran_shuffle(rng, first, count, sizeof(*first));
	sched->count += count;
}

void schedule_init(struct schedule *sched, const struct plan *plan)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	bool has_io = count_items(plan, BOOT_IO);
	bool has_micro = count_items(plan, BOOT_MICRO);
	size_t shapes = count_items(plan, BOOT_SHAPE);
	bool has_device = count_items(plan, BOOT_DEVICE);
	bool has_device_disk = count_items(plan, BOOT_DEVICE_DISK);
	/* Nothing to measure is still a boot. */
	bool has_plain = count_items(plan, BOOT_PLAIN) ||
			 !(has_io || has_micro || shapes || has_device ||
			   has_device_disk);
	uint32_t block;

	gsl_rng_set(rng, plan->seed);
	sched->count = 0;
	sched->cases = xcalloc((BOOT_KIND_COUNT + shapes) * plan->block_count *
				       MAX_SLOTS,
			       sizeof(*sched->cases));
	for (block = 0; block < plan->block_count; block++) {
		if (has_plain)
			add_block(sched, plan, block, BOOT_PLAIN, rng);
		if (has_micro && block < plan->io_block_count)
			add_block(sched, plan, block, BOOT_MICRO, rng);
		if (has_io && block < plan->io_block_count)
			add_block(sched, plan, block, BOOT_IO, rng);
		if (has_device && block < plan->io_block_count)
			add_block(sched, plan, block, BOOT_DEVICE, rng);
		if (has_device_disk && block < plan->io_block_count)
			add_block(sched, plan, block, BOOT_DEVICE_DISK, rng);
		if (shapes && block < plan->io_block_count)
			add_shapes(sched, plan, block, rng);
	}
	gsl_rng_free(rng);
}

void schedule_extend(struct schedule *sched, const struct plan *plan,
		     const struct bench_case *series, uint32_t from_block,
		     uint32_t count)
{
	struct plan part = *plan;
	struct schedule more;
	size_t i;

	part.block_count = part.io_block_count = count;
	part.series = *series;
	/* Another order than that of the first blocks. */
	part.seed += from_block;
	schedule_init(&more, &part);
	sched->cases = xrealloc(sched->cases, sched->count + more.count + 1,
				sizeof(*sched->cases));
	for (i = 0; i < more.count; i++) {
		more.cases[i].block += from_block;
		sched->cases[sched->count++] = more.cases[i];
	}
	free(more.cases);
}

void schedule_release(struct schedule *sched)
{
	size_t i;

	for (i = 0; i < sched->count; i++)
		bench_case_release(&sched->cases[i]);
	free(sched->cases);
	sched->cases = NULL;
	sched->count = 0;
}

json_t *plan_to_json(const struct plan *plan)
{
	json_t *names = json_array(), *out;
	json_t *series = json_array();
	size_t i;

	for (i = 0; i < plan->series.item_count; i++)
		json_array_append_new(series,
				      json_pack("[s, s]",
						plan->series.items[i].workload,
						plan->series.items[i].point));

	for (i = 0; i < plan->runner_count; i++)
		json_array_append_new(names, json_string(plan->runners[i]));
	out = json_pack(
		"{s:s, s:i, s:i, s:i, s:I, s:i, s:I, s:s, s:I, s:o, s:o, s:I,"
		" s:o, s:i, s:i, s:I, s:s, s:I, s:s, s:s, s:s}",
		"name", plan->name, "block_count", (int)plan->block_count,
		"warmup_count", (int)plan->warmup_count, "sample_count",
		(int)plan->sample_count, "target_ns",
		(json_int_t)plan->target_ns, "vcpu_count",
		(int)plan->vcpu_count, "ram_bytes", (json_int_t)plan->ram_bytes,
		"paravirt", plan->paravirt, "seed", (json_int_t)plan->seed,
		"runners", names, "series", series, "timeout_ns",
		(json_int_t)plan->timeout_ns, "io", io_plan_to_json(&plan->io),
		"io_block_count",
		(int)(plan->io_block_count < plan->block_count
			      ? plan->io_block_count
			      : plan->block_count),
		"look_count", (int)plan->look_count, "budget_ns",
		(json_int_t)plan->budget_ns, "stretched_runner",
		plan->stretched_runner ? plan->stretched_runner : "",
		"stretch_ppm", (json_int_t)plan->stretch_ppm, "pilot",
		plan->pilot, "match", plan->match, "sandbox", plan->sandbox);
	/* Runs of before this was a choice had the bzImage. */
	if (!strcmp(plan->guest_kernel, "elf"))
		json_object_set_new(out, "guest_kernel", json_string("elf"));
	if (!strcmp(plan->pinning, "cores"))
		json_object_set_new(out, "pinning", json_string("cores"));
	if (plan->more_block_count)
		json_object_set_new(out, "more_block_count",
				    json_integer(plan->more_block_count));
	return out;
}
