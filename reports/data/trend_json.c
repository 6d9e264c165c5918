// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/trend_json.h"

#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "reports/data/json.h"

json_t *change_json(const struct change *c)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b}",
			 "index", (json_int_t)c->index, "before",
			 json_number(c->before), "after", json_number(c->after),
			 "magnitude", json_number(c->magnitude), "p",
			 json_number(c->p), "p_low", json_number(c->p_low),
			 "p_high", json_number(c->p_high), "permutations",
			 (json_int_t)c->draws, "is_undecided", c->is_undecided);
}

static json_t *run_change_json(const struct trend *t,
			       const struct trend_change *c)
{
	json_t *out = change_json(&c->c);

	json_object_update_new(
		out,
		json_pack("{s:I, s:I, s:b}", "run",
			  (json_int_t)t->h->runs[c->run].id, "started_unix_ns",
			  (json_int_t)t->h->runs[c->run].started_unix_ns,
			  "is_worse", c->is_worse));
	return out;
}

json_t *trend_json(const struct trend *t)
{
	const struct history *h = t->h;
	json_t *runs = json_array();
	json_t *changes = json_array();
	json_t *breaks = json_array();
	size_t i;

	for (i = 0; i < h->run_count; i++)
		json_array_append_new(
			runs,
			json_pack("{s:I, s:I, s:s, s:s, s:i, s:o}", "run",
				  (json_int_t)h->runs[i].id, "started_unix_ns",
				  (json_int_t)h->runs[i].started_unix_ns,
				  "revision", h->runs[i].revision, "grade",
				  h->runs[i].grade, "boots",
				  (int)h->runs[i].count, "median",
				  json_number(trend_run_median(h, i))));
	for (i = 0; i < t->change_count; i++)
		json_array_append_new(changes,
				      run_change_json(t, &t->changes[i]));
	for (i = 0; i < t->break_count; i++)
		json_array_append_new(
			breaks,
			json_integer((json_int_t)h->runs[t->breaks[i]].id));
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "unit", h->unit, "better",
			 h->lower_is_better ? "lower" : "higher", "runs", runs,
			 "changes", changes, "breaks", breaks);
}
