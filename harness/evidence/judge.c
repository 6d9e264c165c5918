// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/evidence/judge.h"

#include <stdlib.h>

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

static char *dump(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS |
					 JSON_REAL_PRECISION(DIGITS));
}

char *judge_line(const struct run_data *run)
{
	struct judged j;
	json_t *line;
	char *text;

	judged_init(&j, run, NULL);
	line = json_pack("{s:{s:o, s:o}}", "findings", "claims",
			 verdicts_json(&j.judgement), "figures",
			 figures_json(&j.model));
	judged_release(&j);
	text = dump(line);
	json_decref(line);
	return text ? text : xstrdup("{\"findings\":{}}");
}

json_t *judge_claims(const struct run_data *run, const struct claims *claims)
{
	struct judged j;
	json_t *out;

	judged_init(&j, run, claims);
	out = verdicts_json(&j.judgement);
	judged_release(&j);
	return out;
}
