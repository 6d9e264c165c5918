// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/evidence/judge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/footprint.h"
#include "harness/findings/model.h"
#include "harness/findings/plausibility.h"
#include "harness/findings/run_plan.h"
#include "harness/findings/verdicts.h"
#include "reports/data/json.h"
#include "reports/data/verdicts_json.h"

#define DIGITS 6

/* The part of findings that judges. */
struct judged {
	struct run_plan plan;
	struct model model;
	struct plausibility plausibility;
	struct footprints footprints;
	struct judgement judgement;
};

static void judged_init(struct judged *j, const struct run_data *run,
			const struct claims *claims)
{
	run_plan_init(&j->plan, run->plan);
	model_init(&j->model, run);
	plausibility_init(&j->plausibility, &j->model);
	footprints_init(&j->footprints, &j->model, NULL);
	judgement_init(&j->judgement, &j->model, &j->plan, &j->plausibility,
		       &j->footprints, claims);
}

static void judged_release(struct judged *j)
{
	judgement_release(&j->judgement);
	footprints_release(&j->footprints);
	plausibility_release(&j->plausibility);
	model_release(&j->model);
	run_plan_release(&j->plan);
}

static json_t *figure_json(const struct model *m, const struct model_row *row,
			   size_t runner)
{
	const struct model_cell *c = &row->cells[runner];
	struct model_outcome o = model_outcome(m, row, runner);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o,"
			 " s:o, s:o}",
			 "workload", row->workload, "point", row->point, "unit",
			 row->unit, "runner", m->runners[runner], "grade",
			 grade_name(c->grade), "status", o.status, "boot_count",
			 (json_int_t)c->boot_count, "sample_count",
			 (json_int_t)c->used_count, "median",
			 json_number(c->median), "ratio_to_native",
			 json_number(c->ratio.ratio), "ratio_low",
			 json_number(c->ratio.low), "ratio_high",
			 json_number(c->ratio.high));
}

static json_t *figures_json(const struct model *m)
{
	json_t *out = json_array();
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			json_array_append_new(out,
					      figure_json(m, &m->rows[i], k));
	return out;
}

/* Into memory of ours: json_dumps() leaves out what it finds no memory for, and goes
 * on. NULL: it cannot be written. */
static char *dump(const json_t *value)
{
	size_t flags =
		JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(DIGITS);
	size_t len = json_dumpb(value, NULL, 0, flags);
	char *text = xcalloc(len + 1, 1);

	if (len && json_dumpb(value, text, len, flags) == len)
		return text;
	free(text);
	return NULL;
}

/* Each verdict and each figure; one that is no JSON was left out. */
static bool is_whole(const struct judged *j, const json_t *claims,
		     const json_t *figures)
{
	const json_t *verdicts = json_object_get(claims, "verdicts");

	if (j->judgement.claims
		    ? json_array_size(verdicts) != j->judgement.count
		    : !json_is_null(claims))
		return false;
	return !figures || json_array_size(figures) ==
				   j->model.row_count * j->model.runner_count;
}

static int not_judged(struct err *err)
{
	return err_set(err, -EIO,
		       "the run's findings cannot be written as JSON");
}

int judge_line(const struct run_data *run, char **line, struct err *err)
{
	json_t *claims, *figures, *whole;
	struct judged j;
	bool has_all;

	*line = NULL;
	judged_init(&j, run, NULL);
	if (j.plan.err.code) {
		err_set(err, -EPROTO, "%s", j.plan.err.msg);
		judged_release(&j);
		return -EPROTO;
	}
	claims = verdicts_json(&j.judgement);
	figures = figures_json(&j.model);
	has_all = is_whole(&j, claims, figures);
	judged_release(&j);
	whole = json_pack("{s:{s:o, s:o}}", "findings", "claims", claims,
			  "figures", figures);
	if (has_all)
		*line = dump(whole);
	json_decref(whole);
	return *line ? 0 : not_judged(err);
}

int judge_claims(const struct run_data *run, const struct claims *claims,
		 json_t **out, struct err *err)
{
	struct judged j;
	bool has_all;

	judged_init(&j, run, claims);
	*out = verdicts_json(&j.judgement);
	has_all = is_whole(&j, *out, NULL);
	judged_release(&j);
	if (has_all)
		return 0;
	json_decref(*out);
	*out = NULL;
	return not_judged(err);
}
