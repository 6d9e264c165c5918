// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/verdicts_json.h"

#include "harness/findings/verdicts.h"
#include "harness/verdict/claims.h"
#include "reports/data/json.h"

json_t *verdict_json(const struct claim_verdict *v)
{
	const struct claim *c = v->claim;

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:s, s:o, s:o, s:o,"
		" s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o, s:b}",
		"id", c->id, "scope", c->scope ? c->scope : "", "text", c->text,
		"metric", c->metric, "candidate", c->candidate, "baseline",
		c->baseline, "kind", margin_kind_words(c->kind), "margin",
		c->margin, "confidence", c->confidence, "verdict",
		verdict_name(v->verdict), "reason", json_text(v->reason),
		"measured", v->measured ? json_text(v->measured) : json_null(),
		"ratio", json_number(v->ratio.ratio), "ratio_low",
		json_number(v->ratio.low), "ratio_high",
		json_number(v->ratio.high), "smallest_margin",
		json_number(v->test.smallest), "detectable",
		json_number(v->test.detectable), "blocks_needed",
		json_number(v->test.n_needed), "p_holm", json_number(v->holm_p),
		"block_count", (int)v->block_count, "look", (int)v->look,
		"level", json_number(v->level), "is_limit", v->is_limit);
}

json_t *verdicts_json(const struct judgement *j)
{
	json_t *rows;
	size_t i;

	if (!j->claims)
		return json_null();
	rows = json_array();
	for (i = 0; i < j->count; i++)
		json_array_append_new(rows, verdict_json(&j->v[i]));
	return json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", j->claims->name,
			 "sha256", j->claims->sha256, "is_registered",
			 j->is_registered, "all_of_them",
			 verdict_name(j->together), "verdicts", rows);
}
