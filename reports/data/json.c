// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/findings.h"
#include "harness/findings/vmm_words.h"
#include "harness/stats/bootstrap.h"
#include "harness/stats/quantile.h"
#include "harness/stats/ranks.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "reports/data/footprint_json.h"
#include "reports/data/samples_json.h"
#include "reports/data/suites_json.h"
#include "reports/data/verdicts_json.h"

json_t *json_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

void json_print(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(json);
}

json_t *json_text(const char *text)
{
	static const struct escape as_it_is[] = {{NULL, NULL}};
	struct strbuf clean = {0};
	json_t *out;

	portable_text(&clean, text, as_it_is);
	out = json_string(strbuf_str(&clean));
	strbuf_release(&clean);
	return out;
}

static json_t *parse_stored(const char *text)
{
	json_t *o = stored_json(text);

	return o ? o : json_null();
}

static json_t *ledger(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->exit_count; i++)
		json_array_append_new(
			out,
			json_pack("{s:I, s:o, s:I, s:I}", "vcpu",
				  (json_int_t)res->exits[i].vcpu, "kind",
				  json_text(res->exits[i].kind), "count",
				  (json_int_t)res->exits[i].count, "handled_ns",
				  (json_int_t)res->exits[i].handled_ns));
	return out;
}

static void add_vmm_words(const char *identity, json_t *boot)
{
	static const char *const keys[VMM_FACT_COUNT] = {
		[VMM_FACT_SANDBOX] = "sandbox",
		[VMM_FACT_PLACEMENT] = "placement",
		[VMM_FACT_VERSION] = "vmm_version",
	};
	int i;

	for (i = 0; i < VMM_FACT_COUNT; i++) {
		char *words = vmm_words(identity, (enum vmm_fact)i);

		if (words)
			json_object_set_new(boot, keys[i], json_text(words));
		free(words);
	}
}

static json_t *boots(const struct run_data *run)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < run->boot_count; i++) {
		const struct boot_data *b = &run->boots[i];
		json_t *boot =
			json_pack("{s:I, s:I, s:o, s:o, s:s, s:o, s:s, s:I,"
				  " s:I, s:I, s:I, s:o}",
				  "boot", (json_int_t)b->position, "block",
				  (json_int_t)b->bc.block, "runner",
				  json_text(b->bc.runner), "paravirt",
				  json_text(b->bc.paravirt), "status",
				  run_status_name(b->res.status), "reason",
				  json_text(b->res.reason), "grade",
				  grade_name(b->res.grade), "vcpu_count",
				  (json_int_t)b->bc.vcpu_count, "ram_bytes",
				  (json_int_t)b->bc.ram_bytes, "elapsed_ns",
				  (json_int_t)b->res.elapsed_ns, "exit_cost_ns",
				  (json_int_t)b->res.exit_cost_ns, "exits",
				  ledger(&b->res));

		add_vmm_words(b->res.identity, boot);
		json_array_append_new(out, boot);
	}
	return out;
}

/* What was not measured has no grade either. */
static json_t *cell_grade(const struct model_cell *c)
{
	if (!model_cell_is_measured(c))
		return json_null();
	return json_string(grade_name(c->grade));
}

/* Beside the primary estimate: what assumes no distribution. */
static void add_robust(struct bootstrap *b, const struct model_cell *base,
		       const struct model_cell *c, json_t *out)
{
	double *logs = xcalloc(c->boot_count + 1, sizeof(*logs));
	size_t n = model_block_logs(base, c, logs, NULL);
	struct ratio_estimate boot =
		bootstrap_ratio_by(b, logs, n, MODEL_CONFIDENCE);
	struct rank_shift hl = ranks_center(logs, n, MODEL_CONFIDENCE);
	double low = NAN, high = NAN;

	model_hide_bounds(&boot.low, &boot.high, n);
	model_hide_bounds(&hl.low, &hl.high, n);
	quantile_median_interval(c->boots, c->boot_count, MODEL_CONFIDENCE,
				 &low, &high);
	json_object_set_new(out, "median_low", json_number(low));
	json_object_set_new(out, "median_high", json_number(high));
	json_object_set_new(out, "bootstrap_low",
			    json_number(boot.has_interval ? boot.low : NAN));
	json_object_set_new(out, "bootstrap_high",
			    json_number(boot.has_interval ? boot.high : NAN));
	json_object_set_new(out, "hodges_lehmann_ratio",
			    json_number(exp(hl.shift)));
	json_object_set_new(out, "hodges_lehmann_low",
			    json_number(exp(hl.low)));
	json_object_set_new(out, "hodges_lehmann_high",
			    json_number(exp(hl.high)));
	free(logs);
}

static json_t *estimate(const struct findings *f, const struct model_row *r,
			size_t k, struct bootstrap *b)
{
	const struct model_cell *c = &r->cells[k];
	const struct model *m = &f->model;
	json_t *out = json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:o, s:i, s:i, s:o, s:o, s:i, s:o,"
		" s:o, s:o}",
		"runner", json_text(m->runners[k]), "workload",
		json_text(r->workload), "point", json_text(r->point), "unit",
		json_text(r->unit), "better",
		r->lower_is_better ? "lower" : "higher", "grade", cell_grade(c),
		"boot_count", (int)c->boot_count, "disturbed_count",
		(int)c->disturbed_count, "median", json_number(c->median),
		"ratio_to_native", json_number(c->ratio.ratio),
		"ratio_block_count", (int)c->ratio_count, "ratio_low",
		json_number(c->ratio.low), "ratio_high",
		json_number(c->ratio.high), "reason", json_text(c->reason));

	add_robust(b, model_base(m, r), c, out);
	json_object_set_new(out, "note", json_text(c->note));
	json_object_set_new(out, "odd",
			    json_text(oddities_text(&f->oddities, r, k)));
	return out;
}

static json_t *estimates(const struct findings *f)
{
	const struct model *m = &f->model;
	struct bootstrap *b = bootstrap_create(m->run->seed);
	json_t *out = json_array();
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			json_array_append_new(out,
					      estimate(f, &m->rows[i], k, b));
	bootstrap_destroy(b);
	return out;
}

/* All of it but the samples, for which there is an empty list. */
static json_t *frame(const struct findings *f)
{
	const struct run_data *run = f->run;
	json_t *out = json_pack(
		"{s:i, s:{s:o, s:I, s:o, s:I, s:I, s:I, s:o, s:b, s:I, s:o, s:o,"
		" s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:o}",
		"schema_version", REPORT_JSON_VERSION, "run", "uuid",
		json_text(run->uuid), "id", (json_int_t)run->id, "status",
		json_text(run->status), "started_unix_ns",
		(json_int_t)run->started_unix_ns, "ended_unix_ns",
		(json_int_t)run->ended_unix_ns, "seed", (json_int_t)run->seed,
		"revision", json_text(run->revision), "is_lab", run->is_lab,
		"scheduled_count", (json_int_t)run->scheduled_count, "plan",
		parse_stored(run->plan), "fingerprint",
		parse_stored(run->fingerprint), "probe",
		parse_stored(run->probe), "guest_manifest",
		json_text(run->guest_manifest), "boots", boots(run), "samples",
		json_array(), "estimates", estimates(f), "suites",
		suites_json(f), "claims", verdicts_json(&f->judgement),
		"footprint", footprint_json(&f->footprints));

	if (run->samples_dropped_unix_ns)
		json_object_set_new(
			json_object_get(out, "run"), "samples_dropped_unix_ns",
			json_integer((json_int_t)run->samples_dropped_unix_ns));
	if (f->judgement.unreadable)
		json_object_set_new(out, "claims_error",
				    json_text(f->judgement.unreadable));
	if (*run->signer)
		json_object_set_new(json_object_get(out, "run"), "signer",
				    json_text(run->signer));
	return out;
}

void json_report_write(const struct findings *f, FILE *out)
{
	/* No text within has a line break: it is escaped. */
	static const char place[] = "\n \"samples\": [";
	json_t *report = frame(f);
	char *text = json_dumps(report, JSON_INDENT(1));
	char *at = text ? strstr(text, place) : NULL;

	json_decref(report);
	/* Each text in it went through json_text(): there was no memory. */
	if (!at)
		abort(); /* as xmalloc() does */
	at += strlen(place);
	fwrite(text, 1, (size_t)(at - text), out);
	samples_json_write(f->run, out);
	fprintf(out, "%s\n", at);
	free(text);
}
