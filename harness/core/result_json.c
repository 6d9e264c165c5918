// SPDX-License-Identifier: GPL-3.0-or-later
/* The JSON form of a result, between the worker and the harness. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"

static json_t *samples_to_json(const struct series *s)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < s->sample_count; i++)
		json_array_append_new(
			out,
			result_fields_to_array(sample_fields, &s->samples[i]));
	return out;
}

static json_t *series_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];
		json_t *o = result_fields_to_object(series_fields, s);

		if (o)
			json_object_set_new(o, "samples", samples_to_json(s));
		if (o && s->figure)
			json_object_set_new(o, "figure",
					    result_fields_to_array(
						    figure_fields, s->figure));
		json_array_append_new(out, o);
	}
	return out;
}

static json_t *phases_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->phase_count; i++)
		json_array_append_new(
			out,
			result_fields_to_array(phase_fields, &res->phases[i]));
	return out;
}

static json_t *exits_to_json(const struct result *res)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < res->exit_count; i++)
		json_array_append_new(
			out,
			result_fields_to_array(exit_fields, &res->exits[i]));
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
	/* A guest's text may be other than UTF-8; such text is left out. */
	json_object_set_new(out, "identity",
			    json_string(res->identity ? res->identity : ""));
	json_object_set_new(out, "console",
			    json_string(res->console ? res->console : ""));
	return out;
}

static int samples_from_json(const json_t *array, struct series *s)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
		if (result_fields_from_array(sample_fields, item,
					     series_add_sample(s)))
			return -EPROTO;
	return 0;
}

static int figure_from_json(const json_t *array, struct series *s)
{
	struct figure figure;

	if (!array)
		return 0;
	if (result_fields_from_array(figure_fields, array, &figure))
		return -EPROTO;
	series_set_figure(s, &figure);
	return 0;
}

static int series_from_json(const json_t *array, struct result *res)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		const json_t *samples = json_object_get(item, "samples");
		struct series *s = result_add_series(res, "", "", "");

		if (result_fields_from_object(series_fields, item, s) ||
		    !samples || samples_from_json(samples, s) ||
		    figure_from_json(json_object_get(item, "figure"), s))
			return -EPROTO;
	}
	return 0;
}

static int rows_from_json(const json_t *phases, const json_t *exits,
			  struct result *res)
{
	json_t *item;
	size_t i;

	json_array_foreach(phases, i, item) {
		struct phase p;

		if (result_fields_from_array(phase_fields, item, &p))
			return -EPROTO;
		result_add_phase(res, p.name, p.mono_ns);
	}
	json_array_foreach(exits, i, item)
		if (result_fields_from_array(exit_fields, item,
					     result_add_exit(res)))
			return -EPROTO;
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
