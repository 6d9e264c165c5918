// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/explain_text.h"

#include <math.h>
#include <stdbool.h>

#include "harness/base/units.h"
#include "harness/findings/explain.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"

static void write_part(const struct explain_part *p, double excess_ns,
		       FILE *out)
{
	char cost[32], sum[32];

	if (isnan(p->per_op)) {
		fprintf(out, "  %-18s not counted under this runner\n",
			p->what);
		return;
	}
	if (isnan(p->cost_ns)) {
		fprintf(out, "  %-18s %6.2f x ? (%s was not measured)\n",
			p->what, p->per_op, p->cost_of);
		return;
	}
	fprintf(out, "  %-18s %6.2f x %-9s = %-9s %6.1f %%  (%s)\n", p->what,
		p->per_op, units_format(p->cost_ns, "ns", cost, sizeof(cost)),
		units_format(p->per_op * p->cost_ns, "ns", sum, sizeof(sum)),
		100 * p->per_op * p->cost_ns / excess_ns, p->cost_of);
}

static void write_one(const struct model *m, const struct model_group *g,
		      size_t runner, const struct explain *e, FILE *out)
{
	double excess_ns = e->guest_ns - e->native_ns;
	char guest[32], native[32], more[32], rest[32];
	size_t i;

	fprintf(out, "%s %s under %s: %s per operation, natively %s",
		g->rows->workload, g->point, m->runners[runner],
		units_format(e->guest_ns, "ns", guest, sizeof(guest)),
		units_format(e->native_ns, "ns", native, sizeof(native)));
	if (excess_ns <= 0) {
		fputs(": no slow-down to explain\n\n", out);
		return;
	}
	fprintf(out, ": %s more\n",
		units_format(excess_ns, "ns", more, sizeof(more)));
	for (i = 0; i < EXPLAIN_PARTS; i++)
		write_part(&e->parts[i], excess_ns, out);
	fprintf(out, "  %-18s %30s %6.1f %%\n\n", "unexplained",
		units_format(excess_ns - e->explained_ns, "ns", rest,
			     sizeof(rest)),
		100 * (excess_ns - e->explained_ns) / excess_ns);
}

void explain_text_write(const struct findings *f, FILE *out)
{
	const struct model *m = &f->model;
	char grades[64];
	bool has_any = false;
	struct model_group g;
	struct explain e;
	size_t at = 0;
	size_t k;

	fprintf(out, "run %lld of %s, grade %s\n\n", (long long)m->run->id,
		m->run->revision, model_grades(m, grades, sizeof(grades)));
	while (model_next_group(m, &at, &g))
		for (k = 1; k < m->runner_count; k++)
			if (explain_group(m, &g, k, &e)) {
				write_one(m, &g, k, &e, out);
				has_any = true;
			}
	fputs(has_any ? "The time per operation is the inverse of the rate: with several operations in\n"
			"flight it is less than the latency of each. Costs were measured one at a time;\n"
			"the unexplained part has the effect of exits on caches and other CPUs.\n"
		      : "nothing to explain: one run must have storage or network_rr, micro, native and\n"
			"a guest\n",
	      out);
}
