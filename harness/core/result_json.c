// SPDX-License-Identifier: GPL-3.0-or-later
/* How a result crosses the border between the worker and the harness. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result.h"

static json_t *samples_to_json(const struct series *s)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < s->sample_count; i++) {
		const struct sample *p = &s->samples[i];

		json_array_append_new(
			out,
			json_pack("[I, I, I, f, I, I]", (json_int_t)p->section,
				  (json_int_t)p->elapsed_ns,
				  (json_int_t)p->host_elapsed_ns, p->value,
				  (json_int_t)p->waited_ns,
				  (json_int_t)p->disturbances));
	}
	return out;
}

static json_t *series_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];

		json_array_append_new(
			out,
			json_pack(
				"{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:I, s:I,"
				" s:I, s:o}",
				"workload", s->workload, "point", s->point,
				"unit", s->unit, "status",
				run_status_name(s->status), "reason", s->reason,
				"iterations", (json_int_t)s->iterations,
				"lower_is_better", s->lower_is_better,
				"set_bytes", (json_int_t)s->set_bytes,
				"page_bytes", (json_int_t)s->page_bytes,
				"list_rank", (json_int_t)s->list_rank,
				"samples", samples_to_json(s)));
	}
	return out;
}

static json_t *phases_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->phase_count; i++)
		json_array_append_new(
			out, json_pack("[s, I]", res->phases[i].name,
				       (json_int_t)res->phases[i].mono_ns));
	return out;
}

static json_t *exits_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->exit_count; i++)
		json_array_append_new(
			out, json_pack("[I, s, I, I]",
				       (json_int_t)res->exits[i].vcpu,
				       res->exits[i].kind,
				       (json_int_t)res->exits[i].count,
				       (json_int_t)res->exits[i].handled_ns));
	return out;
}

static json_t *documents_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->document_count; i++)
		json_array_append_new(out, json_pack("[s, s, s]",
						     res->documents[i].workload,
						     res->documents[i].point,
						     res->documents[i].text));
	return out;
}

json_t *result_to_json(const struct result *res)
{
	json_t *out = json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:s}",
		"status", run_status_name(res->status), "reason", res->reason,
		"grade", grade_name(res->grade), "started_unix_ns",
		(json_int_t)res->started_unix_ns, "elapsed_ns",
		(json_int_t)res->elapsed_ns, "exit_cost_ns",
		(json_int_t)res->exit_cost_ns, "series", series_to_json(res),
		"phases", phases_to_json(res), "exits", exits_to_json(res),
		"documents", documents_to_json(res), "boot_id", res->boot_id);

	if (res->is_oom_killed)
		json_object_set_new(out, "oom_killed", json_true());
	/* Text of a guest need not be UTF-8; what is not is left out. */
	json_object_set_new(out, "identity",
			    json_string(res->identity ? res->identity : ""));
	json_object_set_new(out, "console",
			    json_string(res->console ? res->console : ""));
	return out;
}

static int samples_from_json(json_t *array, struct series *s)
{
	json_int_t section, elapsed, host, waited, disturbances;
	double value;
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		struct sample *p;

		if (json_unpack(item, "[I, I, I, F, I, I]", &section, &elapsed,
				&host, &value, &waited, &disturbances))
			return -EPROTO;
		p = series_add_sample(s);
		p->section = (uint32_t)section;
		p->elapsed_ns = (uint64_t)elapsed;
		p->host_elapsed_ns = (uint64_t)host;
		p->value = value;
		p->waited_ns = (uint64_t)waited;
		p->disturbances = (uint32_t)disturbances;
	}
	return 0;
}

static int series_from_json(json_t *array, struct result *res)
{
	const char *workload, *point, *unit, *status, *reason;
	json_t *item, *samples;
	json_int_t iterations, set, page, rank;
	int lower_is_better;
	size_t i;

	json_array_foreach(array, i, item) {
		struct series *s;

		if (json_unpack(
			    item,
			    "{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:I, s:I, s:I, s:o}",
			    "workload", &workload, "point", &point, "unit",
			    &unit, "status", &status, "reason", &reason,
			    "iterations", &iterations, "lower_is_better",
			    &lower_is_better, "set_bytes", &set, "page_bytes",
			    &page, "list_rank", &rank, "samples", &samples))
			return -EPROTO;
		s = result_add_series(res, workload, point, unit);
		s->status = run_status_parse(status);
		snprintf(s->reason, sizeof(s->reason), "%s", reason);
		s->iterations = (uint64_t)iterations;
		s->lower_is_better = lower_is_better;
		s->set_bytes = (uint64_t)set;
		s->page_bytes = (uint64_t)page;
		s->list_rank = (uint32_t)rank;
		if (samples_from_json(samples, s))
			return -EPROTO;
	}
	return 0;
}

static int rows_from_json(json_t *phases, json_t *exits, struct result *res)
{
	json_int_t vcpu, count, ns;
	const char *name;
	json_t *item;
	size_t i;

	json_array_foreach(phases, i, item) {
		if (json_unpack(item, "[s, I]", &name, &ns))
			return -EPROTO;
		result_add_phase(res, name, (uint64_t)ns);
	}
	json_array_foreach(exits, i, item) {
		struct exit_row *e;

		if (json_unpack(item, "[I, s, I, I]", &vcpu, &name, &count,
				&ns))
			return -EPROTO;
		e = result_add_exit(res);
		e->vcpu = (uint32_t)vcpu;
		snprintf(e->kind, sizeof(e->kind), "%s", name);
		e->count = (uint64_t)count;
		e->handled_ns = (uint64_t)ns;
	}
	return 0;
}

static int documents_from_json(json_t *array, struct result *res)
{
	const char *workload, *point, *text;
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (json_unpack(item, "[s, s, s]", &workload, &point, &text))
			return -EPROTO;
		result_add_document(res, workload, point, text);
	}
	return 0;
}

int result_from_json(const json_t *json, struct result *res, struct err *err)
{
	const char *status, *reason, *grade, *boot_id;
	json_int_t started, elapsed, exit_cost;
	json_t *series, *phases, *exits, *documents;

	result_init(res);
	if (json_unpack((json_t *)json,
			"{s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o,"
			" s:s}",
			"status", &status, "reason", &reason, "grade", &grade,
			"started_unix_ns", &started, "elapsed_ns", &elapsed,
			"exit_cost_ns", &exit_cost, "series", &series, "phases",
			&phases, "exits", &exits, "documents", &documents,
			"boot_id", &boot_id))
		return err_set(err, -EPROTO, "a result is not well formed");
	res->status = run_status_parse(status);
	snprintf(res->reason, sizeof(res->reason), "%s", reason);
	res->grade = grade_parse(grade);
	res->started_unix_ns = (uint64_t)started;
	res->elapsed_ns = (uint64_t)elapsed;
	res->exit_cost_ns = (uint64_t)exit_cost;
	if (series_from_json(series, res) ||
	    rows_from_json(phases, exits, res) ||
	    documents_from_json(documents, res)) {
		result_release(res);
		return err_set(err, -EPROTO,
			       "a result's rows are not well formed");
	}
	snprintf(res->boot_id, sizeof(res->boot_id), "%s", boot_id);
	res->is_oom_killed = json_is_true(json_object_get(json, "oom_killed"));
	res->identity = xstrdup(
		json_string_value(json_object_get(json, "identity")) ?: "");
	res->console = xstrdup(
		json_string_value(json_object_get(json, "console")) ?: "");
	return 0;
}
