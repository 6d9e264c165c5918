// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/cluster.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"

/* A smaller difference between logarithms is rounding error. */
#define ROUNDING 1e-13

/* Means of the nodes that have a run; the caller frees it. */
static double *means_of(const struct cluster_arm *arm, size_t *count)
{
	double *means = xcalloc(arm->count + 1, sizeof(*means));
	size_t i;

	*count = 0;
	for (i = 0; i < arm->count; i++)
		if (arm->nodes[i].count)
			means[(*count)++] = gsl_stats_mean(
				arm->nodes[i].values, 1, arm->nodes[i].count);
	return means;
}

/* Sums over the nodes of an arm. */
struct sums {
	double runs, squared_counts, total;
	double within; /* squares about node means */
};

static struct sums sums_of(const struct cluster_arm *arm)
{
	struct sums s = {0};
	size_t i;

	for (i = 0; i < arm->count; i++) {
		const struct cluster_node *node = &arm->nodes[i];
		double n = (double)node->count;

		if (!node->count)
			continue;
		s.runs += n;
		s.squared_counts += n * n;
		s.total += n * gsl_stats_mean(node->values, 1, node->count);
		s.within += gsl_stats_tss(node->values, 1, node->count);
	}
	return s;
}

/* Squares of node means about the mean of all runs, by runs. */
static double squares_between(const struct cluster_arm *arm,
			      const struct sums *s)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < arm->count; i++) {
		const struct cluster_node *node = &arm->nodes[i];
		double d;

		if (!node->count)
			continue;
		d = gsl_stats_mean(node->values, 1, node->count) -
		    s->total / s->runs;
		sum += (double)node->count * d * d;
	}
	return sum;
}

/* E(MS between) = within + n0 between. */
static struct cluster_parts parts_of(const struct cluster_arm *arm,
				     const double *means, size_t count)
{
	const struct sums s = sums_of(arm);
	const double nodes = (double)count;
	struct cluster_parts p = {
		count, (size_t)s.runs, NAN, NAN, NAN, NAN, NAN, NAN};

	if (s.runs > nodes)
		p.within = s.within / (s.runs - nodes);
	if (count < 2)
		return p;
	p.of_means = gsl_stats_variance(means, 1, count);
	p.runs_per_node = (s.runs - s.squared_counts / s.runs) / (nodes - 1);
	p.between = (squares_between(arm, &s) / (nodes - 1) - p.within) /
		    p.runs_per_node;
	/* fmax() would turn NaN into zero. */
	if (p.between < 0)
		p.between = 0;
	p.node_share = p.between / (p.between + p.within);
	p.node_share_of_mean =
		p.between / (p.between + p.within / p.runs_per_node);
	return p;
}

struct cluster_mean cluster_of(const struct cluster_arm *arm, double confidence)
{
	struct cluster_mean m = {.reason = "no node has a run"};
	size_t count;
	double *means = means_of(arm, &count);
	double mean = count ? gsl_stats_mean(means, 1, count) : NAN;
	double n = (double)count, sd = NAN;

	m.parts = parts_of(arm, means, count);
	if (count == 1)
		m.reason = "one node: the variance between nodes is unknown";
	if (count > 1) {
		sd = gsl_stats_sd(means, 1, count);
		m.reason =
			sd > ROUNDING ? NULL : "no node differs from another";
	}
	m.mean = ttest_of(mean, m.reason ? NAN : sd / sqrt(n), n - 1,
			  confidence);
	free(means);
	return m;
}

/* Why two arms give no interval, by the nodes of each. */
static const char *refusal(const struct cluster_mean *a,
			   const struct cluster_mean *b)
{
	if (a->parts.node_count < 2)
		return a->reason;
	if (b->parts.node_count < 2)
		return b->reason;
	/* One arm with noise is enough for an interval. */
	return a->reason && b->reason ? a->reason : NULL;
}

struct cluster_difference cluster_compare(const struct cluster_arm *baseline,
					  const struct cluster_arm *candidate,
					  double confidence)
{
	struct cluster_difference d = {
		.baseline = cluster_of(baseline, confidence),
		.candidate = cluster_of(candidate, confidence),
	};
	size_t base_count, count;
	double *base = means_of(baseline, &base_count);
	double *means = means_of(candidate, &count);

	d.node_count = count < base_count ? count : base_count;
	d.reason = refusal(&d.baseline, &d.candidate);
	if (d.reason)
		d.log = ttest_of(d.candidate.mean.difference -
					 d.baseline.mean.difference,
				 NAN, NAN, confidence);
	else
		d.log = ttest_welch(means, count, base, base_count, confidence);
	free(base);
	free(means);
	return d;
}
