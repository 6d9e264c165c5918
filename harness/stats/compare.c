// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/compare.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

#include "harness/stats/quantile.h"

static struct compare_arm arm_of(const double *v, size_t n, double confidence)
{
	struct compare_arm arm = {.n = n, .mean = NAN, .sd = NAN};

	if (n)
		arm.mean = gsl_stats_mean(v, 1, n);
	if (n > 1)
		arm.sd = gsl_stats_sd(v, 1, n);
	arm.median = quantile_median(v, n);
	quantile_median_interval(v, n, confidence, &arm.median_low,
				 &arm.median_high);
	return arm;
}

static bool all_positive(const double *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!(v[i] > 0))
			return false;
	return true;
}

/* Why these values cannot be judged; NULL: they can. */
static const char *refusal(const struct comparison *c)
{
	if (c->a.n < 2 || c->b.n < 2)
		return "one value per side does not show the noise";
	if (isnan(c->log.ratio))
		return "a ratio needs values above zero";
	if (!(c->log.log.se > 0))
		return "no value differs: there is no noise to judge with";
	return NULL;
}

static void judge_difference(struct comparison *c,
			     const struct compare_options *o)
{
	struct ttest worse = c->log.log;
	/* Of unpaired arms the smaller decides how many more are needed. */
	size_t n = c->a.n < c->b.n ? c->a.n : c->b.n;

	c->margin.verdict = VERDICT_NOT_EVALUABLE;
	c->reason = refusal(c);
	if (c->reason || !(o->margin > 0))
		return;
	if (o->higher_is_better)
		worse.difference = -worse.difference;
	c->margin = margin_judge(&worse, n, o->margin, o->kind, o->confidence);
}

struct comparison compare(const double *a, size_t a_count, const double *b,
			  size_t b_count, const struct compare_options *o)
{
	const double conf = o->confidence;
	struct comparison c = {
		.a = arm_of(a, a_count, conf),
		.b = arm_of(b, b_count, conf),
		.means = {NAN, NAN, NAN, {NAN, NAN, NAN, NAN, NAN, NAN, NAN}},
		.margin = {VERDICT_NOT_EVALUABLE, NAN, NAN, NAN, NAN, NAN},
	};

	c.log = ratio_of_logs(NULL, 0, conf);
	if (o->is_paired) {
		c.t = ttest_paired(a, b, a_count, conf);
		c.ranks = ranks_signed(a, b, a_count);
		c.shift = ranks_shift_paired(a, b, a_count, conf);
	} else {
		c.t = ttest_welch(a, a_count, b, b_count, conf);
		c.ranks = ranks_mann_whitney(a, a_count, b, b_count);
		c.shift = ranks_shift(a, a_count, b, b_count, conf);
		ratio_fieller(a, a_count, b, b_count, conf, &c.means);
	}
	if (a_count && b_count && all_positive(a, a_count) &&
	    all_positive(b, b_count))
		c.log = o->is_paired
				? ratio_paired(a, b, a_count, conf)
				: ratio_welch(a, a_count, b, b_count, conf);
	judge_difference(&c, o);
	return c;
}
