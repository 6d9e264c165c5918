// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/suites_json.h"

#include "harness/findings/findings.h"
#include "reports/data/json.h"

static json_t *suite_json(const struct suite *s, const char *runner, size_t k)
{
	const struct ratio *r = &s->worse[k];

	return json_pack(
		"{s:s, s:o, s:i, s:i, s:o, s:o, s:o}", "group", s->group,
		"runner", json_text(runner), "series_count",
		(int)s->series_count, "block_count", (int)s->block_counts[k],
		"worse_ratio", json_number(r->ratio), "worse_low",
		json_number(r->low), "worse_high", json_number(r->high));
}

json_t *suites_json(const struct findings *f)
{
	json_t *out = json_array();
	size_t i, k;

	for (i = 0; i < f->suites.count; i++)
		for (k = 1; k < f->model.runner_count; k++)
			json_array_append_new(
				out, suite_json(&f->suites.rows[i],
						f->model.runners[k], k));
	return out;
}
