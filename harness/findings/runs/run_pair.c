// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/runs/run_pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/findings/runs/run_facts.h"
#include "harness/stats/multiplicity.h"

static json_t *facts_of(const struct model *m)
{
	const struct run_data *run = m->run;

	return run_facts(run->fingerprint, run->plan, run->guest_manifest,
			 run->is_lab);
}

static const struct model_row *find_row(const struct model *m,
					const struct model_row *like)
{
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (!strcmp(m->rows[i].workload, like->workload) &&
		    !strcmp(m->rows[i].point, like->point) &&
		    !strcmp(m->rows[i].unit, like->unit))
			return &m->rows[i];
	return NULL;
}

/* Hosts against each other; both arms' boots are on their own. */
static void compare_native(struct run_pair_row *r, const struct model_cell *a,
			   const struct model_cell *b)
{
	r->count_a = a->boot_count;
	r->count_b = b->boot_count;
	r->ratio = ratio_welch(a->boots, a->boot_count, b->boots, b->boot_count,
			       MODEL_CONFIDENCE);
}

static void compare_guests(struct run_pair_row *r, const struct model_cell *a,
			   const struct model_cell *b)
{
	r->count_a = a->ratio_count;
	r->count_b = b->ratio_count;
	r->a = a->ratio;
	r->b = b->ratio;
	r->ratio = ratio_of_ratios(&b->ratio, &a->ratio, MODEL_CONFIDENCE);
}

size_t run_pair_least_count(const struct run_pair_row *r)
{
	return r->count_a < r->count_b ? r->count_a : r->count_b;
}

/* Both native: what the hosts differ by, of which no claim is made. */
static bool is_of_hosts(const struct run_pair_row *r)
{
	return model_is_base(r->runner_a) && model_is_base(r->runner_b);
}

static const char *refusal(const struct run_pair *p,
			   const struct run_pair_row *r,
			   const struct model_cell *a,
			   const struct model_cell *b)
{
	if (is_of_hosts(r))
		return "it compares the hosts";
	if (p->differences.counts[DIFFERENCE_FATAL])
		return "not comparable";
	if (a->grade != GRADE_HARDWARE || b->grade != GRADE_HARDWARE)
		return a->grade > b->grade ? grade_name(a->grade)
					   : grade_name(b->grade);
	return NULL;
}

static void judge_row(const struct run_pair *p, struct run_pair_row *r,
		      const struct model_cell *a, const struct model_cell *b)
{
	struct ttest worse = r->ratio.log;

	if (!r->row->lower_is_better)
		worse.difference = -worse.difference;
	r->test =
		margin_judge(&worse, run_pair_least_count(r), p->options.margin,
			     MARGIN_NON_INFERIOR, MODEL_CONFIDENCE);
	r->verdict = r->test.verdict;
	r->reason = refusal(p, r, a, b);
	if (r->reason)
		r->verdict = VERDICT_NOT_EVALUABLE;
	else if (r->verdict == VERDICT_NOT_EVALUABLE)
		r->reason = "too few blocks, or no noise";
}

static void add_row(struct run_pair *p, const struct model_row *row,
		    const struct model_row *other, size_t ka, size_t kb)
{
	const struct model_cell *a = &row->cells[ka], *b = &other->cells[kb];
	const struct ratio none = ratio_of_logs(NULL, 0, MODEL_CONFIDENCE);
	struct run_pair_row *r;

	if (!a->boot_count || !b->boot_count)
		return;
	p->rows = xrealloc(p->rows, p->row_count + 1, sizeof(*p->rows));
	r = &p->rows[p->row_count++];
	*r = (struct run_pair_row){.row = row,
				   .runner_a = p->a->runners[ka],
				   .runner_b = p->b->runners[kb],
				   .a = none,
				   .b = none,
				   .p = NAN};
	if (is_of_hosts(r))
		compare_native(r, a, b);
	else
		compare_guests(r, a, b);
	model_hide_interval(&r->ratio, run_pair_least_count(r));
	judge_row(p, r, a, b);
}

/* Native rows stand beside those that were asked for, unless they are. */
static bool is_beside(const struct run_pair *p, const char *runner)
{
	const char *wanted = p->options.runner_a;

	return model_is_base(runner) && !(wanted && !strcmp(wanted, runner));
}

static void compare_row(struct run_pair *p, const struct model_row *row)
{
	const struct model_row *other = find_row(p->b, row);
	const char *wanted = p->options.runner_a;
	size_t k;

	for (k = 0; other && k < p->a->runner_count; k++) {
		const char *name = p->a->runners[k];
		bool beside = is_beside(p, name);
		size_t with;

		if (wanted && strcmp(wanted, name) && !beside)
			continue;
		with = model_find_runner(
			p->b, wanted && !beside ? p->options.runner_b : name);
		if (with < p->b->runner_count)
			add_row(p, row, other, k, with);
	}
}

static void correct(struct run_pair *p)
{
	double *raw = xcalloc(p->row_count + 1, sizeof(*raw));
	double *adjusted = xcalloc(p->row_count + 1, sizeof(*adjusted));
	size_t i;

	for (i = 0; i < p->row_count; i++)
		raw[i] = p->rows[i].ratio.log.p;
	multiplicity_bh(raw, p->row_count, adjusted);
	for (i = 0; i < p->row_count; i++)
		p->rows[i].p = adjusted[i];
	free(adjusted);
	free(raw);
}

void run_pair_init(struct run_pair *p, const struct model *a,
		   const struct model *b, const struct run_pair_options *o)
{
	json_t *host_a = facts_of(a), *host_b = facts_of(b);
	size_t i;

	*p = (struct run_pair){.a = a, .b = b, .options = *o};
	differences_init(&p->differences, host_a, host_b);
	json_decref(host_a);
	json_decref(host_b);
	p->is_refused =
		p->differences.counts[DIFFERENCE_FATAL] && !o->is_forced;
	for (i = 0; i < a->row_count && !p->is_refused; i++)
		if (model_row_is_summary(&a->rows[i]))
			compare_row(p, &a->rows[i]);
	correct(p);
}

void run_pair_release(struct run_pair *p)
{
	differences_release(&p->differences);
	free(p->rows);
	memset(p, 0, sizeof(*p));
}

enum verdict run_pair_verdict(const struct run_pair *p)
{
	bool has[VERDICT_COUNT] = {false};
	size_t i;

	for (i = 0; i < p->row_count; i++)
		if (!is_of_hosts(&p->rows[i]))
			has[p->rows[i].verdict] = true;
	return verdict_of_all(has);
}
