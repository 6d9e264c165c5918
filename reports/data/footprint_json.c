// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/footprint_json.h"

#include "harness/findings/footprint.h"
#include "harness/kubevirt/overhead.h"
#include "reports/data/json.h"

static json_t *interval_json(struct footprint_interval i)
{
	return json_pack("{s:o, s:o, s:o, s:i}", "bytes", json_number(i.mean),
			 "low", json_number(i.low), "high", json_number(i.high),
			 "boots", (int)i.boot_count);
}

static json_t *costs_json(const struct footprint *f)
{
	json_t *all = json_object();
	int c, t;

	for (c = 0; c < FOOTPRINT_COST_COUNT; c++) {
		json_t *o = json_object();

		for (t = 0; t < FOOTPRINT_TERM_COUNT; t++) {
			struct footprint_interval i;

			if (footprint_term_cost(f, (enum footprint_cost)c,
						(enum footprint_term)t, &i))
				json_object_set_new(o, footprint_term_keys[t],
						    interval_json(i));
		}
		json_object_set_new(all, footprint_cost_names[c], o);
	}
	return all;
}

static json_t *margins_json(const struct footprint *f)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->margin_count; i++) {
		const struct footprint_margin *m = &f->margins[i];

		json_array_append_new(
			list,
			json_pack("{s:o, s:i, s:o, s:o, s:s}", "shape",
				  json_text(m->name), "boots",
				  (int)m->boot_count, "granted_bytes",
				  json_number(m->granted_bytes), "margin",
				  interval_json(footprint_margin_shown(m)),
				  "answer", footprint_answer_text(m->answer)));
	}
	return list;
}

static json_t *roles_json(const struct footprint *f)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < f->role_count; i++)
		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:o, s:o, s:o}", "role",
				  json_text(f->roles[i].name), "shape",
				  json_text(f->role_shapes[i]), "rss_bytes",
				  json_number(f->roles[i].rss_bytes),
				  "pss_bytes",
				  json_number(f->roles[i].pss_bytes),
				  "constant_bytes",
				  json_number(f->roles[i].constant_bytes)));
	return list;
}

static json_t *left_json(const struct footprint *f, enum footprint_left which)
{
	return interval_json(footprint_left_shown(f, which));
}

static json_t *granted_json(const struct footprint *f)
{
	json_t *o = json_object();
	int t;

	for (t = 0; t < FOOTPRINT_TERM_COUNT; t++)
		json_object_set_new(o, footprint_term_keys[t],
				    json_number(f->granted[t]));
	return o;
}

static json_t *advice_json(const struct footprint_advice *a)
{
	if (!a->is_known)
		return json_pack("{s:o}", "reason", json_text(a->reason));
	return json_pack("{s:I, s:o}", "qemu_overhead_mib",
			 (json_int_t)a->qemu_mib,
			 "additional_guest_memory_overhead_ratio",
			 json_number(a->ratio));
}

static json_t *runner_json(const struct footprint *f)
{
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "runner", json_text(f->runner), "grade",
			 grade_name(f->grade), "answer",
			 footprint_answer_text(f->answer), "costs",
			 costs_json(f), "granted", granted_json(f), "margins",
			 margins_json(f), "processes", roles_json(f),
			 "left_system", left_json(f, FOOTPRINT_LEFT_SYSTEM),
			 "left_charged", left_json(f, FOOTPRINT_LEFT_CHARGED),
			 "recommended", advice_json(&f->advice));
}

json_t *footprint_json(const struct footprints *fs)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < fs->count; i++)
		json_array_append_new(list, runner_json(&fs->rows[i]));
	return json_pack("{s:s, s:o}", "release",
			 kubevirt_release_name(fs->release), "runners", list);
}
