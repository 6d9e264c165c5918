// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/run_pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/multiplicity.h"
#include "reports/json.h"
#include "reports/model.h"
#include "reports/paint.h"

/* Everything that one could differ by, under one name each. */
static json_t *host_of(const struct model *m)
{
	json_t *out = json_loads(m->run->fingerprint, 0, NULL);
	json_t *plan = json_loads(m->run->plan, 0, NULL);
	const char *key;
	json_t *value;
	char name[80];

	if (!json_is_object(out)) {
		json_decref(out);
		out = json_object();
	}
	json_object_foreach(plan, key, value) {
		snprintf(name, sizeof(name), "plan.%.60s", key);
		json_object_set(out, name, value);
	}
	json_object_set_new(out, "guest", json_string(m->run->guest_manifest));
	json_object_set_new(out, "lab", json_boolean(m->run->is_lab));
	json_decref(plan);
	return out;
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

static int find_runner(const struct model *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->runner_count; i++)
		if (!strcmp(m->runners[i], name))
			return (int)i;
	return -1;
}

static bool is_base(const char *runner)
{
	return !strcmp(runner, MODEL_BASELINE);
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

static size_t least_count(const struct run_pair_row *r)
{
	return r->count_a < r->count_b ? r->count_a : r->count_b;
}

static const char *refusal(const struct run_pair *p, const struct model_cell *a,
			   const struct model_cell *b)
{
	if (p->differences.counts[DIFFERENCE_FATAL])
		return "not comparable";
	if (a->grade != GRADE_HARDWARE || b->grade != GRADE_HARDWARE)
		return a->grade > b->grade ? grade_name(a->grade)
					   : grade_name(b->grade);
	return NULL;
}

static void judge(const struct run_pair *p, struct run_pair_row *r,
		  const struct model_cell *a, const struct model_cell *b)
{
	struct ttest worse = r->ratio.log;

	if (!r->row->lower_is_better)
		worse.difference = -worse.difference;
	r->test = margin_judge(&worse, least_count(r), p->options.margin,
			       MARGIN_NON_INFERIOR, MODEL_CONFIDENCE);
	r->verdict = r->test.verdict;
	r->reason = refusal(p, a, b);
	if (r->reason)
		r->verdict = VERDICT_NOT_EVALUABLE;
	else if (r->verdict == VERDICT_NOT_EVALUABLE)
		r->reason = "too few blocks, or no noise";
}

static void add_row(struct run_pair *p, const struct model_row *row,
		    const struct model_row *other, int ka, int kb)
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
	if (is_base(r->runner_a) && is_base(r->runner_b))
		compare_native(r, a, b);
	else
		compare_guests(r, a, b);
	model_hide_interval(&r->ratio, least_count(r));
	judge(p, r, a, b);
}

static void compare_row(struct run_pair *p, const struct model_row *row)
{
	const struct model_row *other = find_row(p->b, row);
	const char *wanted = p->options.runner_a;
	size_t k;

	for (k = 0; other && k < p->a->runner_count; k++) {
		const char *name = p->a->runners[k];
		int with;

		if (wanted && strcmp(wanted, name) && !is_base(name))
			continue;
		with = find_runner(p->b, wanted && !is_base(name)
						 ? p->options.runner_b
						 : name);
		if (with >= 0)
			add_row(p, row, other, (int)k, with);
	}
}

static void correct(struct run_pair *p)
{
	double *raw = xcalloc(p->row_count + 1, sizeof(*raw));
	double *adjusted = xcalloc(p->row_count + 1, sizeof(*adjusted));
	size_t i, n = 0;

	for (i = 0; i < p->row_count; i++)
		if (!isnan(p->rows[i].ratio.log.p))
			raw[n++] = p->rows[i].ratio.log.p;
	multiplicity_bh(raw, n, adjusted);
	n = 0;
	for (i = 0; i < p->row_count; i++)
		if (!isnan(p->rows[i].ratio.log.p))
			p->rows[i].p = adjusted[n++];
	free(adjusted);
	free(raw);
}

void run_pair_init(struct run_pair *p, const struct model *a,
		   const struct model *b, const struct run_pair_options *o)
{
	json_t *host_a = host_of(a), *host_b = host_of(b);
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
		if (!is_base(p->rows[i].runner_a))
			has[p->rows[i].verdict] = true;
	if (has[VERDICT_FAIL])
		return VERDICT_FAIL;
	if (has[VERDICT_UNDECIDED])
		return VERDICT_UNDECIDED;
	return has[VERDICT_NOT_EVALUABLE] || !has[VERDICT_PASS]
		       ? VERDICT_NOT_EVALUABLE
		       : VERDICT_PASS;
}

static void write_run(const char *letter, const struct model *m, FILE *out)
{
	char grades[64];

	fprintf(out, "%s: run %lld, %s, of %s, grade %s, %s\n", letter,
		(long long)m->run->id, m->run->uuid, m->run->revision,
		model_grades(m, grades, sizeof(grades)), m->run->status);
}

static void write_differences(const struct differences *d, FILE *out)
{
	size_t i;

	fprintf(out,
		"\nThey differ in %zu fatal, %zu marked and %zu harmless points:\n",
		d->counts[DIFFERENCE_FATAL], d->counts[DIFFERENCE_MARKED],
		d->counts[DIFFERENCE_HARMLESS]);
	for (i = 0; i < d->count; i++)
		if (d->rows[i].class != DIFFERENCE_HARMLESS)
			fprintf(out, "%-7s %-32s %.60s | %.60s\n",
				difference_class_name(d->rows[i].class),
				d->rows[i].key, d->rows[i].a, d->rows[i].b);
}

static void write_number(double value, FILE *out)
{
	if (isnan(value))
		fprintf(out, " %8s", "-");
	else
		fprintf(out, " %8.3f", value);
}

/* Of native there are boots, of guests blocks. */
static const char *no_interval(const struct run_pair_row *r, char *buf,
			       size_t size)
{
	size_t count = least_count(r);

	if (isnan(r->ratio.ratio))
		return "";
	if (!is_base(r->runner_a) || count >= MODEL_LEAST_BLOCKS)
		return model_no_interval(count, buf, size);
	snprintf(buf, size, "%zu boot%s", count, count == 1 ? "" : "s");
	return buf;
}

static void write_row(const struct run_pair *p, const struct run_pair_row *r,
		      FILE *out)
{
	char name[80], runners[40], why[32];

	snprintf(runners, sizeof(runners), "%s%s%s", r->runner_a,
		 strcmp(r->runner_a, r->runner_b) ? "|" : "",
		 strcmp(r->runner_a, r->runner_b) ? r->runner_b : "");
	fprintf(out, "%-34s %-16s", model_row_name(r->row, name, sizeof(name)),
		runners);
	write_number(r->a.ratio, out);
	write_number(r->b.ratio, out);
	write_number(r->ratio.ratio, out);
	if (isnan(r->ratio.low))
		fprintf(out, " %-20s", no_interval(r, why, sizeof(why)));
	else
		fprintf(out, " [%8.3f, %8.3f]", r->ratio.low, r->ratio.high);
	if (isnan(r->p))
		fprintf(out, " %8s", "-");
	else
		fprintf(out, " %8.2g", r->p);
	if (p->options.margin > 0) {
		fputs("  ", out);
		paint_verdict(r->verdict, 0, out);
		fprintf(out, "%s%s", r->reason ? ": " : "",
			r->reason ? r->reason : "");
	}
	fputc('\n', out);
}

void run_pair_write(const struct run_pair *p, FILE *out)
{
	size_t i;

	write_run("A", p->a, out);
	write_run("B", p->b, out);
	write_differences(&p->differences, out);
	if (p->is_refused) {
		fputs("\nNot comparable; --force shows the numbers all the same, without a verdict.\n",
		      out);
		return;
	}
	if (!p->row_count) {
		fputs("\nThey have no series in common.\n", out);
		return;
	}
	fprintf(out, "\n%-34s %-16s %8s %8s %8s %-20s %8s\n", "series",
		"runner", "A", "B", "B/A", "[95 %]", "p");
	for (i = 0; i < p->row_count; i++)
		write_row(p, &p->rows[i], out);
	fputs("\nA and B: over native of the same run; of native B/A is how the hosts differ. p:\n"
	      "of no difference, by Welch, corrected by Benjamini and Hochberg.\n",
	      out);
	if (p->options.margin > 0)
		fprintf(out,
			"EXPLORATORY: not worse by %g %% was not registered before either run.\n",
			100 * p->options.margin);
}

static json_t *row_to_json(const struct run_pair *p,
			   const struct run_pair_row *r)
{
	bool is_judged = p->options.margin > 0;

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i,"
		" s:o, s:s}",
		"workload", r->row->workload, "point", r->row->point,
		"runner_a", r->runner_a, "runner_b", r->runner_b, "a",
		json_number(r->a.ratio), "b", json_number(r->b.ratio), "ratio",
		json_number(r->ratio.ratio), "ratio_low",
		json_number(r->ratio.low), "ratio_high",
		json_number(r->ratio.high), "p_bh", json_number(r->p),
		"count_a", (int)r->count_a, "count_b", (int)r->count_b,
		"verdict",
		is_judged ? json_string(verdict_name(r->verdict)) : json_null(),
		"reason", is_judged && r->reason ? r->reason : "");
}

json_t *run_pair_to_json(const struct run_pair *p)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < p->row_count; i++)
		json_array_append_new(rows, row_to_json(p, &p->rows[i]));
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o}", "a", p->a->run->uuid,
			 "b", p->b->run->uuid, "comparable",
			 !p->differences.counts[DIFFERENCE_FATAL], "refused",
			 p->is_refused, "differences",
			 differences_to_json(&p->differences), "rows", rows);
}
