// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/run_pair_json.h"

#include "harness/findings/model.h"
#include "harness/findings/runs/run_pair.h"
#include "reports/data/json.h"

static json_t *row_json(const struct run_pair *p, const struct run_pair_row *r)
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

json_t *run_pair_json(const struct run_pair *p)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < p->row_count; i++)
		json_array_append_new(rows, row_json(p, &p->rows[i]));
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o}", "a", p->a->run->uuid,
			 "b", p->b->run->uuid, "comparable",
			 !p->differences.counts[DIFFERENCE_FATAL], "refused",
			 p->is_refused, "differences",
			 differences_to_json(&p->differences), "rows", rows);
}
