// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/json.h"

#include <math.h>
#include <string.h>

#include "reports/model.h"

/* NaN has no place in JSON. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *parse(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);

	return o ? o : json_null();
}

static void add_samples(const struct boot_data *b, const struct series *s,
			json_t *out)
{
	size_t i;

	for (i = 0; i < s->sample_count; i++) {
		const struct sample *p = &s->samples[i];

		json_array_append_new(
			out,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:o,"
				  " s:I, s:I, s:I, s:b}",
				  "runner", b->bc.runner, "workload",
				  s->workload, "point", s->point, "unit",
				  s->unit, "block", (int)b->bc.block, "boot",
				  (int)b->position, "grade",
				  grade_name(b->res.grade), "value",
				  number(p->value), "iterations",
				  (json_int_t)s->iterations, "elapsed_ns",
				  (json_int_t)p->elapsed_ns, "host_elapsed_ns",
				  (json_int_t)p->host_elapsed_ns, "disturbed",
				  p->is_disturbed));
	}
}

static json_t *ledger(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->exit_count; i++)
		json_array_append_new(
			out,
			json_pack("{s:i, s:s, s:I, s:I}", "vcpu",
				  (int)res->exits[i].vcpu, "kind",
				  res->exits[i].kind, "count",
				  (json_int_t)res->exits[i].count, "handled_ns",
				  (json_int_t)res->exits[i].handled_ns));
	return out;
}

static json_t *boots(const struct run_data *run, json_t *samples)
{
	json_t *out = json_array();
	size_t i, k;

	for (i = 0; i < run->boot_count; i++) {
		const struct boot_data *b = &run->boots[i];

		json_array_append_new(
			out,
			json_pack("{s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:i,"
				  " s:I, s:I, s:I, s:o}",
				  "boot", (int)b->position, "block",
				  (int)b->bc.block, "runner", b->bc.runner,
				  "paravirt", b->bc.paravirt, "status",
				  run_status_name(b->res.status), "reason",
				  b->res.reason, "grade",
				  grade_name(b->res.grade), "vcpu_count",
				  (int)b->bc.vcpu_count, "ram_bytes",
				  (json_int_t)b->bc.ram_bytes, "elapsed_ns",
				  (json_int_t)b->res.elapsed_ns, "exit_cost_ns",
				  (json_int_t)b->res.exit_cost_ns, "exits",
				  ledger(&b->res)));
		for (k = 0; k < b->res.series_count; k++)
			add_samples(b, &b->res.series[k], samples);
	}
	return out;
}

/* What was not measured has no grade either. */
static json_t *cell_grade(const struct model_cell *c)
{
	if (!c->boot_count && !c->disturbed_count && !c->refused_count)
		return json_null();
	return json_string(grade_name(c->grade));
}

static json_t *estimates(const struct model *m)
{
	json_t *out = json_array();
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			const struct model_row *r = &m->rows[i];
			const struct model_cell *c = &r->cells[k];
			bool ci = c->bootstrap.has_interval;

			json_array_append_new(
				out,
				json_pack(
					"{s:s, s:s, s:s, s:s, s:s, s:o, s:i,"
					" s:i, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:s}",
					"runner", m->runners[k], "workload",
					r->workload, "point", r->point, "unit",
					r->unit, "better",
					r->lower_is_better ? "lower" : "higher",
					"grade", cell_grade(c), "boot_count",
					(int)c->boot_count, "disturbed_count",
					(int)c->disturbed_count, "median",
					number(c->median), "ratio_to_native",
					number(c->ratio.ratio),
					"ratio_block_count",
					(int)c->ratio_count, "ratio_low",
					number(c->ratio.low), "ratio_high",
					number(c->ratio.high), "bootstrap_low",
					number(ci ? c->bootstrap.low : NAN),
					"bootstrap_high",
					number(ci ? c->bootstrap.high : NAN),
					"reason", c->reason));
		}
	return out;
}

json_t *json_report(const struct model *m)
{
	const struct run_data *run = m->run;
	json_t *samples = json_array();
	json_t *list = boots(run, samples);

	return json_pack(
		"{s:i, s:{s:I, s:s, s:I, s:I, s:I, s:s, s:b, s:i, s:o, s:o,"
		" s:o, s:s}, s:o, s:o, s:o}",
		"schema_version", REPORT_JSON_VERSION, "run", "id",
		(json_int_t)run->id, "status", run->status, "started_unix_ns",
		(json_int_t)run->started_unix_ns, "ended_unix_ns",
		(json_int_t)run->ended_unix_ns, "seed", (json_int_t)run->seed,
		"revision", run->revision, "is_lab", run->is_lab,
		"scheduled_count", (int)run->scheduled_count, "plan",
		parse(run->plan), "fingerprint", parse(run->fingerprint),
		"probe", parse(run->probe), "guest_manifest",
		run->guest_manifest, "boots", list, "samples", samples,
		"estimates", estimates(m));
}
