// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/cli/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/limit_search.h"
#include "harness/core/plan.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "harness/core/shape.h"
#include "harness/kubevirt/figures.h"
#include "harness/session/session.h"

struct trials {
	const struct limits_args *args;
	struct session session;
	struct plan plan;
	uint32_t position;
};

static int add_series(struct plan *plan, const char *shape, struct err *err)
{
	static const char *const workloads[] = {"footprint", "footprint_more",
						"footprint_vfio"};
	char series[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(workloads); i++) {
		snprintf(series, sizeof(series), "%s:%.64s", workloads[i],
			 shape);
		if (!plan_add_workloads(plan, series, err))
			return 0;
	}
	return err_set(
		err, -EINVAL,
		"unknown shape '%.64s'; 'l1vh-bench list' names the points of footprint",
		shape);
}

static int trials_open(struct trials *t, const struct limits_args *args,
		       struct err *err)
{
	const struct session_wants wants = {
		.db = args->db,
		.site = {.choice = args->choice,
			 .runners = &args->runner,
			 .runner_count = 1,
			 .wants_mshv_emu = args->wants_mshv_emu,
			 .needs_iommu = args->io.device_count > 0,
			 .stop = &stop_wanted},
	};
	const struct session_run run = {.plan = &t->plan};
	const struct site *site = &t->session.site;
	int ret;

	plan_init_quick(&t->plan);
	t->plan.name = args->is_memlock ? "memlock" : "prove";
	t->plan.block_count = 1;
	memcpy(t->plan.io.devices, args->io.devices, sizeof(args->io.devices));
	t->plan.io.device_count = args->io.device_count;
	ret = add_series(&t->plan, args->shape, err);
	if (!ret)
		ret = session_open(&t->session, &wants, &t->plan, err);
	if (!ret && !site->runner_count)
		ret = err_set(err, -ENODEV, "%s",
			      site->refusal_count
				      ? site->refusals[0].reason
				      : "the runner does not work here");
	return ret ? ret : session_begin(&t->session, &run, err);
}

static int trials_close(struct trials *t, int ret, struct err *err)
{
	ret = session_end(&t->session, ret, "complete", err);
	session_close(&t->session);
	plan_release(&t->plan);
	return ret;
}

/* A limit of the cgroup is met when the kernel kills for it; one of locked
 * memory when no guest comes of it. */
static int outcome_of(const struct trials *t, const struct result *res)
{
	if (res->status == RUN_OK)
		return 1;
	if (res->status != RUN_RUNNER_FAILED)
		return -EIO;
	if (t->args->is_memlock)
		return result_phase_ns(res, "hello") ? -EIO : 0;
	return res->is_oom_killed ? 0 : -EIO;
}

/* 1: survives, 0: does not. A boot that failed of anything else tells nothing of
 * the limit, and ends the search. */
static int survives(void *arg, uint64_t bytes, struct err *err)
{
	struct trials *t = arg;
	struct bench_case *bc = &t->session.sched.cases[0];
	size_t lost_count = t->session.lost_count;
	struct result res;
	int ret;

	bc->limits = (struct mem_limits){.locks_ram = t->args->locks_ram};
	if (t->args->is_memlock) {
		bc->limits.has_memlock = true;
		bc->limits.memlock_bytes = bytes;
	} else {
		bc->limits.cgroup_bytes = bytes;
	}
	ret = session_boot(&t->session, t->position++, bc, NULL, &res, err);
	if (!ret) {
		/* A worker that was lost is no guest that did not start. */
		ret = t->session.lost_count == lost_count ? outcome_of(t, &res)
							  : -EIO;
		if (ret < 0)
			err_set(err, ret, "a guest limited to %llu MiB: %s: %s",
				(unsigned long long)(bytes / MIB),
				run_status_name(res.status), res.reason);
	}
	result_release(&res);
	if (ret >= 0)
		fprintf(stderr, "%.2f MiB: %s\n", (double)bytes / MIB,
			ret                   ? "survives"
			: t->args->is_memlock ? "does not start"
					      : "killed");
	return ret;
}

static bool is_under_libvirt(const struct limits_args *args)
{
	return runner_is_by(args->runner, RUNNER_LIBVIRT);
}

static int calculate(const struct limits_args *args, const struct shape *shape,
		     size_t vfio_count, struct overhead *o,
		     int64_t *memlock_bytes, struct err *err)
{
	const struct overhead_shape wanted = {
		.ram_bytes = (int64_t)shape->ram_bytes,
		.vcpu_count = shape->vcpu_count,
		.vfio_count = vfio_count,
	};

	return overhead_of_shape(&wanted, args->release, o, memlock_bytes, err);
}

static void say_bracket(const struct limit_search *s, const char *what,
			const char *else_what)
{
	printf("%s with %.2f MiB, %s with %.2f MiB; each %d times, %zu boots in all\n",
	       what, (double)s->high_bytes / MIB, else_what,
	       (double)s->low_bytes / MIB, LIMIT_SEARCH_CONFIRM, s->try_count);
}

static int prove(struct trials *t, const struct shape *shape,
		 enum exit_status *status, struct err *err)
{
	const struct limits_args *args = t->args;
	struct limit_search s = {.survives = survives,
				 .arg = t,
				 .step_bytes = MIB,
				 .low_bytes = shape->ram_bytes / 4,
				 .max_bytes = 4 * shape->ram_bytes + GIB};
	struct overhead o;
	int64_t beside;
	int ret = calculate(args, shape, shape->device_count, &o, NULL, err);

	if (ret)
		return ret;
	beside = overhead_of_guest(&o, is_under_libvirt(args));
	s.high_bytes = args->limit_bytes ? args->limit_bytes
					 : shape->ram_bytes + (uint64_t)beside;
	printf("%s %s, limit %.2f MiB: %s\n", args->runner, args->shape,
	       (double)s.high_bytes / MIB,
	       args->limit_bytes ? "as asked for"
				 : "guest RAM and what KubeVirt grants for it");
	ret = survives(t, s.high_bytes, err);
	if (ret < 0)
		return ret;
	*status = ret ? STATUS_OK : STATUS_WORSE;
	printf("at that limit the guest %s\n",
	       ret ? "survives" : "is killed: its pod would be");
	if (args->limit_bytes)
		return 0;
	ret = limit_search_run(&s, err);
	if (!ret) {
		say_bracket(&s, "survives", "is killed");
		printf("KubeVirt %s's limit has %.2f MiB to spare\n",
		       kubevirt_release_name(args->release),
		       ((double)shape->ram_bytes + (double)beside -
			(double)s.high_bytes) /
			       MIB);
	}
	return ret;
}

/* Without any device KubeVirt sets no limit. */
static uint32_t device_count(const struct shape *shape)
{
	return shape->device_count ? shape->device_count : 1;
}

/* What a release would allow a guest with its devices, and whether that is
 * enough here. */
static int say_releases(const struct limits_args *args,
			const struct shape *shape, uint64_t needed_bytes,
			struct err *err)
{
	size_t i;

	for (i = 0; i < kubevirt_release_count(); i++) {
		struct limits_args with = *args;
		const char *name;
		struct overhead o;
		int64_t memlock;
		int ret;

		with.release = kubevirt_release_at(i);
		name = kubevirt_release_name(with.release);
		ret = calculate(&with, shape, device_count(shape), &o, &memlock,
				err);
		if (ret)
			return ret;
		if (memlock == MEMLOCK_UNLIMITED)
			printf("%-6s unlimited: suffices\n", name);
		else
			printf("%-6s %lld: %s\n", name, (long long)memlock,
			       (uint64_t)memlock >= needed_bytes
				       ? "suffices"
				       : "DOES NOT SUFFICE");
	}
	return 0;
}

static int find_memlock(struct trials *t, const struct shape *shape,
			struct err *err)
{
	const struct limits_args *args = t->args;
	struct limit_search s = {.survives = survives,
				 .arg = t,
				 .step_bytes = MIB,
				 .high_bytes = 2 * shape->ram_bytes,
				 .max_bytes = 8 * shape->ram_bytes + GIB};
	int ret = survives(t, 0, err);

	if (ret < 0)
		return ret;
	if (ret) {
		printf("%s %s starts with nothing to lock%s\n", args->runner,
		       args->shape,
		       args->locks_ram ? ""
				       : "; with --mlock it locks its RAM");
		s.high_bytes = 0;
	} else {
		ret = limit_search_run(&s, err);
		if (ret)
			return ret;
		printf("%s %s ", args->runner, args->shape);
		say_bracket(&s, "starts", "does not");
	}
	if (!strcmp(args->runner, "mshv") ||
	    runner_stands_in_for(args->runner, "mshv"))
		puts("before Linux 6.19, the driver of /dev/mshv pins guest RAM and checks no limit");
	printf("a guest of this shape with %u VFIO device%s would be allowed, by release:\n",
	       device_count(shape), device_count(shape) == 1 ? "" : "s");
	return say_releases(args, shape, s.high_bytes, err);
}

static int check_arguments(const struct limits_args *args, struct shape *shape,
			   struct err *err)
{
	int ret = shape_parse(args->shape, shape, err);

	if (!ret && shape->copy_count > 1)
		ret = err_set(err, -EINVAL, "one guest at a time");
	if (!ret && args->limit_bytes && args->limit_bytes < shape->ram_bytes)
		ret = err_set(
			err, -EINVAL,
			"a limit of %llu bytes is below the guest's own RAM, %llu",
			(unsigned long long)args->limit_bytes,
			(unsigned long long)shape->ram_bytes);
	return ret;
}

int limits_run(const struct limits_args *args, enum exit_status *status,
	       struct err *err)
{
	struct trials t = {.args = args};
	struct shape shape;
	int ret = check_arguments(args, &shape, err);

	if (ret)
		return ret;
	ret = trials_open(&t, args, err);
	if (!ret && args->is_memlock)
		ret = find_memlock(&t, &shape, err);
	else if (!ret)
		ret = prove(&t, &shape, status, err);
	return trials_close(&t, ret, err);
}
