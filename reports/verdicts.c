// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/verdicts.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/plan.h"
#include "harness/stats/multiplicity.h"
#include "harness/verdict/claims.h"
#include "harness/verdict/decide.h"
#include "reports/headline.h"
#include "reports/json.h"
#include "reports/model.h"
#include "reports/paint.h"
#include "reports/plausible.h"

#define IMPLAUSIBLE_RATIO 0.95

static const char grade_stamp[] =
	"*** GRADE OVERRIDDEN FOR TESTING: these verdicts say nothing of any hypervisor ***\n";

static struct claim_verdict refuse(struct claim_verdict v, enum verdict verdict,
				   const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static struct claim_verdict refuse(struct claim_verdict v, enum verdict verdict,
				   const char *fmt, ...)
{
	va_list ap;

	v.verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(v.reason, sizeof(v.reason), fmt, ap);
	va_end(ap);
	return v;
}

static const struct model_row *row_find(const struct model *m,
					const char *metric)
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
static int runner_find_in(const struct model *m, const char *name)
{
	int stands_in = -1;
	char emulated[40];
	size_t i;

	snprintf(emulated, sizeof(emulated), "%s-emu", name);
	for (i = 0; i < m->runner_count; i++) {
		if (!strcmp(m->runners[i], name))
			return (int)i;
		if (!strcmp(m->runners[i], emulated))
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

/* That a guest is faster than its host is a mistake in the measurement before
 * it is a result. */
static bool beats_native(const struct claim_verdict *v)
{
	return !strcmp(v->claim->baseline, MODEL_BASELINE) &&
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

/* What of the plan the verdicts hang on. */
static struct design design_of(const struct model *m,
			       const struct model_row *row)
{
	json_t *plan = json_loads(m->run->plan, 0, NULL);
	json_int_t planned = json_integer_value(json_object_get(
		plan, plan_is_of_io_blocks(row->workload) ? "io_block_count"
							  : "block_count"));
	json_int_t all =
		json_integer_value(json_object_get(plan, "block_count"));
	json_int_t looks =
		json_integer_value(json_object_get(plan, "look_count"));
	/* Decided means that a look has been the last, which the data chose:
	 * what is still open then takes no other. */
	struct design d = {
		.planned = planned > 0 ? (size_t)planned : 1,
		.done = SIZE_MAX,
		.is_ended = has_ended(m) && strcmp(m->run->status, "decided"),
	};

	json_decref(plan);
	if (looks > 0 && looks <= SEQUENTIAL_MAX_LOOKS && all > 0) {
		d.done = m->run->done_block_count;
		d.look_count =
			sequential_looks((size_t)all, (size_t)looks, d.looks);
	}
	return d;
}

static struct claim_verdict decide_by(struct claim_verdict v,
				      const struct model *m,
				      const struct model_row *row,
				      const struct model_cell *b,
				      const struct model_cell *c)
{
	struct design design = design_of(m, row);
	double *logs = xcalloc(c->boot_count + 1, sizeof(*logs));
	uint32_t *blocks = xcalloc(c->boot_count + 1, sizeof(*blocks));
	struct evidence e = {logs, blocks, 0, row->lower_is_better};
	struct decision d;

	e.count = model_block_logs(b, c, logs, blocks);
	d = decide(&e, &design, v.claim);
	v.ratio = d.ratio;
	v.block_count = d.block_count;
	model_hide_interval(&v.ratio, v.block_count);
	v.test = d.test;
	v.verdict = d.test.verdict;
	v.look = design.look_count ? d.look : 0;
	v.level = d.level;
	if (design.look_count && !d.look)
		v = refuse(v, VERDICT_UNDECIDED,
			   "the run ended before its first look");
	free(blocks);
	free(logs);
	return v;
}

static struct claim_verdict judge(struct claim_verdict v, enum grade grade,
				  bool is_overridden)
{
	if (grade != GRADE_HARDWARE && !is_overridden)
		return refuse(v, VERDICT_NOT_EVALUABLE, "%s",
			      grade_name(grade));
	if (v.verdict == VERDICT_PASS && beats_native(&v))
		return refuse(
			v, VERDICT_NOT_EVALUABLE,
			"implausible: the guest beats native by more than 5 %%; check durability, caches, clocks and frequency");
	if (v.verdict == VERDICT_NOT_EVALUABLE)
		return refuse(
			v, v.verdict, "%s",
			v.block_count < 2
				? "one block says nothing of the noise"
				: "no block differs: there is no noise to judge by");
	return v;
}

struct claim_verdict verdict_of(const struct model *m,
				const struct claim *claim)
{
	struct claim_verdict v = {
		.claim = claim,
		.ratio = ratio_of_logs(NULL, 0, 0.9),
		.test = {VERDICT_NOT_EVALUABLE, NAN, NAN, NAN, NAN, NAN},
		.level = NAN};
	const struct model_row *row = row_find(m, claim->metric);
	int candidate = runner_find_in(m, claim->candidate);
	int baseline = runner_find_in(m, claim->baseline);
	const struct model_cell *c, *b;

	if (!row)
		return refuse(v, VERDICT_NOT_EVALUABLE, "the run has no '%s'",
			      claim->metric);
	if (candidate < 0 || baseline < 0)
		return refuse(v, VERDICT_NOT_EVALUABLE, "%s was not measured",
			      candidate < 0 ? claim->candidate
					    : claim->baseline);
	c = &row->cells[candidate];
	b = &row->cells[baseline];
	v.measured = m->runners[candidate];
	v.lower_is_better = row->lower_is_better;
	if (c->status == RUN_VOID || b->status == RUN_VOID)
		return refuse(v, VERDICT_VOID, "%s",
			      c->status == RUN_VOID ? c->reason : b->reason);
	if (blank(c) || blank(b))
		return refuse(v, VERDICT_NOT_EVALUABLE, "%s: %s",
			      m->runners[blank(c) ? candidate : baseline],
			      blank(c) ? blank(c) : blank(b));
	v = decide_by(v, m, row, b, c);
	return judge(v, c->grade > b->grade ? c->grade : b->grade,
		     m->grade_is_overridden);
}

static void write_one(const struct claim_verdict *v, FILE *out)
{
	const struct claim *c = v->claim;
	char why[32];

	fprintf(out, "%-20s ", c->id);
	paint_verdict(v->verdict, 13, out);
	fputc(' ', out);
	if (isnan(v->ratio.ratio))
		fprintf(out, "%-29s", "-");
	else if (isnan(v->ratio.low))
		fprintf(out, "%7.3f %-21s", v->ratio.ratio,
			model_no_interval(v->block_count, why, sizeof(why)));
	else
		fprintf(out, "%7.3f [%8.3f, %8.3f] ", v->ratio.ratio,
			v->ratio.low, v->ratio.high);
	fprintf(out, " %s %4.1f %%", margin_kind_words(c->kind),
		100 * c->margin);
	if (isnan(v->test.smallest))
		fprintf(out, " %9s %9s", "-", "-");
	else
		fprintf(out, " %7.1f %% %7.1f %%", 100 * v->test.smallest,
			100 * v->test.detectable);
	fprintf(out, " %6zu", v->block_count);
	if (isnan(v->test.n_needed))
		fprintf(out, " %6s", "-");
	else
		fprintf(out, " %6.0f", v->test.n_needed);
	if (isnan(v->holm_p))
		fprintf(out, " %8s\n", "-");
	else
		fprintf(out, " %8.2g\n", v->holm_p);
	if (v->measured && strcmp(v->measured, c->candidate))
		fprintf(out, "    %s stands in for %s\n", v->measured,
			c->candidate);
	if (v->look)
		fprintf(out, "    at look %zu, one-sided level %.2g\n", v->look,
			v->level);
	if (v->reason[0])
		fprintf(out, "    %s\n", v->reason);
}

struct claims *verdicts_registered(const struct model *m)
{
	json_t *plan = json_loads(m->run->plan, 0, NULL);
	const char *text = json_string_value(
		json_object_get(json_object_get(plan, "claims"), "text"));
	struct claims *claims = NULL;
	struct err err = {0};

	if (text)
		claims_parse(text, strlen(text), &claims, &err);
	json_decref(plan);
	return claims;
}

static bool is_registered(const struct model *m, const struct claims *claims)
{
	struct claims *before = verdicts_registered(m);
	bool is_same = before && !strcmp(before->sha256, claims->sha256);

	claims_free(before);
	return is_same;
}

const char *verdicts_origin(bool is_registered)
{
	return is_registered
		       ? "Registered before its first sample was taken."
		       : "EXPLORATORY: they were not registered before the run began.";
}

/* The p of one look of several is none of the whole run. */
static bool is_corrected(const struct claim_verdict *v)
{
	if (v->look)
		return false;
	return v->verdict == VERDICT_PASS || v->verdict == VERDICT_FAIL ||
	       v->verdict == VERDICT_UNDECIDED;
}

static void correct(struct claim_verdict *v, size_t count)
{
	double *p = xcalloc(count + 1, sizeof(*p));
	double *adjusted = xcalloc(count + 1, sizeof(*adjusted));
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (is_corrected(&v[i]))
			p[n++] = margin_p(&v[i].test);
	multiplicity_holm(p, n, adjusted);
	n = 0;
	for (i = 0; i < count; i++)
		v[i].holm_p = is_corrected(&v[i]) ? adjusted[n++] : NAN;
	free(adjusted);
	free(p);
}

/* No PASS rests on what cannot be. */
static void doubt(const struct model *m, struct claim_verdict *v, size_t count)
{
	size_t i, finding_count;
	struct finding *f = plausible_check(m, &finding_count);

	for (i = 0; i < count; i++) {
		const struct claim *c = v[i].claim;
		const struct finding *why;
		const char *workload, *baseline;

		if (v[i].verdict != VERDICT_PASS)
			continue;
		workload = row_find(m, c->metric)->workload;
		baseline = m->runners[runner_find_in(m, c->baseline)];
		why = plausible_find(f, finding_count, v[i].measured, workload);
		if (!why)
			why = plausible_find(f, finding_count, baseline,
					     workload);
		if (why)
			v[i] = refuse(v[i], VERDICT_NOT_EVALUABLE,
				      "implausible: %s: %s", why->runner,
				      why->text);
	}
	free(f);
}

struct claim_verdict *verdicts_of(const struct model *m,
				  const struct claims *claims)
{
	struct claim_verdict *v = xcalloc(claims->claims_count + 1, sizeof(*v));
	uint32_t i;

	for (i = 0; i < claims->claims_count; i++)
		v[i] = verdict_of(m, &claims->claims[i]);
	doubt(m, v, claims->claims_count);
	correct(v, claims->claims_count);
	return v;
}

bool verdicts_judge(const struct model *m, struct judgement *j)
{
	*j = (struct judgement){.claims = m->claims};
	if (!j->claims)
		j->claims = j->owned = verdicts_registered(m);
	if (!j->claims)
		return false;
	j->is_registered = j->owned || is_registered(m, j->claims);
	j->v = verdicts_of(m, j->claims);
	return true;
}

void verdicts_release(struct judgement *j)
{
	free(j->v);
	claims_free(j->owned);
	*j = (struct judgement){.claims = NULL};
}

bool verdicts_are_settled(const struct claim_verdict *v, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (v[i].verdict == VERDICT_UNDECIDED ||
		    (v[i].measured && v[i].block_count < 2))
			return false;
	return true;
}

enum verdict verdicts_together(const struct claim_verdict *v, size_t count)
{
	bool has[VERDICT_COUNT] = {false};
	size_t i;

	for (i = 0; i < count; i++)
		has[v[i].verdict] = true;
	if (has[VERDICT_FAIL])
		return VERDICT_FAIL;
	if (has[VERDICT_UNDECIDED])
		return VERDICT_UNDECIDED;
	if (has[VERDICT_VOID] || has[VERDICT_NOT_EVALUABLE] || !count)
		return VERDICT_NOT_EVALUABLE;
	return VERDICT_PASS;
}

static void write_legend(FILE *out)
{
	fputs("\nratio: candidate over baseline, by Student's on the blocks' logarithms; passes at:\n"
	      "the smallest margin that would pass, of superiority the largest; finds: the\n"
	      "difference found in 80 % of cases; needs: blocks that would decide it, were the\n"
	      "estimate the truth; p: Holm's, for whoever believes single ones of these claims.\n",
	      out);
}

void verdicts_write(const struct model *m, const struct judgement *j, FILE *out)
{
	const struct claims *claims = j->claims;
	char sentence[HEADLINE_SIZE];
	uint32_t i;

	if (m->grade_is_overridden)
		paint_warning(grade_stamp, out);
	fprintf(out,
		"Claims '%s' (sha256 %.12s) against run %lld.\n"
		"%s\n\n"
		"%-20s %-13s %-29s %-21s %9s %9s %6s %6s %8s\n",
		claims->name, claims->sha256, (long long)m->run->id,
		verdicts_origin(j->is_registered), "claim", "verdict",
		"  ratio [both sides]", " claimed", "passes at", "finds",
		"blocks", "needs", "p");
	for (i = 0; i < claims->claims_count; i++)
		write_one(&j->v[i], out);
	fprintf(out, "%-20s ", "all of them");
	paint_verdict(verdicts_together(j->v, claims->claims_count), 0, out);
	fprintf(out, "\n\n%s\n", headline(m, j, sentence, sizeof(sentence)));
	write_legend(out);
	if (m->grade_is_overridden)
		paint_warning(grade_stamp, out);
}

static json_t *verdict_to_json(const struct claim_verdict *v)
{
	const struct claim *c = v->claim;

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:s, s:s, s:o, s:o,"
		" s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o}",
		"id", c->id, "scope", c->scope ? c->scope : "", "text", c->text,
		"metric", c->metric, "candidate", c->candidate, "baseline",
		c->baseline, "kind", margin_kind_words(c->kind), "margin",
		c->margin, "confidence", c->confidence, "verdict",
		verdict_name(v->verdict), "reason", v->reason, "measured",
		v->measured ? json_string(v->measured) : json_null(), "ratio",
		json_number(v->ratio.ratio), "ratio_low",
		json_number(v->ratio.low), "ratio_high",
		json_number(v->ratio.high), "smallest_margin",
		json_number(v->test.smallest), "detectable",
		json_number(v->test.detectable), "blocks_needed",
		json_number(v->test.n_needed), "p_holm", json_number(v->holm_p),
		"block_count", (int)v->block_count, "look", (int)v->look,
		"level", json_number(v->level));
}

json_t *verdicts_to_json(const struct model *m)
{
	json_t *rows, *out;
	struct judgement j;
	uint32_t i;

	if (!verdicts_judge(m, &j))
		return json_null();
	rows = json_array();
	for (i = 0; i < j.claims->claims_count; i++)
		json_array_append_new(rows, verdict_to_json(&j.v[i]));
	out = json_pack(
		"{s:s, s:s, s:b, s:s, s:o}", "name", j.claims->name, "sha256",
		j.claims->sha256, "is_registered", j.is_registered,
		"all_of_them",
		verdict_name(verdicts_together(j.v, j.claims->claims_count)),
		"verdicts", rows);
	verdicts_release(&j);
	return out;
}
