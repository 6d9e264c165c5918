// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/fleet/fleet_verdicts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/core/runner.h"
#include "harness/findings/model.h"
#include "harness/fleet/fleet.h"
#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_claims.h"
#include "harness/fleet/fleet_nodes.h"
#include "harness/stats/cluster_power.h"
#include "harness/stats/multiplicity.h"
#include "harness/verdict/claims.h"

static struct fleet_verdict no_verdict(const struct claim *claim)
{
	static const struct fleet_side nobody = {-1, 0, 0, NAN, NAN};

	return (struct fleet_verdict){
		.claim = claim,
		.verdict = VERDICT_NOT_EVALUABLE,
		.candidate = nobody,
		.baseline = nobody,
		.ratio = ratio_of_logs(NULL, 0, MODEL_CONFIDENCE),
		.test = {VERDICT_NOT_EVALUABLE, NAN, NAN, NAN, NAN, NAN},
		.nodes_needed = NAN,
		.holm_p = NAN};
}

static void refuse(struct fleet_verdict *v, enum verdict verdict,
		   const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void refuse(struct fleet_verdict *v, enum verdict verdict,
		   const char *fmt, ...)
{
	va_list ap;

	v->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
}

/* One side of a claim: a runner, and where the claim says so ("kvm@metal") its
 * arm. */
struct wanted {
	char runner[32];
	int arm;    /* -1: any, or none of that name */
	int series; /* -1: no run that counts has it */
};

/* The series of RUNNER; else that of its emulation, which can show numbers and
 * carries no verdict. -1: neither was measured. */
static int find_series(const struct fleet *f, const char *runner,
		       const char *metric)
{
	int at = fleet_find_series(f, runner, metric);
	size_t i;

	for (i = 0; i < f->series_count && at < 0; i++)
		if (runner_stands_in_for(f->series[i].runner, runner))
			at = fleet_find_series(f, f->series[i].runner, metric);
	return at;
}

static struct wanted want(const struct fleet *f, const char *name,
			  const char *metric)
{
	size_t len = strcspn(name, "@");
	struct wanted w = {.arm = -1};

	snprintf(w.runner, sizeof(w.runner), "%.*s", (int)len, name);
	w.series = find_series(f, w.runner, metric);
	if (!name[len])
		return w;
	w.arm = fleet_find_arm(f, name + len + 1);
	if (w.arm < 0)
		w.series = -1;
	return w;
}

/* Whether the claim is about two arms, though the same nodes may have both. */
static bool are_apart(const struct wanted *c, const struct wanted *b)
{
	return c->arm >= 0 && b->arm >= 0 && c->arm != b->arm;
}

/* The arm of a claim about one; -1: all. Where it says so of one side alone, the other
 * side is of the same runs. */
static int arm_within(const struct wanted *c, const struct wanted *b)
{
	return c->arm >= 0 ? c->arm : b->arm;
}

static struct fleet_side side_of(const struct fleet_nodes *nodes,
				 const struct cluster_mean *mean)
{
	return (struct fleet_side){.arm = nodes->arm,
				   .node_count = mean->parts.node_count,
				   .run_count = mean->parts.run_count,
				   .sd_node = sqrt(mean->parts.between),
				   .sd_run = sqrt(mean->parts.within)};
}

/* A fleet of one run per node shows only the sum of both; it is taken as the
 * nodes', which more runs do not reduce. */
static struct cluster_spread spread_of(const struct cluster_mean *m)
{
	bool is_split = !isnan(m->parts.within) && !isnan(m->parts.between);

	return is_split ? (struct cluster_spread){sqrt(m->parts.between),
						  sqrt(m->parts.within)}
			: (struct cluster_spread){sqrt(m->parts.of_means), 0};
}

static double nodes_needed(const struct fleet_verdict *v,
			   const struct cluster_mean *baseline,
			   const struct cluster_mean *candidate,
			   double worse_log)
{
	double runs = candidate->parts.runs_per_node;
	const struct cluster_plan plan = {
		.baseline = spread_of(baseline),
		.candidate = spread_of(candidate),
		.runs_per_node = runs >= 1 ? (size_t)(runs + 0.5) : 1,
		.margin = v->claim->margin,
		.kind = v->claim->kind,
		.true_log = worse_log,
		.confidence = v->claim->confidence,
		.power = MARGIN_POWER};

	return cluster_nodes_needed(&plan);
}

/* LOG is candidate less baseline. */
static void judge(struct fleet_verdict *v, const struct ttest *log,
		  size_t node_count)
{
	struct ttest worse = *log;

	v->ratio = (struct ratio){exp(log->difference), exp(log->low),
				  exp(log->high), *log};
	if (!v->lower_is_better) {
		worse.difference = -log->difference;
		worse.low = -log->high;
		worse.high = -log->low;
		worse.t = -log->t;
	}
	v->test = margin_judge(&worse, node_count, v->claim->margin,
			       v->claim->kind, v->claim->confidence);
	v->verdict = v->test.verdict;
}

static double worse_log(const struct fleet_verdict *v)
{
	double log = v->ratio.log.difference;

	return v->lower_is_better ? log : -log;
}

static void refuse_several_arms(struct fleet_verdict *v, const char *runner)
{
	refuse(v, VERDICT_NOT_EVALUABLE,
	       "'%s' was measured in several arms; name those to compare with --arms, or the claim's as RUNNER@ARM",
	       runner);
}

static void judge_within(struct fleet_verdict *v, const struct fleet *f,
			 const struct wanted *c, const struct wanted *b)
{
	struct fleet_nodes nodes;
	struct cluster_arm arm;
	struct cluster_mean mean;

	fleet_nodes_within(&nodes, f, (uint32_t)c->series, (uint32_t)b->series,
			   arm_within(c, b));
	arm = (struct cluster_arm){nodes.nodes, nodes.count};
	mean = cluster_of(&arm, MODEL_CONFIDENCE);
	v->is_within = true;
	v->candidate = v->baseline = side_of(&nodes, &mean);
	judge(v, &mean.mean, mean.parts.node_count);
	/* One sample of nodes: an arm whose other side does not vary. */
	v->nodes_needed = v->test.n_needed;
	if (mean.reason)
		refuse(v, VERDICT_NOT_EVALUABLE, "%s", mean.reason);
	else if (nodes.has_several_arms)
		refuse_several_arms(v, v->claim->candidate);
	fleet_nodes_release(&nodes);
}

static void judge_between(struct fleet_verdict *v, const struct fleet *f,
			  const struct wanted *wc, const struct wanted *wb)
{
	uint32_t candidate = (uint32_t)wc->series;
	uint32_t baseline = (uint32_t)wb->series;

	struct fleet_nodes c, b;
	struct cluster_arm arm_c, arm_b;
	struct cluster_difference d;

	v->is_bridged = fleet_has_bridge(f, candidate, wc->arm) &&
			fleet_has_bridge(f, baseline, wb->arm);
	fleet_nodes_of(&c, f, candidate, wc->arm, v->is_bridged);
	fleet_nodes_of(&b, f, baseline, wb->arm, v->is_bridged);
	arm_c = (struct cluster_arm){c.nodes, c.count};
	arm_b = (struct cluster_arm){b.nodes, b.count};
	d = cluster_compare(&arm_b, &arm_c, MODEL_CONFIDENCE);
	v->candidate = side_of(&c, &d.candidate);
	v->baseline = side_of(&b, &d.baseline);
	v->left_out_count = c.left_out_count + b.left_out_count;
	judge(v, &d.log, d.node_count);
	v->nodes_needed =
		nodes_needed(v, &d.baseline, &d.candidate, worse_log(v));
	if (d.reason)
		refuse(v, VERDICT_NOT_EVALUABLE, "%s", d.reason);
	else if (c.has_several_arms || b.has_several_arms)
		refuse_several_arms(v, c.has_several_arms ? v->claim->candidate
							  : v->claim->baseline);
	fleet_nodes_release(&b);
	fleet_nodes_release(&c);
}

/* Nodes of one fleet may have programs of unlike releases. */
static bool are_of_one_unit(const struct fleet_series *a,
			    const struct fleet_series *b)
{
	return !strcmp(a->unit, b->unit) &&
	       a->lower_is_better == b->lower_is_better;
}

/* All that forbids a verdict, whatever the figures are. */
static void check(struct fleet_verdict *v, const struct fleet *f,
		  const struct fleet_series *candidate,
		  const struct fleet_series *baseline)
{
	size_t ran = fleet_state_count(f, NODE_RAN);
	struct differences d;

	if (!are_of_one_unit(candidate, baseline)) {
		refuse(v, VERDICT_NOT_EVALUABLE,
		       "measured in '%s' and in '%s', or not to be judged alike",
		       candidate->unit, baseline->unit);
		return;
	}
	if (f->has_several_matches) {
		refuse(v, VERDICT_NOT_EVALUABLE,
		       "the runs' plans differ in what must match");
		return;
	}
	if (f->expected_count &&
	    (double)ran <
		    (1 - FLEET_MOST_MISSING) * (double)f->expected_count) {
		refuse(v, VERDICT_NOT_EVALUABLE,
		       "%zu of %zu nodes ran: those may be the ones that could",
		       ran, f->expected_count);
		return;
	}
	if (v->is_within || v->candidate.arm < 0 || v->baseline.arm < 0)
		return;
	fleet_arms_compare(f, (size_t)v->baseline.arm, (size_t)v->candidate.arm,
			   &d);
	if (d.counts[DIFFERENCE_FATAL])
		refuse(v, VERDICT_NOT_EVALUABLE,
		       "the arms are not comparable: %.60s is '%.60s' and '%.60s'",
		       d.rows[0].key, d.rows[0].a, d.rows[0].b);
	differences_release(&d);
}

/* Whether figures of that grade may be judged. */
static bool check_grade(struct fleet_verdict *v, enum grade grade,
			bool is_overridden)
{
	if (grade == GRADE_HARDWARE || is_overridden)
		return true;
	refuse(v, VERDICT_NOT_EVALUABLE, "%s", grade_name(grade));
	return false;
}

static struct fleet_verdict verdict_of(const struct fleet *f,
				       const struct claim *claim,
				       bool is_overridden)
{
	struct fleet_verdict v = no_verdict(claim);
	struct wanted c = want(f, claim->candidate, claim->metric);
	struct wanted b = want(f, claim->baseline, claim->metric);

	if (c.series < 0 || b.series < 0) {
		refuse(&v, VERDICT_NOT_EVALUABLE,
		       "no run that counts has '%.80s' of %.40s", claim->metric,
		       c.series < 0 ? claim->candidate : claim->baseline);
		return v;
	}
	v.measured = f->series[c.series].runner;
	v.lower_is_better = f->series[c.series].lower_is_better;
	if (!are_apart(&c, &b) &&
	    fleet_nodes_overlap(f, (uint32_t)c.series, (uint32_t)b.series,
				arm_within(&c, &b)))
		judge_within(&v, f, &c, &b);
	else
		judge_between(&v, f, &c, &b);
	if (check_grade(&v,
			fleet_worst_grade(f, (uint32_t)c.series,
					  (uint32_t)b.series),
			is_overridden))
		check(&v, f, &f->series[c.series], &f->series[b.series]);
	return v;
}

static bool is_corrected(const struct fleet_verdict *v)
{
	return !isnan(margin_p(&v->test)) &&
	       (v->verdict == VERDICT_PASS || v->verdict == VERDICT_FAIL ||
		v->verdict == VERDICT_UNDECIDED);
}

static void correct(struct fleet_judgement *j)
{
	double *p = xcalloc(j->count + 1, sizeof(*p));
	double *adjusted = xcalloc(j->count + 1, sizeof(*adjusted));
	size_t i;

	for (i = 0; i < j->count; i++)
		p[i] = is_corrected(&j->v[i]) ? margin_p(&j->v[i].test) : NAN;
	multiplicity_holm(p, j->count, adjusted);
	for (i = 0; i < j->count; i++)
		j->v[i].holm_p = adjusted[i];
	free(adjusted);
	free(p);
}

static enum verdict together(const struct fleet_judgement *j)
{
	bool has[VERDICT_COUNT] = {false};
	size_t i;

	for (i = 0; i < j->count; i++)
		has[j->v[i].verdict] = true;
	return verdict_of_all(has);
}

void fleet_judge(struct fleet_judgement *j, const struct fleet *f,
		 const struct claims *claims)
{
	size_t i;

	*j = (struct fleet_judgement){.claims =
					      claims ? claims : fleet_claims(f),
				      .together = VERDICT_NOT_EVALUABLE};
	if (!j->claims)
		return;
	j->count = j->claims->claims_count;
	j->is_overridden = j->claims->overrides_grade;
	j->is_registered = fleet_claims_are_registered(f, j->claims);
	j->v = xcalloc(j->count + 1, sizeof(*j->v));
	for (i = 0; i < j->count; i++)
		j->v[i] =
			verdict_of(f, &j->claims->claims[i], j->is_overridden);
	correct(j);
	j->together = together(j);
}

void fleet_judgement_release(struct fleet_judgement *j)
{
	free(j->v);
	*j = (struct fleet_judgement){.claims = NULL};
}
