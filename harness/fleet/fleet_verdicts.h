/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_FLEET_VERDICTS_H
#define HARNESS_FLEET_FLEET_VERDICTS_H

/*
 * fleet_verdicts - judges claims over nodes. A node counts once, however many
 * runs it had (harness/stats/cluster.h). Where the same nodes measured both
 * runners, the claim is about the ratio on each node; else it is about two arms,
 * bridged by the native runs of both where there are any.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"

struct claim;
struct claims;
struct fleet;

/* Beyond this share of expected nodes without a run, those that ran may be the
 * ones that could. */
#define FLEET_MOST_MISSING 0.2

struct fleet_side {
	int arm;                /* -1: not measured */
	size_t node_count;      /* that are judged */
	size_t run_count;       /* of those */
	double sd_node, sd_run; /* of the logarithm; NaN: cannot be told */
};

struct fleet_verdict {
	const struct claim *claim; /* borrowed */
	enum verdict verdict;
	char reason[240]; /* of a verdict other than PASS, FAIL or UNDECIDED */
	const char *measured; /* the candidate, or what stands in for it */
	struct fleet_side candidate, baseline;
	bool is_within;  /* on each node; the sides are the same nodes */
	bool is_bridged; /* by native runs */
	bool lower_is_better;
	size_t left_out_count; /* nodes without native runs, where bridged */
	struct ratio ratio;    /* candidate over baseline; NaN: no numbers */
	struct margin_test test;
	double nodes_needed; /* per arm, to decide; NaN: not to be told */
	double holm_p;
};

struct fleet_judgement {
	const struct claims *claims; /* borrowed; NULL: nothing is claimed */
	struct fleet_verdict *v;     /* owned, one per claim */
	size_t count;
	enum verdict together;
	bool is_registered; /* with each run, and `match` as well */
	bool is_overridden; /* by tests alone: grades do not count */
};

/* CLAIMS, or if NULL those registered with the runs. F and CLAIMS are borrowed. */
void fleet_judge(struct fleet_judgement *j, const struct fleet *f,
		 const struct claims *claims);
void fleet_judgement_release(struct fleet_judgement *j);

#endif
