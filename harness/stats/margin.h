/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_MARGIN_H
#define HARNESS_STATS_MARGIN_H

/*
 * margin - is a ratio within a margin? Non-inferiority and equivalence on the
 * logarithm (Schuirmann 1987), and the sample size that would decide.
 *
 * WORSE is the log ratio, candidate over baseline, with its sign such that
 * above zero is worse. A margin of 0.05 means a ratio of 1.05. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/ttest.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,          /* demonstrably worse than the margin */
	VERDICT_UNDECIDED,     /* too few or too noisy for either */
	VERDICT_NOT_EVALUABLE, /* these data can give no verdict */
	VERDICT_VOID,          /* nothing was moved */
	VERDICT_COUNT,
};

const char *verdict_name(enum verdict v); /* "PASS", "NOT EVALUABLE" */

/* Whether all of several claims hold, by which verdicts there are: FAIL before
 * UNDECIDED before NOT EVALUABLE, which is also that of none. */
enum verdict verdict_of_all(const bool has[VERDICT_COUNT]);

enum margin_kind {
	MARGIN_NON_INFERIOR,
	MARGIN_EQUIVALENT,
	MARGIN_SUPERIOR, /* better by more than the margin, which may be 0 */
};

/* "not worse by", to be followed by a margin. */
const char *margin_kind_words(enum margin_kind kind);

struct margin_test {
	enum verdict verdict;
	double p;        /* for the hypothesis that the margin is exceeded */
	double p_below;  /* equivalence: of the other side; else NaN */
	double smallest; /* margin that would pass; of superiority the largest,
			    * or below zero */
	double detectable; /* slowdown detectable with POWER, as a ratio less 1 */
	double n_needed;   /* to decide, if the estimate is true; or NaN */
};

/* The larger of two sides' p. */
double margin_p(const struct margin_test *m);

#define MARGIN_POWER 0.8

/*
 * WORSE comes from N pairs or blocks; N_NEEDED scales with N. CONFIDENCE is
 * that of the one-sided bound.
 */
struct margin_test margin_judge(const struct ttest *worse, size_t n,
				double margin, enum margin_kind kind,
				double confidence);

/*
 * Pairs that a margin needs, if the log ratio has standard deviation SD and
 * true value TRUE_LOG; NaN beyond a million.
 */
double margin_pairs(double sd, double margin, double true_log,
		    double confidence, double power);

#endif
