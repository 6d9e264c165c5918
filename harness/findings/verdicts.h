/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_VERDICTS_H
#define HARNESS_FINDINGS_VERDICTS_H

/*
 * verdicts - claims held against a run. Numbers are shown wherever there are
 * some; a verdict only where they may carry one: emulated and software grades
 * never do.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"

struct claim;
struct claims;
struct model;
struct plausibility;
struct run_plan;

struct claim_verdict {
	const struct claim *claim; /* borrowed */
	enum verdict verdict;
	char reason[240];     /* of what is no PASS, FAIL or UNDECIDED */
	const char *measured; /* the runner that stands for the candidate */
	/* Candidate over baseline; NaN: no numbers. What is shown of its
	 * interval is as the model's; it is judged by .log. */
	struct ratio ratio;
	bool lower_is_better; /* of the metric; without numbers it is unknown */
	size_t block_count;
	struct margin_test test; /* NaN where nothing is judged */
	size_t look;             /* at which it was judged, from 1; 0: none */
	double level;            /* one-sided, of that look */
	double holm_p; /* corrected for all that are judged; NaN: it is not */
};

/* V's logarithm of the ratio, turned so that above zero is worse whatever way
 * the metric counts; NaN where there is none. */
struct worse {
	double estimate, low, high;
};

struct worse verdict_worse(const struct claim_verdict *v);

/* What is claimed of a run, and what became of it. */
struct judgement {
	const struct claims *claims; /* borrowed; NULL: nothing is claimed */
	struct claim_verdict *v;     /* owned, one per claim */
	size_t count;                /* of claims */
	enum verdict together;       /* see verdicts_together() */
	bool is_registered;          /* before the run's first sample */
	bool is_overridden;          /* by tests alone: grades do not count */
};

/*
 * Of CLAIMS, else of those that the run was begun with, which PLAN has; all
 * borrowed. A PASS that rests on what DOUBTS blocks is none.
 */
void judgement_init(struct judgement *j, const struct model *m,
		    const struct run_plan *plan,
		    const struct plausibility *doubts,
		    const struct claims *claims);
void judgement_release(struct judgement *j);

/* One claim alone, without such doubts. IS_OVERRIDDEN: whatever its grade. */
struct claim_verdict verdict_of(const struct model *m,
				const struct run_plan *plan,
				const struct claim *claim, bool is_overridden);

/* Whether all of them hold: each at its own level, which is an intersection-
 * union test and needs no correction. */
enum verdict verdicts_together(const struct claim_verdict *v, size_t count);

/* A sentence: that they were registered, or that they are EXPLORATORY. */
const char *judgement_origin(bool is_registered);

/* Whether more blocks could decide none of them. */
bool judgement_is_settled(const struct judgement *j);

#endif
