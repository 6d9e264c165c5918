/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_VERDICTS_H
#define REPORTS_VERDICTS_H

/*
 * verdicts - claims held against a run. Numbers are shown wherever there are
 * some; a verdict only where they may carry one: emulated and software grades
 * never do.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"

struct claim;
struct claims;
struct model;

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

/* One alone, without the doubts of reports/plausible.h. */
struct claim_verdict verdict_of(const struct model *m,
				const struct claim *claim);

/* Those that M's run was begun with, as they were then, for claims_free();
 * NULL: none. */
struct claims *verdicts_registered(const struct model *m);

/* What is claimed of a run, and what became of it. */
struct judgement {
	const struct claims *claims;
	struct claim_verdict *v; /* owned, one a claim */
	bool is_registered;      /* before the run's first sample was taken */
	struct claims *owned;    /* where they came with the run */
};

/* Of the claims that M names, else of those that its run was begun with; false
 * where there are neither. */
bool verdicts_judge(const struct model *m, struct judgement *j);
void verdicts_release(struct judgement *j);

/* A sentence: that they were registered, or that they are EXPLORATORY. */
const char *verdicts_origin(bool is_registered);

/* One a claim; the caller frees them. */
struct claim_verdict *verdicts_of(const struct model *m,
				  const struct claims *claims);

/* Whether more blocks could decide none of them. */
bool verdicts_are_settled(const struct claim_verdict *v, size_t count);

/* Whether all of them hold: each at its own level, which is an intersection-
 * union test and needs no correction. */
enum verdict verdicts_together(const struct claim_verdict *v, size_t count);

/* Of verdicts_judge(); null without any. */
json_t *verdicts_to_json(const struct model *m); /* caller owns */

void verdicts_write(const struct model *m, const struct judgement *j,
		    FILE *out);

#endif
