// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/verdicts.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/core/plan.h"
#include "harness/core/runner.h"
#include "harness/findings/kubevirt_answer.h"
#include "harness/findings/model.h"
#include "harness/findings/plausibility.h"
#include "harness/findings/run_plan.h"
#include "harness/stats/multiplicity.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"
#include "harness/verdict/decide.h"

#define IMPLAUSIBLE_RATIO 0.95

/* What is claimed of KubeVirt's formula, not of another runner. */
static bool claim_is_kubevirts(const struct claim *claim)
{
	return kubevirt_question_of(claim->metric) != QUESTION_COUNT;
}

static struct claim_verdict no_verdict(const struct claim *claim)
{
	return (struct claim_verdict){
		.claim = claim,
		.verdict = VERDICT_NOT_EVALUABLE,
		.ratio = ratio_of_logs(NULL, 0, 0.9),
		.test = {VERDICT_NOT_EVALUABLE, NAN, NAN, NAN, NAN, NAN},
		.level = NAN};
}

/* The margin of such a claim is the share of guests that may need more. */
static struct claim_verdict kubevirt_verdict(const struct claim *claim,
					     const struct footprints *fs,
					     const struct run_data *run,
					     bool is_overridden)
{
	struct claim_verdict v = no_verdict(claim);
	struct kubevirt_answer a = kubevirt_answer(
		kubevirt_question_of(claim->metric), claim->candidate,
		claim->margin, claim->confidence, fs, run, is_overridden);

	v.verdict = a.verdict;
	v.measured = a.runner;
	v.block_count = a.boot_count;
	v.lower_is_better = v.is_limit = true;
	snprintf(v.reason, sizeof(v.reason), "%s", a.reason);
	if (isnan(a.ratio) || !(a.ratio > 0))
		return v;
	v.ratio.ratio = a.ratio;
	v.ratio.high = a.limit_ratio;
	v.ratio.log.difference = log(a.ratio);
	v.ratio.log.high = log(a.limit_ratio);
	return v;
}

static struct claim_verdict refuse_claim(struct claim_verdict v,
					 enum verdict verdict, const char *fmt,
					 ...)
	__attribute__((format(printf, 3, 4)));

static struct claim_verdict refuse_claim(struct claim_verdict v,
					 enum verdict verdict, const char *fmt,
					 ...)
{
	va_list ap;

	v.verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(v.reason, sizeof(v.reason), fmt, ap);
	va_end(ap);
	return v;
}

const struct model_row *verdict_row(const struct model *m, const char *metric)
{
	char name[80];
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (!strcmp(model_row_name(&m->rows[i], name, sizeof(name)),
			    metric))
			return &m->rows[i];
	return NULL;
}

/* NAME's place in the run; else that of its emulation, which can show numbers
 * and carries no verdict. -1: neither was measured. */
int verdict_runner(const struct model *m, const char *name)
{
	int stands_in = -1;
	size_t i;

	for (i = 0; i < m->runner_count; i++) {
		if (!strcmp(m->runners[i], name))
			return (int)i;
		if (runner_stands_in_for(m->runners[i], name))
			stands_in = (int)i;
	}
	return stands_in;
}

/* Why a cell has no figure; NULL: it has. */
static const char *blank(const struct model_cell *c)
{
	if (c->boot_count)
		return NULL;
	if (c->refused_count)
		return c->reason;
	return c->disturbed_count ? "every sample was disturbed"
				  : "it was not measured";
}

struct worse verdict_worse(const struct claim_verdict *v)
{
	const struct ttest *log = &v->ratio.log;

	if (v->lower_is_better)
		return (struct worse){log->difference, log->low, log->high};
	return (struct worse){-log->difference, -log->high, -log->low};
}

struct ratio verdict_worse_ratio(const struct claim_verdict *v)
{
	struct worse w = verdict_worse(v);
	struct ratio r = {exp(w.estimate), exp(w.low), exp(w.high),
			  v->ratio.log};

	if (isnan(v->ratio.low) || !isfinite(r.low) || !isfinite(r.high))
		r.low = r.high = NAN;
	return r;
}

/* That a guest is faster than its host is a mistake in the measurement before
 * it is a result. */
static bool beats_native(const struct claim_verdict *v)
{
	return model_is_base(v->claim->baseline) &&
	       verdict_worse(v).high < log(IMPLAUSIBLE_RATIO);
}

static bool has_ended(const struct model *m)
{
	static const char *const ends[] = {"complete", "decided",
					   "out of time"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (!strcmp(m->run->status, ends[i]))
			return true;
	return false;
}

/* A claim over the host's own state before, by a metric that is a ratio to it. */
static bool claim_is_before(const struct claim *claim)
{
	return !strcmp(claim->baseline, CLAIM_BEFORE);
}

static bool row_is_growth(const struct model_row *row)
{
	const struct metric *m = metric_of_point(row->point);

	return m && metric_is_growth(m);
}

/* The parts of the plan that determine the verdicts. */
static struct design design_of(const struct run_plan *plan,
			       const struct model *m,
			       const struct model_row *row)
{
	uint64_t planned = plan_is_of_io_blocks(row->workload)
				   ? plan->io_block_count
				   : plan->block_count;
	/* Decided means that the data made this look the last one: open claims
	 * take no further look. */
	struct design d = {
		.planned = planned ? (size_t)planned : 1,
		.done = SIZE_MAX,
		.is_ended = has_ended(m) && strcmp(m->run->status, "decided"),
	};

	if (plan->more_block_count && plan->block_count) {
		d.planned += (size_t)plan->more_block_count;
		d.done = m->run->done_block_count;
		d.look_count = sequential_more_looks(
			(size_t)plan->block_count,
			(size_t)plan->more_block_count, d.looks, d.spent);
	} else if (plan->look_count &&
		   plan->look_count <= SEQUENTIAL_MAX_LOOKS &&
		   plan->block_count) {
		d.done = m->run->done_block_count;
		d.look_count =
			sequential_looks((size_t)plan->block_count,
					 (size_t)plan->look_count, d.looks);
	}
	return d;
}

static struct claim_verdict decide_by(struct claim_verdict v,
				      const struct run_plan *plan,
				      const struct model *m,
				      const struct model_row *row,
				      const struct model_cell *b,
				      const struct model_cell *c)
{
	struct design design = design_of(plan, m, row);
	double *logs = xcalloc(c->boot_count + 1, sizeof(*logs));
	uint32_t *blocks = xcalloc(c->boot_count + 1, sizeof(*blocks));
	struct evidence e = {logs, blocks, 0, row->lower_is_better};
	struct decision d;

	e.count = b ? model_block_logs(b, c, logs, blocks)
		    : model_own_logs(c, logs, blocks);
	d = decide(&e, &design, v.claim);
	v.ratio = d.ratio;
	v.block_count = d.block_count;
	model_hide_interval(&v.ratio, v.block_count);
	v.test = d.test;
	v.verdict = d.test.verdict;
	v.look = design.look_count ? d.look : 0;
	v.level = d.level;
	if (design.look_count && !d.look)
		v = refuse_claim(v, VERDICT_UNDECIDED,
				 "the run ended before its first look");
	free(blocks);
	free(logs);
	return v;
}

static struct claim_verdict judge_by_grade(struct claim_verdict v,
					   enum grade grade, bool is_overridden)
{
	if (grade != GRADE_HARDWARE && !is_overridden)
		return refuse_claim(v, VERDICT_NOT_EVALUABLE, "%s",
				    grade_name(grade));
	if (v.verdict == VERDICT_PASS && beats_native(&v))
		return refuse_claim(
			v, VERDICT_NOT_EVALUABLE,
			"implausible: the guest beats native by more than 5 %%; check durability, caches, clocks and frequency");
	if (v.verdict == VERDICT_NOT_EVALUABLE)
		return refuse_claim(
			v, v.verdict, "%s",
			v.block_count < 2
				? "one block does not show the noise"
				: "no block differs: there is no noise to judge with");
	return v;
}

struct claim_verdict verdict_of(const struct model *m,
				const struct run_plan *plan,
				const struct claim *claim, bool is_overridden)
{
	struct claim_verdict v = no_verdict(claim);
	const struct model_row *row = verdict_row(m, claim->metric);
	int candidate = verdict_runner(m, claim->candidate);
	int baseline = verdict_runner(m, claim->baseline);
	bool is_before = claim_is_before(claim);
	const struct model_cell *c, *b;

	if (!row)
		return refuse_claim(v, VERDICT_NOT_EVALUABLE,
				    "the run has no '%s'", claim->metric);
	if (is_before && !row_is_growth(row))
		return refuse_claim(v, VERDICT_NOT_EVALUABLE,
				    "'%s' is no ratio to what was before",
				    claim->metric);
	if (candidate < 0 || (baseline < 0 && !is_before))
		return refuse_claim(
			v, VERDICT_NOT_EVALUABLE, "%s was not measured",
			candidate < 0 ? claim->candidate : claim->baseline);
	c = &row->cells[candidate];
	b = is_before ? NULL : &row->cells[baseline];
	v.measured = m->runners[candidate];
	v.lower_is_better = row->lower_is_better;
	if (c->status == RUN_VOID || (b && b->status == RUN_VOID))
		return refuse_claim(v, VERDICT_VOID, "%s",
				    c->status == RUN_VOID ? c->reason
							  : b->reason);
	if (blank(c) || (b && blank(b)))
		return refuse_claim(v, VERDICT_NOT_EVALUABLE, "%s: %s",
				    m->runners[blank(c) ? candidate : baseline],
				    blank(c) ? blank(c) : blank(b));
	v = decide_by(v, plan, m, row, b, c);
	if (!v.block_count &&
	    (model_cell_has_zero(c) || (b && model_cell_has_zero(b))))
		return refuse_claim(v, VERDICT_NOT_EVALUABLE,
				    "a ratio needs values above zero");
	return judge_by_grade(v, b && b->grade > c->grade ? b->grade : c->grade,
			      is_overridden);
}

const char *judgement_origin(bool is_registered)
{
	return is_registered
		       ? "Registered before its first sample was taken."
		       : "EXPLORATORY: they were not registered before the run began.";
}

/* The p of one look of several is none of the whole run, and before the first
 * look there is no p. */
static bool is_corrected(const struct claim_verdict *v)
{
	if (v->look || isnan(margin_p(&v->test)))
		return false;
	return v->verdict == VERDICT_PASS || v->verdict == VERDICT_FAIL ||
	       v->verdict == VERDICT_UNDECIDED;
}

static void correct(struct claim_verdict *v, size_t count)
{
	double *p = xcalloc(count + 1, sizeof(*p));
	double *adjusted = xcalloc(count + 1, sizeof(*adjusted));
	size_t i;

	for (i = 0; i < count; i++)
		p[i] = is_corrected(&v[i]) ? margin_p(&v[i].test) : NAN;
	multiplicity_holm(p, count, adjusted);
	for (i = 0; i < count; i++)
		v[i].holm_p = adjusted[i];
	free(adjusted);
	free(p);
}

/* No PASS rests on what cannot be. */
static void doubt_all(struct judgement *j, const struct model *m,
		      const struct plausibility *doubts)
{
	struct claim_verdict *v;

	for (v = j->v; v < j->v + j->count; v++) {
		const struct implausible *why;
		const char *workload;

		if (v->verdict != VERDICT_PASS || claim_is_kubevirts(v->claim))
			continue;
		workload = verdict_row(m, v->claim->metric)->workload;
		why = plausibility_blocks(doubts, v->measured, workload);
		if (!why && !claim_is_before(v->claim))
			why = plausibility_blocks(
				doubts,
				m->runners[verdict_runner(m,
							  v->claim->baseline)],
				workload);
		if (why)
			*v = refuse_claim(*v, VERDICT_NOT_EVALUABLE,
					  "implausible: %s: %s", why->runner,
					  why->text);
	}
}

/* A design without looks judges once, when the run has ended: who stops it when he
 * sees a verdict has looked after each block. */
static void hold_open(struct judgement *j, const struct model *m,
		      const struct run_plan *plan)
{
	struct claim_verdict *v;

	if (has_ended(m) || plan->look_count || plan->more_block_count)
		return;
	for (v = j->v; v < j->v + j->count; v++)
		if (v->verdict == VERDICT_PASS || v->verdict == VERDICT_FAIL)
			*v = refuse_claim(*v, VERDICT_UNDECIDED,
					  "the run did not end by itself");
}

enum verdict verdicts_together(const struct claim_verdict *v, size_t count)
{
	bool has[VERDICT_COUNT] = {false};
	size_t i;

	for (i = 0; i < count; i++)
		has[v[i].verdict] = true;
	return verdict_of_all(has);
}

/* Not those whose text is no longer what the plan has the checksum of. */
static bool are_registered(const struct claims *claims,
			   const struct run_plan *plan)
{
	return plan->claims && !plan->err.code &&
	       !strcmp(plan->claims->sha256, claims->sha256);
}

void judgement_init(struct judgement *j, const struct model *m,
		    const struct run_plan *plan,
		    const struct plausibility *doubts,
		    const struct footprints *footprints,
		    const struct claims *claims)
{
	size_t i;

	*j = (struct judgement){.claims = claims ? claims : plan->claims,
				.together = VERDICT_NOT_EVALUABLE};
	if (!j->claims && plan->err.code)
		j->unreadable = plan->err.msg;
	if (!j->claims)
		return;
	j->count = j->claims->claims_count;
	j->is_registered = are_registered(j->claims, plan);
	j->is_overridden = j->claims->overrides_grade;
	j->v = xcalloc(j->count + 1, sizeof(*j->v));
	for (i = 0; i < j->count; i++) {
		const struct claim *c = &j->claims->claims[i];

		j->v[i] = claim_is_kubevirts(c)
				  ? kubevirt_verdict(c, footprints, m->run,
						     j->is_overridden)
				  : verdict_of(m, plan, c, j->is_overridden);
	}
	doubt_all(j, m, doubts);
	hold_open(j, m, plan);
	correct(j->v, j->count);
	j->together = verdicts_together(j->v, j->count);
}

void judgement_release(struct judgement *j)
{
	free(j->v);
	*j = (struct judgement){.claims = NULL};
}

bool judgement_is_settled(const struct judgement *j)
{
	const struct claim_verdict *v;

	for (v = j->v; v < j->v + j->count; v++)
		if (v->verdict == VERDICT_UNDECIDED ||
		    (v->measured && v->block_count < 2))
			return false;
	return true;
}
