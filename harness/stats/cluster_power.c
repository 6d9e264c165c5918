// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/cluster_power.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define MAX_NODES 1000000

/* Points of the integral below, and how many standard deviations of r they
 * reach. The power is exact to 2e-4. */
#define POINTS 200
#define REACH 8

static double limit_of(const struct cluster_plan *p)
{
	double limit = log1p(p->margin);

	return p->kind == MARGIN_SUPERIOR ? -limit : limit;
}

/* An equivalence looks at both sides alike. */
static double truth_of(const struct cluster_plan *p)
{
	return p->kind == MARGIN_EQUIVALENT ? fabs(p->true_log) : p->true_log;
}

enum verdict cluster_deserved(const struct cluster_plan *plan)
{
	return truth_of(plan) < limit_of(plan) ? VERDICT_PASS : VERDICT_FAIL;
}

double cluster_mean_sd(const struct cluster_spread *spread,
		       size_t runs_per_node)
{
	return hypot(spread->node_sd,
		     spread->run_sd / sqrt((double)runs_per_node));
}

/*
 * How far the truth is from the limits, in standard errors. TO_LIMIT: from the
 * limit that decides. TO_OTHER: from the other limit of an equivalence;
 * infinite if no second limit must hold.
 */
struct distance {
	double to_limit, to_other;
};

static struct distance distance_of(const struct cluster_plan *p, double se)
{
	const double limit = limit_of(p), truth = truth_of(p);
	struct distance d = {fabs(limit - truth) / se, INFINITY};

	if (p->kind == MARGIN_EQUIVALENT && truth < limit)
		d.to_other = (limit + truth) / se;
	return d;
}

/*
 * The standard error is estimated: it is the true one times r, df r^2 being
 * chi-squared. Given r, the estimate is inside both bounds with probability
 * Phi(to_limit - t r) - Phi(t r - to_other); the power is its mean over r, whose
 * density is proportional to r^(df - 1) exp(-df r^2 / 2). With one bound this
 * is the noncentral t distribution, with two it is Owen's.
 */
static double power_of(const struct distance *d, double df, double confidence)
{
	const double t = gsl_cdf_tdist_Pinv(confidence, df);
	const double sd = 1 / sqrt(2 * df), low = fmax(0, 1 - REACH * sd);
	const double step = (1 + REACH * sd - low) / POINTS;
	double sum = 0, weights = 0;
	size_t i;

	for (i = 0; i < POINTS; i++) {
		double r = low + ((double)i + 0.5) * step;
		double weight = exp((df - 1) * log(r) - df * (r * r - 1) / 2);
		double inside = gsl_cdf_ugaussian_P(d->to_limit - t * r) -
				gsl_cdf_ugaussian_P(t * r - d->to_other);

		sum += weight * fmax(0, inside);
		weights += weight;
	}
	return sum / weights;
}

double cluster_power(const struct cluster_plan *plan, size_t node_count)
{
	double a =
		pow(cluster_mean_sd(&plan->baseline, plan->runs_per_node), 2);
	double b =
		pow(cluster_mean_sd(&plan->candidate, plan->runs_per_node), 2);
	double n = (double)node_count, sum = a + b;
	struct distance d;

	if (node_count < 2 || !plan->runs_per_node || !(sum >= 0) ||
	    !isfinite(sum) || !(plan->confidence > 0 && plan->confidence < 1))
		return NAN;
	d = distance_of(plan, 1);
	if (!(d.to_limit > 0))
		return NAN;
	if (sum <= 0)
		return 1;
	d = distance_of(plan, sqrt(sum / n));
	return power_of(&d, (n - 1) * sum * sum / (a * a + b * b),
			plan->confidence);
}

double cluster_nodes_needed(const struct cluster_plan *plan)
{
	size_t low = 2, high = MAX_NODES;

	if (!(plan->power < 1) || !(cluster_power(plan, high) >= plan->power))
		return NAN;
	/* More nodes have more power. */
	while (low < high) {
		size_t n = low + (high - low) / 2;

		if (cluster_power(plan, n) >= plan->power)
			high = n;
		else
			low = n + 1;
	}
	return (double)high;
}
