// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/odd.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/multiplicity.h"
#include "harness/stats/quantile.h"

/* A smaller difference between logarithms is rounding error. */
#define ROUNDING 1e-13

/*
 * Student's degrees of freedom per degree of the sample. Qn has 82 % of the
 * efficiency of the standard deviation, but lower values of it are more
 * frequent in small samples than those of a standard deviation of 0.82 (n - 1)
 * degrees. By simulation 0.65 keeps the false discovery rate, from 10 nodes
 * on, and with up to 200 series (docs/statistics.md).
 */
#define DF_SHARE 0.65

/* So many nodes at least must agree to the last digit for the others to be odd
 * without any scale to compare them with. */
#define ALIKE_SHARE 0.9

/* One series over the nodes of an arm. */
struct scale {
	double median;
	double se; /* of a good node's distance from MEDIAN; 0: no scale */
	double df;
	const char *reason; /* why it is not judged */
};

/* The number of values; SORTED has room for all nodes. */
static size_t copy_series(const struct odd_arm *arm, size_t series,
			  double *sorted)
{
	size_t i, n = 0;

	for (i = 0; i < arm->node_count; i++) {
		double value = arm->logs[i * arm->series_count + series];

		if (isfinite(value))
			sorted[n++] = value;
	}
	quantile_sort(sorted, n);
	return n;
}

static double qn_of_sorted(const double *sorted, size_t n)
{
	double *work = xcalloc(3 * n, sizeof(*work));
	int *counts = xcalloc(5 * n, sizeof(*counts));
	double qn = gsl_stats_Qn_from_sorted_data(sorted, 1, n, work, counts);

	free(work);
	free(counts);
	return qn;
}

static bool are_alike(const double *sorted, size_t n, double median)
{
	size_t i, alike = 0;

	for (i = 0; i < n; i++)
		alike += fabs(sorted[i] - median) <= ROUNDING;
	return (double)alike >= ALIKE_SHARE * (double)n;
}

/*
 * The variance of x_i - median is, in units of x's: 1 + pi/(2n), of the median,
 * less twice the covariance, which is 1/n for each normal value.
 */
static struct scale scale_of(const double *sorted, size_t count)
{
	const double n = (double)count;
	struct scale s = {.df = DF_SHARE * (n - 1)};
	double qn;

	_Static_assert(ODD_MIN_NODES == 10, "the reason names the number");
	if (count < ODD_MIN_NODES) {
		s.reason = "fewer than 10 nodes have it";
		return s;
	}
	s.median = quantile_of_sorted(sorted, count, 0.5);
	qn = qn_of_sorted(sorted, count);
	if (qn > ROUNDING)
		s.se = qn * sqrt(1 + (M_PI_2 - 2) / n);
	else if (!are_alike(sorted, count, s.median))
		s.reason =
			"more than half of the nodes have equal values, but fewer than 90 %";
	return s;
}

/* Two-sided. A node nearer than LEAST is never odd: its p is raised to 1. */
static double p_of(const struct scale *s, double distance, double least)
{
	distance = fabs(distance);
	if (distance <= ROUNDING || distance < least)
		return 1;
	/* All others agree to the last digit. */
	if (s->se <= 0)
		return 0;
	return 2 * gsl_cdf_tdist_Q(distance / s->se, s->df);
}

static bool is_worse(const struct odd_node *node, double p, double ratio)
{
	if (isnan(node->p) || p < node->p)
		return true;
	return p <= node->p && fabs(log(ratio)) > fabs(log(node->worst_ratio));
}

static void score_series(const struct odd_arm *arm, size_t series,
			 const struct scale *s, double least,
			 struct odd_node *out, size_t *series_of_node)
{
	size_t i;

	for (i = 0; i < arm->node_count; i++) {
		double value = arm->logs[i * arm->series_count + series];
		double p, ratio;

		if (!isfinite(value))
			continue;
		p = p_of(s, value - s->median, least);
		ratio = exp(value - s->median);
		series_of_node[i]++;
		if (is_worse(&out[i], p, ratio)) {
			out[i].p = p;
			out[i].worst_series = series;
			out[i].worst_ratio = ratio;
		}
	}
}

size_t odd_score(const struct odd_arm *arm, const struct odd_options *o,
		 struct odd_node *out, const char **reasons)
{
	double *sorted = xcalloc(arm->node_count + 1, sizeof(*sorted));
	size_t *series_of_node =
		xcalloc(arm->node_count + 1, sizeof(*series_of_node));
	size_t i, judged = 0;

	for (i = 0; i < arm->node_count; i++)
		out[i] = (struct odd_node){
			.p = NAN, .adjusted = NAN, .worst_ratio = NAN};
	for (i = 0; i < arm->series_count; i++) {
		size_t n = copy_series(arm, i, sorted);
		struct scale s = scale_of(sorted, n);

		reasons[i] = s.reason;
		if (s.reason)
			continue;
		judged++;
		score_series(arm, i, &s, log(o->least_ratio), out,
			     series_of_node);
	}
	for (i = 0; i < arm->node_count; i++)
		if (series_of_node[i])
			out[i].p =
				fmin(1, (double)series_of_node[i] * out[i].p);
	free(sorted);
	free(series_of_node);
	return judged;
}

size_t odd_decide(struct odd_node *nodes, size_t count,
		  const struct odd_options *o)
{
	double *p = xcalloc(count + 1, sizeof(*p));
	double *adjusted = xcalloc(count + 1, sizeof(*adjusted));
	size_t i, n = 0, odd = 0;

	for (i = 0; i < count; i++)
		if (!isnan(nodes[i].p))
			p[n++] = nodes[i].p;
	multiplicity_bh(p, n, adjusted);
	for (n = 0, i = 0; i < count; i++) {
		if (isnan(nodes[i].p))
			continue;
		nodes[i].adjusted = adjusted[n++];
		nodes[i].is_odd = nodes[i].adjusted <= o->fdr;
		odd += nodes[i].is_odd;
	}
	free(p);
	free(adjusted);
	return odd;
}
