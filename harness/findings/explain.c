// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/explain.h"

#include <math.h>
#include <string.h>

#include "harness/findings/model.h"

static double median_of(const struct model_group *g, const char *metric,
			size_t runner)
{
	const struct model_row *row = model_group_row(g, metric);

	return row ? row->cells[runner].median : NAN;
}

/* The cost of one under RUNNER; NaN if the micro guest did not measure it. */
static double cost_ns(const struct model *m, const char *primitive,
		      size_t runner)
{
	struct model_group g;
	size_t at = 0;

	while (model_next_group(m, &at, &g))
		if (!strcmp(g.rows->workload, "micro_exit") &&
		    !strcmp(g.point, primitive))
			return median_of(&g, "p50", runner);
	return NAN;
}

/* Below zero only because the counts were taken separately. */
static double less(double a, double b)
{
	double rest = isfinite(b) ? a - b : a;

	return rest < 0 ? 0 : rest;
}

/*
 * Exits and their costs. The cost of waking a halted guest is the round trip
 * to a thread that answers at once, less the doorbell; it includes the
 * interrupt. A host interrupt costs as much as the cheapest exit.
 */
static void fill_parts(const struct model *m, const struct model_group *g,
		       size_t runner, struct explain *e)
{
	double doorbell_ns = cost_ns(m, "doorbell,ring0", runner);
	double exit_ns = cost_ns(m, "cpuid,ring0", runner);
	double doorbells = median_of(g, "doorbells", runner);
	double vmm_exits = median_of(g, "vmm_exits", runner);
	double halts = median_of(g, "halts", runner);
	double irqs = median_of(g, "host_irqs", runner);
	double rest = median_of(g, "exits", runner);

	rest = less(less(less(less(rest, doorbells), vmm_exits), halts), irqs);
	e->parts[0] = (struct explain_part){"doorbells", "doorbell", doorbells,
					    doorbell_ns};
	e->parts[1] = (struct explain_part){
		"exits to the VMM", "mmio-write", vmm_exits,
		cost_ns(m, "mmio-write,ring0", runner)};
	e->parts[2] = (struct explain_part){
		"halts, waking", "hlt-irqfd less doorbell", halts,
		less(cost_ns(m, "hlt-irqfd,ring0", runner), doorbell_ns)};
	e->parts[3] = (struct explain_part){
		"other interrupts", "self-ipi",
		less(median_of(g, "interrupts", runner), halts),
		cost_ns(m, "self-ipi,ring0", runner)};
	e->parts[4] = (struct explain_part){"host interrupts", "cpuid", irqs,
					    exit_ns};
	e->parts[5] =
		(struct explain_part){"other exits", "cpuid", rest, exit_ns};
}

bool explain_group(const struct model *m, const struct model_group *g,
		   size_t runner, struct explain *e)
{
	double native_rate = median_of(g, "iops", 0);
	double guest_rate = median_of(g, "iops", runner);
	size_t i;

	if (!runner || !(native_rate > 0) || !(guest_rate > 0) ||
	    !model_has_base(m))
		return false;
	*e = (struct explain){.native_ns = 1e9 / native_rate,
			      .guest_ns = 1e9 / guest_rate};
	fill_parts(m, g, runner, e);
	for (i = 0; i < EXPLAIN_PARTS; i++)
		if (isfinite(e->parts[i].per_op) &&
		    isfinite(e->parts[i].cost_ns))
			e->explained_ns +=
				e->parts[i].per_op * e->parts[i].cost_ns;
	return true;
}

bool explain_has_any(const struct model *m)
{
	struct model_group g;
	struct explain e;
	size_t at = 0;
	size_t k;

	while (model_next_group(m, &at, &g))
		for (k = 1; k < m->runner_count; k++)
			if (explain_group(m, &g, k, &e) && e.explained_ns > 0)
				return true;
	return false;
}
