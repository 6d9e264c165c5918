// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/trend_json.h"

#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "reports/data/json.h"

static json_t *change_json(const struct trend *t, const struct trend_change *c)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:b}", "index",
			 (json_int_t)c->c.index, "run",
			 (json_int_t)t->h->runs[c->run].id, "started_unix_ns",
			 (json_int_t)t->h->runs[c->run].started_unix_ns,
			 "before", json_number(c->c.before), "after",
			 json_number(c->c.after), "magnitude",
			 json_number(c->c.magnitude), "p", json_number(c->c.p),
			 "is_worse", c->is_worse);
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
		json_array_append_new(changes, change_json(t, &t->changes[i]));
	for (i = 0; i < t->break_count; i++)
		json_array_append_new(
			breaks,
			json_integer((json_int_t)h->runs[t->breaks[i]].id));
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "unit", h->unit, "better",
			 h->lower_is_better ? "lower" : "higher", "runs", runs,
			 "changes", changes, "breaks", breaks);
}
