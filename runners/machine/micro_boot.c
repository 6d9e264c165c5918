// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/micro_boot.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/strbuf.h"
#include "harness/core/bench_case.h"
#include "harness/core/metric.h"
#include "harness/core/result.h"
#include "runners/link/program_log.h"
#include "runners/machine/machine.h"
#include "workloads/workload.h"

/* If a hypervisor stops more guests than this, the boot gives up. */
#define MAX_GUESTS 16u

/* The case without what has been answered; items are in their order. */
struct rest {
	struct bench_case bc; /* owns its items alone */
	uint64_t end_ns;      /* of the whole boot's time, monotonic */
};

static bool is_of(const struct series *s, const struct case_item *item)
{
	size_t len = strlen(item->point);

	return !strcmp(s->workload, item->workload) &&
	       !strncmp(s->point, item->point, len) &&
	       (s->point[len] == '/' || !s->point[len]);
}

static struct series *series_of(const struct result *res,
				const struct case_item *item)
{
	size_t i;

	for (i = 0; i < res->series_count; i++)
		if (is_of(&res->series[i], item))
			return &res->series[i];
	return NULL;
}

static void rest_init(struct rest *r, const struct bench_case *bc)
{
	size_t i;

	r->bc = *bc;
	r->bc.items = NULL;
	r->bc.item_count = 0;
	for (i = 0; i < bc->item_count; i++)
		bench_case_add(&r->bc, bc->items[i].workload,
			       bc->items[i].point);
	r->end_ns = clock_mono_ns() + bc->timeout_ns;
}

/* Drop what RES has; false when no time is left for another guest. */
static bool rest_shrink(struct rest *r, const struct result *res)
{
	uint64_t now_ns = clock_mono_ns();
	size_t i, kept = 0;

	for (i = 0; i < r->bc.item_count; i++)
		if (!series_of(res, &r->bc.items[i]))
			r->bc.items[kept++] = r->bc.items[i];
	r->bc.item_count = kept;
	r->bc.timeout_ns = r->end_ns > now_ns ? r->end_ns - now_ns : 0;
	return r->bc.timeout_ns;
}

/* What the harness measures by itself needs no guest. */
static bool needs_guest(const struct bench_case *bc)
{
	size_t i;

	for (i = 0; i < bc->item_count; i++) {
		const struct workload *wl =
			workload_find(bc->items[i].workload);

		if (!wl || !(wl->flags & WL_BY_HOST))
			return true;
	}
	return false;
}

static bool is_selftest(const struct case_item *item)
{
	const struct workload *wl = workload_find(item->workload);

	return wl && (wl->flags & WL_SELFTEST);
}

/* Whether ITEM alone is to blame for how its guest ended. */
static bool costs_a_point(const struct bench_case *bc,
			  const struct machine_outcome *out)
{
	return (out->end == MACHINE_END_HYPERVISOR ||
		out->end == MACHINE_END_DIED ||
		out->end == MACHINE_END_POINT_LATE) &&
	       out->item < bc->item_count &&
	       !is_selftest(&bc->items[out->item]);
}

static void refuse_item(struct result *res, const struct case_item *item,
			enum run_status status, const char *what,
			const char *detail)
{
	struct series *s = series_of(res, item);
	char point[64];

	if (!s) {
		snprintf(point, sizeof(point), "%s/%s", item->point,
			 program_main_metric(item->workload));
		s = result_add_series(res, item->workload, point,
				      metric_of_point(point)->unit);
	}
	s->status = status;
	s->sample_count = 0;
	snprintf(s->reason, sizeof(s->reason), "%s%s%.160s", what,
		 detail[0] ? ": " : "", detail);
	text_clean(s->reason);
}

static void refuse_point(struct result *res, const struct case_item *item,
			 const struct machine_outcome *out)
{
	char late[64];

	if (out->end == MACHINE_END_HYPERVISOR) {
		refuse_item(res, item, RUN_SKIPPED,
			    "the hypervisor stopped the guest here",
			    out->detail);
	} else if (out->end == MACHINE_END_POINT_LATE) {
		snprintf(late, sizeof(late), "no answer within %u s here",
			 (unsigned int)(MICRO_POINT_LIMIT_NS / NS_PER_S));
		refuse_item(res, item, RUN_TIMEOUT, late, out->detail);
	} else {
		refuse_item(res, item, RUN_RUNNER_FAILED,
			    "the guest ended here", out->detail);
	}
}

/* A guest that sees another machine than the first must not be taken for it. */
static bool is_same_machine(const struct result *res, const struct result *part)
{
	return !part->identity || !strcmp(part->identity, res->identity);
}

static void take_first(struct result *res, struct result *part)
{
	enum grade grade = res->grade;

	*res = *part;
	res->grade = grade;
	result_init(part);
}

/* False when the boot is over: it is finished, or has failed as a whole. */
static bool take_part(struct result *res, struct result *part, uint32_t number)
{
	if (number == 1) {
		take_first(res, part);
		return true;
	}
	result_add_phase(res, "fresh_guest", result_phase_ns(part, "hello"));
	if (!is_same_machine(res, part)) {
		result_fail(res, RUN_RUNNER_FAILED,
			    "guest %u of this boot sees another machine than "
			    "the first; its series are left out",
			    number);
		result_release(part);
		return false;
	}
	if (part->status != RUN_OK)
		result_fail(res, part->status, "guest %u of this boot: %s",
			    number, part->reason);
	result_absorb(res, part);
	return res->status == RUN_OK;
}

static void refuse_rest(struct result *res, const struct bench_case *bc,
			const char *why)
{
	size_t i;

	for (i = 0; i < bc->item_count; i++)
		refuse_item(res, &bc->items[i], RUN_RUNNER_FAILED, why, "");
}

/* One guest; returns whether another guest must measure the rest. */
static bool run_one(micro_guest_run *run_guest, void *arg, struct rest *rest,
		    uint32_t number, struct result *res)
{
	struct machine_outcome out = {.end = MACHINE_END_DONE};
	struct result part;
	bool goes_on;

	result_init(&part);
	run_guest(arg, &rest->bc, &out, &part);
	goes_on = part.identity && costs_a_point(&rest->bc, &out);
	if (goes_on) {
		refuse_point(&part, &rest->bc.items[out.item], &out);
		part.status = RUN_OK;
		part.reason[0] = '\0';
	}
	return take_part(res, &part, number) && goes_on;
}

void micro_boot_run(micro_guest_run *run_guest, void *arg,
		    const struct bench_case *bc, struct result *res)
{
	uint64_t begin_ns = clock_mono_ns();
	uint32_t number = 1;
	struct rest rest;

	rest_init(&rest, bc);
	while (run_one(run_guest, arg, &rest, number, res)) {
		bool has_time = rest_shrink(&rest, res);

		if (!needs_guest(&rest.bc))
			break;
		if (!has_time)
			result_fail(res, RUN_TIMEOUT,
				    "guest %u had no time left", number + 1);
		if (number++ == MAX_GUESTS)
			refuse_rest(res, &rest.bc,
				    "too many guests of this boot ended "
				    "before this point");
		if (!has_time || number > MAX_GUESTS)
			break;
	}
	res->elapsed_ns = clock_mono_ns() - begin_ns;
	bench_case_release(&rest.bc);
}
