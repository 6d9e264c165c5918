// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/margin.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define MAX_PAIRS 1e6

static const char *const verdict_names[] = {
	[VERDICT_PASS] = "PASS",
	[VERDICT_FAIL] = "FAIL",
	[VERDICT_UNDECIDED] = "UNDECIDED",
	[VERDICT_NOT_EVALUABLE] = "NOT EVALUABLE",
	[VERDICT_VOID] = "VOID",
};
_Static_assert(sizeof(verdict_names) / sizeof(verdict_names[0]) ==
		       VERDICT_COUNT,
	       "every verdict has a name");

static const char *const kind_words[] = {
	[MARGIN_NON_INFERIOR] = "not worse by",
	[MARGIN_EQUIVALENT] = "equal within",
	[MARGIN_SUPERIOR] = "better by",
};

const char *margin_kind_words(enum margin_kind kind)
{
	return kind_words[kind];
}

const char *verdict_name(enum verdict v)
{
	return verdict_names[v];
}

enum verdict verdict_of_all(const bool has[VERDICT_COUNT])
{
	if (has[VERDICT_FAIL])
		return VERDICT_FAIL;
	if (has[VERDICT_UNDECIDED])
		return VERDICT_UNDECIDED;
	return has[VERDICT_NOT_EVALUABLE] || has[VERDICT_VOID] ||
			       !has[VERDICT_PASS]
		       ? VERDICT_NOT_EVALUABLE
		       : VERDICT_PASS;
}

double margin_p(const struct margin_test *m)
{
	return isnan(m->p_below) ? m->p : fmax(m->p, m->p_below);
}

/* Both quantiles: a true difference of this size is detected with that
 * power. */
static double reach(double df, double confidence, double power)
{
	return gsl_cdf_tdist_Pinv(confidence, df) +
	       gsl_cdf_tdist_Pinv(power, df);
}

static double pairs(double sd, double distance, double confidence, double power)
{
	double low = 2, high = MAX_PAIRS;

	if (!(sd >= 0) || !(distance > 0) ||
	    reach(high - 1, confidence, power) * sd / sqrt(high) > distance)
		return NAN;
	/* What n pairs leave undecided shrinks with n. */
	while (high - low >= 1) {
		double n = floor((low + high) / 2);

		if (reach(n - 1, confidence, power) * sd / sqrt(n) <= distance)
			high = n;
		else
			low = n + 1;
	}
	return high;
}

double margin_pairs(double sd, double margin, double true_log,
		    double confidence, double power)
{
	return pairs(sd, fabs(log1p(margin) - true_log), confidence, power);
}

/* Both sides: better by more than the margin is not equivalent either. */
static void judge_below(const struct ttest *worse, double limit, double bound,
			double alpha, struct margin_test *m)
{
	double d = worse->difference;

	m->p_below = gsl_cdf_tdist_Q((d + limit) / worse->se, worse->df);
	m->smallest = fmax(m->smallest, expm1(bound - d));
	if (d + bound < -limit)
		m->verdict = VERDICT_FAIL;
	else if (m->verdict == VERDICT_PASS && m->p_below > alpha)
		m->verdict = VERDICT_UNDECIDED;
}

struct margin_test margin_judge(const struct ttest *worse, size_t n,
				double margin, enum margin_kind kind,
				double confidence)
{
	const bool is_superior = kind == MARGIN_SUPERIOR;
	const double limit = is_superior ? -log1p(margin) : log1p(margin);
	const double d = worse->difference, se = worse->se, df = worse->df;
	struct margin_test m = {VERDICT_NOT_EVALUABLE, NAN, NAN, NAN, NAN, NAN};
	double bound, alpha = 1 - confidence;

	if (!(se > 0) || !(df > 0) || margin < 0 ||
	    (margin <= 0 && !is_superior))
		return m;
	bound = gsl_cdf_tdist_Pinv(confidence, df) * se;
	m.p = gsl_cdf_tdist_Q((limit - d) / se, df);
	m.smallest =
		is_superior ? expm1(-d - bound) : fmax(0, expm1(d + bound));
	m.detectable = expm1(reach(df, confidence, MARGIN_POWER) * se);
	m.n_needed = pairs(se * sqrt((double)n), fabs(limit - d), confidence,
			   MARGIN_POWER);
	m.verdict = m.p <= alpha ? VERDICT_PASS : VERDICT_UNDECIDED;
	if (d - bound > limit)
		m.verdict = VERDICT_FAIL;
	if (kind == MARGIN_EQUIVALENT)
		judge_below(worse, limit, bound, alpha, &m);
	return m;
}
