// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/odd.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Halvings of the variance between nodes, which give it to 2e-5. */
#define STEPS 16

/* One series: the values of the nodes that have it. */
struct sample {
	double *values, *run_variances; /* owned */
	double *sorted, *work;          /* owned; room for as many, and three
					 * times as many */
	int *counts;                    /* owned; five times as many */
	size_t count;
	bool has_run_variances;
};

static void sample_init(struct sample *s, size_t room)
{
	s->values = xcalloc(room + 1, sizeof(*s->values));
	s->run_variances = xcalloc(room + 1, sizeof(*s->run_variances));
	s->sorted = xcalloc(room + 1, sizeof(*s->sorted));
	s->work = xcalloc(3 * room + 1, sizeof(*s->work));
	s->counts = xcalloc(5 * room + 1, sizeof(*s->counts));
	s->count = 0;
}

static void sample_release(struct sample *s)
{
	free(s->values);
	free(s->run_variances);
	free(s->sorted);
	free(s->work);
	free(s->counts);
}

static double run_variance(const struct odd_arm *arm, size_t at)
{
	double v = arm->run_variances ? arm->run_variances[at] : 0;

	return v > 0 && isfinite(v) ? v : 0;
}

static void sample_fill(struct sample *s, const struct odd_arm *arm,
			size_t series)
{
	size_t i;

	s->count = 0;
	s->has_run_variances = arm->run_variances != NULL;
	for (i = 0; i < arm->node_count; i++) {
		size_t at = i * arm->series_count + series;

		if (!isfinite(arm->logs[at]))
			continue;
		s->values[s->count] = arm->logs[at];
		s->run_variances[s->count++] = run_variance(arm, at);
	}
}

/* A good node's distance from MEDIAN has the standard deviation FACTOR *
 * sqrt(BETWEEN + its run variance). */
struct scale {
	double median;
	double between, factor; /* factor 0: there is no scale */
	double df;
	const char *reason; /* why the series is not judged */
};

/* Of s->sorted, which it sorts first. */
static double qn_of_sorted(struct sample *s)
{
	quantile_sort(s->sorted, s->count);
	return gsl_stats_Qn_from_sorted_data(s->sorted, 1, s->count, s->work,
					     s->counts);
}

/* Of distances from the median, each in units of its standard deviation. */
static double qn_of(struct sample *s, double median, double between)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		s->sorted[i] = (s->values[i] - median) /
			       sqrt(between + s->run_variances[i]);
	return qn_of_sorted(s);
}

/*
 * Nodes with fewer runs scatter more. BETWEEN is what remains for the nodes
 * themselves: with it the distances, each in its own units, have Qn 1. If they
 * scatter less than their runs explain, it is about zero, and Qn is below 1.
 */
static double between_of(struct sample *s, double median, double variance)
{
	double high = 2 * variance, low = high * 1e-9;
	int i;

	if (!s->has_run_variances)
		return variance;
	for (i = 0; i < STEPS; i++) {
		double middle = (low + high) / 2;

		if (qn_of(s, median, middle) > 1)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool are_alike(const struct sample *s, double median)
{
	size_t i, alike = 0;

	for (i = 0; i < s->count; i++)
		alike += fabs(s->values[i] - median) <= ROUNDING;
	return (double)alike >= ALIKE_SHARE * (double)s->count;
}

/*
 * The variance of x_i - median is, in units of x's: 1 + pi/(2n), of the median,
 * less twice the covariance, which is 1/n for each normal value.
 */
static struct scale scale_of(struct sample *s)
{
	const double n = (double)s->count;
	struct scale scale = {.df = DF_SHARE * (n - 1)};
	double qn;

	_Static_assert(ODD_MIN_NODES == 10, "the reason names the number");
	if (s->count < ODD_MIN_NODES) {
		scale.reason = "fewer than 10 nodes have it";
		return scale;
	}
	scale.median = quantile_median(s->values, s->count);
	memcpy(s->sorted, s->values, s->count * sizeof(*s->sorted));
	qn = qn_of_sorted(s);
	if (qn > ROUNDING) {
		scale.between = between_of(s, scale.median, qn * qn);
		scale.factor = qn_of(s, scale.median, scale.between) *
			       sqrt(1 + (M_PI_2 - 2) / n);
	} else if (!are_alike(s, scale.median)) {
		scale.reason = "more than half of the nodes have equal values, "
			       "but fewer than 90 %";
	}
	return scale;
}

/* Two-sided. A node nearer than LEAST is never odd: its p is raised to 1. */
static double p_of(const struct scale *s, double distance, double run_variance,
		   double least)
{
	double se = s->factor * sqrt(s->between + run_variance);

	distance = fabs(distance);
	if (distance <= ROUNDING || distance < least)
		return 1;
	/* All others agree to the last digit. */
	if (se <= 0)
		return 0;
	return 2 * gsl_cdf_tdist_Q(distance / se, s->df);
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
		size_t at = i * arm->series_count + series;
		double value = arm->logs[at], p, ratio;

		if (!isfinite(value))
			continue;
		p = p_of(s, value - s->median, run_variance(arm, at), least);
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
	struct sample sample;
	size_t *series_of_node =
		xcalloc(arm->node_count + 1, sizeof(*series_of_node));
	size_t i, judged = 0;

	sample_init(&sample, arm->node_count);
	for (i = 0; i < arm->node_count; i++)
		out[i] = (struct odd_node){
			.p = NAN, .adjusted = NAN, .worst_ratio = NAN};
	for (i = 0; i < arm->series_count; i++) {
		struct scale s;

		sample_fill(&sample, arm, i);
		s = scale_of(&sample);
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
	sample_release(&sample);
	free(series_of_node);
	return judged;
}

size_t odd_decide(struct odd_node *nodes, size_t count,
		  const struct odd_options *o)
{
	double *p = xcalloc(count + 1, sizeof(*p));
	double *adjusted = xcalloc(count + 1, sizeof(*adjusted));
	size_t i, odd = 0;

	for (i = 0; i < count; i++)
		p[i] = nodes[i].p;
	multiplicity_bh(p, count, adjusted);
	for (i = 0; i < count; i++) {
		if (isnan(nodes[i].p))
			continue;
		nodes[i].adjusted = adjusted[i];
		nodes[i].is_odd = nodes[i].adjusted <= o->fdr;
		odd += nodes[i].is_odd;
	}
	free(p);
	free(adjusted);
	return odd;
}
