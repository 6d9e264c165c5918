// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/core/forecast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/runner.h"
#include "harness/core/shape.h"

/*
 * Overheads in addition to the plan's own times, in milliseconds, measured by
 * hand on two cores. Only the proportions count: measured times scale them.
 */
static const struct cost {
	unsigned int boot, qemu_boot, native;
	unsigned int plain, program, native_program, micro;
	unsigned int shape, shape_gib;
} on_host = {600, 1500, 50, 30, 350, 250, 30, 1500, 600},
  in_lab = {3200, 6500, 100, 110, 900, 500, 40, 1500, 6000};

static enum boot_kind kind_of(const struct bench_case *bc)
{
	return bc->item_count ? plan_boot_kind(bc->items[0].workload)
			      : BOOT_PLAIN;
}

static double ms(double count)
{
	return count * NS_PER_MS;
}

static bool is_native(const struct bench_case *bc)
{
	return !runner_is_guest(bc->runner);
}

static double boot_ns(const struct cost *c, const struct bench_case *bc)
{
	if (is_native(bc))
		return ms(c->native);
	if (runner_runs_qemu(bc->runner))
		return ms(c->qemu_boot);
	return ms(c->boot);
}

static double shape_ns(const struct cost *c, const struct bench_case *bc)
{
	struct shape shape;
	struct err ignored;

	if (shape_parse(bc->items[0].point, &shape, &ignored))
		return ms(c->shape);
	return ms(c->shape) + ms(c->shape_gib) * (double)shape.copy_count *
				      (double)shape.ram_bytes / GIB;
}

static double prior_of(const struct cost *c, const struct bench_case *bc)
{
	double count = (double)bc->item_count;
	double timed_ns = (double)(bc->warmup_count + bc->sample_count) *
			  (double)bc->target_ns;

	switch (kind_of(bc)) {
	case BOOT_IO:
	case BOOT_DEVICE:
	case BOOT_DEVICE_DISK:
		return boot_ns(c, bc) +
		       count * ((double)bc->io.io_ns +
				ms(is_native(bc) ? c->native_program
						 : c->program));
	case BOOT_MICRO:
		return boot_ns(c, bc) / 8 + count * ms(c->micro);
	case BOOT_SHAPE:
		return boot_ns(c, bc) + shape_ns(c, bc);
	case BOOT_PLAIN:
	case BOOT_KIND_COUNT:
		break;
	}
	return boot_ns(c, bc) + count * (timed_ns + ms(c->plain));
}

static struct forecast_class *class_find(const struct forecast *f,
					 const char *runner,
					 enum boot_kind kind)
{
	size_t i;

	for (i = 0; i < f->class_count; i++)
		if (f->classes[i].kind == kind &&
		    !strcmp(f->classes[i].runner, runner))
			return &f->classes[i];
	return NULL;
}

static void class_add(struct forecast *f, size_t index)
{
	const struct bench_case *bc = &f->sched->cases[index];
	struct forecast_class *c = class_find(f, bc->runner, kind_of(bc));

	if (!c) {
		f->classes = xrealloc(f->classes, f->class_count + 1,
				      sizeof(*f->classes));
		c = &f->classes[f->class_count++];
		*c = (struct forecast_class){.kind = kind_of(bc)};
		snprintf(c->runner, sizeof(c->runner), "%s", bc->runner);
	}
	c->mean_prior_ns = (c->mean_prior_ns * (double)c->case_count +
			    f->prior_ns[index]) /
			   (double)(c->case_count + 1);
	c->case_count++;
}

void forecast_init(struct forecast *f, const struct schedule *sched,
		   bool is_lab)
{
	size_t i;

	*f = (struct forecast){.sched = sched};
	f->prior_ns = xcalloc(sched->count + 1, sizeof(*f->prior_ns));
	for (i = 0; i < sched->count; i++) {
		f->prior_ns[i] =
			prior_of(is_lab ? &in_lab : &on_host, &sched->cases[i]);
		class_add(f, i);
	}
}

void forecast_release(struct forecast *f)
{
	free(f->prior_ns);
	free(f->classes);
	*f = (struct forecast){0};
}

void forecast_learn(struct forecast *f, const char *runner, enum boot_kind kind,
		    uint64_t mean_ns)
{
	struct forecast_class *c = class_find(f, runner, kind);

	if (c)
		c->learned_ns = (double)mean_ns;
}

void forecast_take(struct forecast *f, size_t index, uint64_t taken_ns)
{
	const struct bench_case *bc = &f->sched->cases[index];
	struct forecast_class *c = class_find(f, bc->runner, kind_of(bc));

	c->prior_ns += f->prior_ns[index];
	c->taken_ns += (double)taken_ns;
}

/* What an earlier run makes of a class's prior; 1 where there was none. */
static double learned_ratio(const struct forecast_class *c)
{
	return c->learned_ns ? c->learned_ns / c->mean_prior_ns : 1;
}

/* How much slower cases were than was known of them before: all, or those of
 * RUNNER or of KIND alone; 0 where there was none yet. */
static double drift(const struct forecast *f, const char *runner,
		    enum boot_kind kind)
{
	double known_ns = 0, taken_ns = 0;
	size_t i;

	for (i = 0; i < f->class_count; i++) {
		const struct forecast_class *c = &f->classes[i];

		if ((runner && strcmp(c->runner, runner)) ||
		    (kind != BOOT_KIND_COUNT && c->kind != kind))
			continue;
		known_ns += c->prior_ns * learned_ratio(c);
		taken_ns += c->taken_ns;
	}
	return known_ns ? taken_ns / known_ns : 0;
}

/* The scale of a class without a finished case, from its runner and its kind in
 * other classes. */
static double ratio_of_others(const struct forecast *f,
			      const struct forecast_class *c)
{
	double by_runner = drift(f, c->runner, BOOT_KIND_COUNT);
	double by_kind = drift(f, NULL, c->kind);
	double by_all = drift(f, NULL, BOOT_KIND_COUNT);

	if (by_runner && by_kind)
		return sqrt(by_runner * by_kind);
	if (by_runner || by_kind)
		return by_runner ? by_runner : by_kind;
	return by_all ? by_all : 1;
}

uint64_t forecast_left_ns(const struct forecast *f, size_t first)
{
	double left_ns = 0;
	size_t i;

	for (i = first; i < f->sched->count; i++) {
		const struct bench_case *bc = &f->sched->cases[i];
		const struct forecast_class *c =
			class_find(f, bc->runner, kind_of(bc));

		left_ns += f->prior_ns[i] *
			   (c->prior_ns
				    ? c->taken_ns / c->prior_ns
				    : ratio_of_others(f, c) * learned_ratio(c));
	}
	return (uint64_t)left_ns;
}
