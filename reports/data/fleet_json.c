// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/fleet_json.h"

#include <math.h>

#include "harness/fleet/fleet_arms.h"
#include "harness/fleet/fleet_report.h"
#include "harness/verdict/claims.h"
#include "reports/data/json.h"

static json_t *grade_json(enum grade grade)
{
	return grade == GRADE_COUNT ? json_null()
				    : json_string(grade_name(grade));
}

static json_t *arms_json(const struct fleet *f)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < f->arm_count; i++) {
		const struct fleet_arm *arm = &f->arms[i];

		json_array_append_new(
			out, json_pack("{s:s, s:I, s:I, s:o, s:O?}", "name",
				       arm->name, "node_count",
				       (json_int_t)arm->node_count, "ran_count",
				       (json_int_t)arm->ran_count, "grade",
				       grade_json(fleet_arm_grade(f, i)),
				       "facts", arm->facts));
	}
	return out;
}

static json_t *pairs_json(const struct fleet *f)
{
	json_t *out = json_array();
	size_t a, b;

	for (a = 0; a < f->arm_count; a++)
		for (b = a + 1; b < f->arm_count; b++) {
			struct differences d;

			if (!f->arms[a].facts || !f->arms[b].facts)
				continue;
			fleet_arms_compare(f, a, b, &d);
			json_array_append_new(
				out, json_pack("{s:s, s:s, s:b, s:o}", "a",
					       f->arms[a].name, "b",
					       f->arms[b].name, "comparable",
					       !d.counts[DIFFERENCE_FATAL],
					       "differences",
					       differences_to_json(&d)));
			differences_release(&d);
		}
	return out;
}

static json_t *nodes_json(const struct fleet_report *r)
{
	const struct fleet *f = &r->fleet;
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < f->node_count; i++) {
		const struct fleet_node *n = &f->nodes[i];
		const struct fleet_odd_node *o =
			fleet_odd_of(&r->odd, (uint32_t)i);

		json_array_append_new(
			out,
			json_pack(
				"{s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:o}",
				"name", n->name, "arm", f->arms[n->arm].name,
				"state", node_state_name(n->state), "reason",
				/* It quotes, and may be cut in a character. */
				json_text(n->reason), "note", n->note,
				"run_count", (json_int_t)n->run_count,
				"counted_count", (json_int_t)n->counted_count,
				"is_odd",
				o ? json_boolean(o->is_odd) : json_null()));
	}
	return out;
}

static json_t *runs_json(const struct fleet *f)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < f->run_count; i++) {
		const struct fleet_run *r = &f->runs[i];

		json_array_append_new(
			out,
			json_pack(
				"{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:s}",
				"id", (json_int_t)r->id, "uuid", r->uuid,
				"node", f->nodes[r->node].name, "index",
				r->index, "job", r->job, "attempt", r->attempt,
				"status", r->status, "started_unix_ns",
				(json_int_t)r->started_unix_ns, "counts",
				r->counts, "why_not", r->why_not));
	}
	return out;
}

static json_t *side_json(const struct fleet *f, const struct fleet_side *s)
{
	return json_pack(
		"{s:o, s:I, s:I, s:o, s:o}", "arm",
		s->arm < 0 ? json_null() : json_string(f->arms[s->arm].name),
		"node_count", (json_int_t)s->node_count, "run_count",
		(json_int_t)s->run_count, "sd_node", json_number(s->sd_node),
		"sd_run", json_number(s->sd_run));
}

static json_t *verdict_json(const struct fleet *f,
			    const struct fleet_verdict *v)
{
	const struct claim *c = v->claim;

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:s, s:o, s:o, s:o, s:o,"
		" s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
		"id", c->id, "text", c->text, "metric", c->metric, "candidate",
		c->candidate, "baseline", c->baseline, "kind",
		margin_kind_words(c->kind), "margin", c->margin, "confidence",
		c->confidence, "verdict", verdict_name(v->verdict), "reason",
		json_text(v->reason), "measured",
		v->measured ? json_string(v->measured) : json_null(),
		"candidate_side", side_json(f, &v->candidate), "baseline_side",
		side_json(f, &v->baseline), "is_within", v->is_within,
		"is_bridged", v->is_bridged, "left_out_count",
		(json_int_t)v->left_out_count, "ratio",
		json_number(v->ratio.ratio), "ratio_low",
		json_number(v->ratio.low), "ratio_high",
		json_number(v->ratio.high), "nodes_needed",
		json_number(v->nodes_needed), "smallest_margin",
		json_number(v->test.smallest), "p_holm",
		json_number(v->holm_p));
}

static json_t *claims_json(const struct fleet_report *r)
{
	const struct fleet_judgement *j = &r->judgement;
	json_t *rows;
	size_t i;

	if (!j->claims)
		return json_null();
	rows = json_array();
	for (i = 0; i < j->count; i++)
		json_array_append_new(rows, verdict_json(&r->fleet, &j->v[i]));
	return json_pack("{s:s, s:s, s:b, s:b, s:s, s:o}", "name",
			 j->claims->name, "sha256", j->claims->sha256,
			 "is_registered", j->is_registered, "is_overridden",
			 j->is_overridden, "all_of_them",
			 verdict_name(j->together), "verdicts", rows);
}

static json_t *odd_json(const struct fleet_report *r)
{
	json_t *rows = json_array();
	char name[80];
	size_t i;

	for (i = 0; i < r->odd.odd_count; i++) {
		const struct fleet_odd_node *n = &r->odd.nodes[i];
		const struct fleet_series *s = &r->fleet.series[n->series];

		json_array_append_new(
			rows,
			json_pack(
				"{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}",
				"node", r->fleet.nodes[n->node].name, "runner",
				s->runner, "series",
				fleet_series_name(s, name, sizeof(name)),
				"unit", s->unit, "is_ratio_to_native",
				n->is_ratio, "value", json_number(n->value),
				"median", json_number(n->median), "ratio",
				json_number(n->ratio), "p", json_number(n->p),
				"p_adjusted", json_number(n->adjusted)));
	}
	return json_pack("{s:I, s:I, s:f, s:s, s:o}", "judged_count",
			 (json_int_t)r->odd.count, "odd_count",
			 (json_int_t)r->odd.odd_count, "false_discovery_rate",
			 FLEET_ODD_RATE, "reason", r->odd.reason, "nodes",
			 rows);
}

json_t *fleet_json(const struct fleet_report *r)
{
	const struct fleet *f = &r->fleet;

	return json_pack(
		"{s:i, s:s, s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}",
		"version", FLEET_JSON_VERSION, "fleet", f->name, "verdict",
		verdict_name(fleet_report_verdict(r)), "match",
		f->match && *f->match ? json_string(f->match) : json_null(),
		"expected_count", (json_int_t)f->expected_count,
		"earlier_count", (json_int_t)f->earlier_count, "arms",
		arms_json(f), "comparisons", pairs_json(f), "claims",
		claims_json(r), "odd", odd_json(r), "nodes", nodes_json(r),
		"runs", runs_json(f));
}
