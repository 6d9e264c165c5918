/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_VERDICTS_H
#define HARNESS_FINDINGS_VERDICTS_H

/*
 * verdicts - judges claims by a run. Reports show numbers wherever there are
 * any. There is a verdict only if the grade allows one: emulated and software
 * grades never do.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"

struct claim;
struct claims;
struct footprints;
struct model;
struct plausibility;
struct run_plan;

struct claim_verdict {
	const struct claim *claim; /* borrowed */
	enum verdict verdict;
	char reason[240]; /* of a verdict other than PASS, FAIL or UNDECIDED */
	const char *measured; /* the runner that stands for the candidate */
	/* Candidate over baseline; NaN: no numbers. Its interval is shown as
	 * in the model; the verdict uses .log. */
	struct ratio ratio;
	bool lower_is_better; /* of the metric; without numbers it is unknown */
	/* The baseline is a limit: RATIO is what is expected of it, .high the
	 * tolerance limit, blocks are boots, and the claim's margin is the share
	 * of guests that may go beyond. */
	bool is_limit;
	size_t block_count;
	struct margin_test test; /* NaN where nothing is judged */
	size_t look;             /* at which it was judged, from 1; 0: none */
	double level;            /* one-sided, of that look */
	double holm_p; /* corrected for all judged claims; NaN: not judged */
};

/* V's logarithm of the ratio, with its sign such that above zero is worse
 * for every metric; NaN if there is none. */
struct worse {
	double estimate, low, high;
};

struct worse verdict_worse(const struct claim_verdict *v);

/* The same as a ratio: above 1 is worse. Its interval is NaN where V's is not shown, and
 * where it has no end. */
struct ratio verdict_worse_ratio(const struct claim_verdict *v);

/* The claims of a run and their verdicts. */
struct judgement {
	const struct claims *claims; /* borrowed; NULL: nothing is claimed */
	const char *unreadable;  /* borrowed: why the run's claims are not here;
				      * NULL: it has none */
	struct claim_verdict *v; /* owned, one per claim */
	size_t count;            /* of claims */
	enum verdict together;   /* see verdicts_together() */
	bool is_registered;      /* before the run's first sample */
	bool is_overridden;      /* by tests alone: grades do not count */
};

/*
 * Of CLAIMS, or if NULL of the run's registered claims, which PLAN has; all
 * borrowed. A PASS that rests on figures blocked by DOUBTS is NOT EVALUABLE.
 */
void judgement_init(struct judgement *j, const struct model *m,
		    const struct run_plan *plan,
		    const struct plausibility *doubts,
		    const struct footprints *footprints,
		    const struct claims *claims);
void judgement_release(struct judgement *j);

/* The row that METRIC of a claim names, NULL: none; and the runner that is NAME or
 * stands in for it, -1: none. */
const struct model_row *verdict_row(const struct model *m, const char *metric);
int verdict_runner(const struct model *m, const char *name);

/* One claim alone, without such doubts. IS_OVERRIDDEN: ignore its grade. */
struct claim_verdict verdict_of(const struct model *m,
				const struct run_plan *plan,
				const struct claim *claim, bool is_overridden);

/* Whether all of them hold, each at its own level. This is an
 * intersection-union test and needs no correction. */
enum verdict verdicts_together(const struct claim_verdict *v, size_t count);

/* A sentence: that they were registered, or that they are EXPLORATORY. */
const char *judgement_origin(bool is_registered);

/* Whether more blocks cannot decide any of them. */
bool judgement_is_settled(const struct judgement *j);

#endif
