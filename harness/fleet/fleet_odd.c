// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_odd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/fleet/fleet.h"
#include "harness/fleet/fleet_nodes.h"
#include "harness/stats/odd.h"
#include "harness/stats/quantile.h"

/* Details would cost the others power: each series that is looked at makes each
 * node's p larger. */
static bool is_looked_at(const struct fleet_series *s)
{
	struct model_row row = {.unit = ""};

	memcpy(row.workload, s->workload, sizeof(row.workload));
	memcpy(row.point, s->point, sizeof(row.point));
	return model_row_is_summary(&row);
}

struct looked_at {
	uint32_t *series; /* owned */
	bool *is_ratio;   /* owned */
	size_t count;
};

static void choose_series(struct looked_at *l, const struct fleet *f)
{
	size_t i;

	*l = (struct looked_at){
		.series = xcalloc(f->series_count + 1, sizeof(*l->series)),
		.is_ratio = xcalloc(f->series_count + 1, sizeof(bool))};
	for (i = 0; i < f->series_count; i++) {
		if (!is_looked_at(&f->series[i]))
			continue;
		l->series[l->count] = (uint32_t)i;
		l->is_ratio[l->count++] = fleet_has_bridge(f, (uint32_t)i, -1);
	}
}

/* The arm's nodes that ran, and their means; [node * l->count + series]. */
struct arm_means {
	uint32_t *nodes;       /* owned */
	double *logs;          /* owned */
	double *run_variances; /* owned; of those means, by their runs alone */
	bool is_uneven;        /* nodes have unequal numbers of runs */
	size_t count;
};

static double mean_of(const struct cluster_node *n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n->count; i++)
		sum += n->values[i];
	return sum / (double)n->count;
}

/* The variance of a run on its node, by those of the arm; 0 where no node has two
 * runs: all have equally many then. */
static double variance_within(const struct fleet_nodes *n, const size_t *place)
{
	double sum = 0;
	size_t i, k, df = 0;

	for (i = 0; i < n->count; i++) {
		double mean = mean_of(&n->nodes[i]);

		if (place[n->numbers[i]] == SIZE_MAX)
			continue;
		for (k = 0; k < n->nodes[i].count; k++)
			sum += (n->nodes[i].values[k] - mean) *
			       (n->nodes[i].values[k] - mean);
		df += n->nodes[i].count - 1;
	}
	return df ? sum / (double)df : 0;
}

static void fill_series(struct arm_means *m, const struct fleet *f,
			const struct looked_at *l, size_t at,
			const size_t *place)
{
	struct fleet_nodes n;
	double within;
	size_t i;

	fleet_nodes_of(&n, f, l->series[at], -1, l->is_ratio[at]);
	within = variance_within(&n, place);
	for (i = 1; i < n.count; i++)
		m->is_uneven =
			m->is_uneven || n.nodes[i].count != n.nodes[0].count;
	for (i = 0; i < n.count; i++) {
		size_t cell = place[n.numbers[i]];

		if (cell == SIZE_MAX)
			continue;
		cell = cell * l->count + at;
		m->logs[cell] = mean_of(&n.nodes[i]);
		m->run_variances[cell] = within / (double)n.nodes[i].count;
	}
	fleet_nodes_release(&n);
}

static void means_of(struct arm_means *m, const struct fleet *f, uint32_t arm,
		     const struct looked_at *l)
{
	size_t *place = xcalloc(f->node_count + 1, sizeof(*place));
	size_t i;

	*m = (struct arm_means){
		.nodes = xcalloc(f->node_count + 1, sizeof(*m->nodes)),
		.logs = xcalloc(f->node_count * l->count + 1, sizeof(*m->logs)),
		.run_variances = xcalloc(f->node_count * l->count + 1,
					 sizeof(*m->run_variances))};
	for (i = 0; i < f->node_count; i++) {
		place[i] = SIZE_MAX;
		if (f->nodes[i].arm != arm || f->nodes[i].state != NODE_RAN)
			continue;
		place[i] = m->count;
		m->nodes[m->count++] = (uint32_t)i;
	}
	for (i = 0; i < m->count * l->count; i++)
		m->logs[i] = NAN;
	for (i = 0; i < l->count; i++)
		fill_series(m, f, l, i, place);
	free(place);
}

static double median_of(const struct arm_means *m, size_t series, size_t stride)
{
	double *values = xcalloc(m->count + 1, sizeof(*values));
	size_t i, n = 0;
	double median;

	for (i = 0; i < m->count; i++)
		if (!isnan(m->logs[i * stride + series]))
			values[n++] = m->logs[i * stride + series];
	median = quantile_median(values, n);
	free(values);
	return median;
}

static void add_nodes(struct fleet_odd *o, const struct arm_means *m,
		      const struct looked_at *l, const struct odd_node *scored)
{
	double *medians = xcalloc(l->count + 1, sizeof(*medians));
	size_t i;

	for (i = 0; i < l->count; i++)
		medians[i] = median_of(m, i, l->count);
	o->nodes =
		xrealloc(o->nodes, o->count + m->count + 1, sizeof(*o->nodes));
	for (i = 0; i < m->count; i++) {
		size_t s = scored[i].worst_series;

		if (isnan(scored[i].p))
			continue;
		o->nodes[o->count++] = (struct fleet_odd_node){
			.node = m->nodes[i],
			.series = l->series[s],
			.is_ratio = l->is_ratio[s],
			.value = exp(m->logs[i * l->count + s]),
			.median = exp(medians[s]),
			.ratio = scored[i].worst_ratio,
			.p = scored[i].p};
	}
	free(medians);
}

static void score_arm(struct fleet_odd *o, const struct fleet *f, uint32_t arm,
		      const struct looked_at *l, const struct odd_options *by)
{
	const char **reasons = xcalloc(l->count + 1, sizeof(*reasons));
	struct odd_node *scored;
	struct arm_means m;
	size_t i, judged;

	means_of(&m, f, arm, l);
	scored = xcalloc(m.count + 1, sizeof(*scored));
	judged = odd_score(
		&(struct odd_arm){m.logs, m.is_uneven ? m.run_variances : NULL,
				  m.count, l->count},
		by, scored, reasons);
	add_nodes(o, &m, l, scored);
	for (i = 0; i < l->count && !judged && !o->reason[0]; i++)
		if (reasons[i] && m.count)
			snprintf(o->reason, sizeof(o->reason),
				 "Odd nodes of arm %s cannot be told: %s",
				 f->arms[arm].name, reasons[i]);
	free(scored);
	free(reasons);
	free(m.nodes);
	free(m.logs);
	free(m.run_variances);
}

static int compare(const void *x, const void *y)
{
	const struct fleet_odd_node *a = x, *b = y;

	if (a->is_odd != b->is_odd)
		return a->is_odd ? -1 : 1;
	if (a->p < b->p || b->p < a->p)
		return a->p < b->p ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static void decide(struct fleet_odd *o, const struct odd_options *by)
{
	struct odd_node *all = xcalloc(o->count + 1, sizeof(*all));
	size_t i;

	for (i = 0; i < o->count; i++)
		all[i] = (struct odd_node){.p = o->nodes[i].p,
					   .worst_ratio = o->nodes[i].ratio};
	o->odd_count = odd_decide(all, o->count, by);
	for (i = 0; i < o->count; i++) {
		o->nodes[i].is_odd = all[i].is_odd;
		o->nodes[i].adjusted = all[i].adjusted;
	}
	free(all);
	if (o->count)
		qsort(o->nodes, o->count, sizeof(*o->nodes), compare);
}

void fleet_odd_find(struct fleet_odd *o, const struct fleet *f,
		    double least_ratio)
{
	const struct odd_options by = {FLEET_ODD_RATE, least_ratio};
	struct looked_at l;
	size_t arm;

	*o = (struct fleet_odd){.count = 0};
	choose_series(&l, f);
	for (arm = 0; arm < f->arm_count; arm++)
		score_arm(o, f, (uint32_t)arm, &l, &by);
	decide(o, &by);
	free(l.series);
	free(l.is_ratio);
}

void fleet_odd_release(struct fleet_odd *o)
{
	free(o->nodes);
	*o = (struct fleet_odd){.count = 0};
}

const struct fleet_odd_node *fleet_odd_of(const struct fleet_odd *o,
					  uint32_t node)
{
	size_t i;

	for (i = 0; i < o->count; i++)
		if (o->nodes[i].node == node)
			return &o->nodes[i];
	return NULL;
}
