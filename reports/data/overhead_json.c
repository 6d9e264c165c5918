// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/overhead_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/base.h"
#include "harness/kubevirt/release.h"
#include "harness/kubevirt/survey.h"
#include "reports/data/json.h"

static void print_compact(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(json);
}

static void print_member(const char *key, json_t *value)
{
	printf(",\n \"%s\": ", key);
	print_compact(value);
}

static json_t *notes_to_json(const struct survey_guest *g, bool warnings)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < g->note_count; i++)
		if (g->notes[i].is_warning == warnings)
			json_array_append_new(out, json_text(g->notes[i].text));
	return out;
}

/* What KubeVirt's webhook has against it, as kubectl prints it. */
static json_t *rejections_to_json(const struct rejections *r)
{
	json_t *out = json_array();
	char text[560];
	size_t i;

	for (i = 0; i < r->count; i++) {
		snprintf(text, sizeof(text), "%s%s%s", r->rows[i].field,
			 r->rows[i].field[0] ? ": " : "", r->rows[i].message);
		json_array_append_new(out, json_text(text));
	}
	return out;
}

static json_t *release_figures(const struct survey_guest *g, size_t i)
{
	json_t *out = figures_to_json(&g->figures[i]);

	if (g->rejections)
		json_object_set_new(out, "rejected",
				    rejections_to_json(&g->rejections[i]));
	return out;
}

/* The second release's figures are "versus". */
static json_t *guest_to_json(const struct overhead_json *o,
			     const struct survey_guest *g)
{
	json_t *out = g->figures ? release_figures(g, 0) : json_object();
	const struct manifest_guest *m = g->manifest;

	if (g->error)
		json_object_set_new(out, "error", json_text(g->error));
	if (g->figures && o->survey->release_count > 1)
		json_object_set_new(out, "versus", release_figures(g, 1));
	if (o->survey->has_manifest) {
		json_object_set_new(
			out, "file",
			json_text(o->survey->file ? o->survey->file : ""));
		json_object_set_new(out, "kind", json_text(m->kind));
		json_object_set_new(out, "name", json_text(m->name));
		json_object_set_new(out, "namespace", json_text(m->space));
		json_object_set_new(out, "document",
				    json_integer((json_int_t)m->document));
		json_object_set_new(out, "line",
				    json_integer((json_int_t)m->line));
		json_object_set_new(out, "replicas",
				    json_integer((json_int_t)m->replica_count));
	}
	json_object_set_new(out, "notes", notes_to_json(g, false));
	json_object_set_new(out, "warnings", notes_to_json(g, true));
	return out;
}

/* The members that scripts have read since there was only one guest. */
static json_t *first_figures(const struct survey_guest *g)
{
	static const char *const keys[] = {"overhead_bytes",
					   "compute_request_bytes",
					   "compute_limit_bytes",
					   "pod_request_bytes",
					   "pod_limit_bytes",
					   "memlock_bytes",
					   "terms"};
	json_t *all = figures_to_json(&g->figures[0]);
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set(out, keys[i], json_object_get(all, keys[i]));
	json_decref(all);
	return out;
}

static void print_guest(const struct survey_guest *g, void *arg)
{
	struct overhead_json *o = arg;

	if (o->survey->is_sum && !g->error && !g->has_warning &&
	    !g->is_rejected)
		return;
	if (!o->row_count && g->figures)
		o->first = first_figures(g);
	printf("%s\n  ", o->row_count++ ? "," : "");
	print_compact(guest_to_json(o, g));
}

static void keep_remark(const char *text, bool is_warning, void *arg)
{
	struct overhead_json *o = arg;
	json_t *one = json_text(text);
	char *dump = json_dumps(one, JSON_ENCODE_ANY);

	(void)is_warning;
	strbuf_printf(&o->remarks, "%s%s", o->remarks.len ? ", " : "", dump);
	free(dump);
	json_decref(one);
}

static json_t *release_to_json(const struct kubevirt_release *r,
			       const char *asked)
{
	return json_pack("{s:o, s:s, s:b}", "asked", json_text(asked), "tag",
			 kubevirt_release_name(r), "exact",
			 kubevirt_release_is_exact(r, asked));
}

static json_t *settings_by_release(const struct survey *s)
{
	json_t *out = json_object();
	size_t i;

	for (i = 0; i < s->release_count; i++)
		json_object_set_new(
			out, kubevirt_release_name(s->releases[i]),
			kubevirt_cluster_to_json(&s->cluster, s->releases[i]));
	return out;
}

void overhead_json_begin(struct overhead_json *o)
{
	struct survey *s = o->survey;

	s->each = print_guest;
	s->remark = keep_remark;
	s->arg = o;
	printf("{\"release\": \"%s\"", kubevirt_release_name(s->releases[0]));
	if (s->asked[0])
		print_member("release_asked",
			     release_to_json(s->releases[0], s->asked[0]));
	if (s->asked[1])
		print_member("versus",
			     release_to_json(s->releases[1], s->asked[1]));
	print_member("settings",
		     kubevirt_cluster_to_json(&s->cluster, s->releases[0]));
	if (s->release_count > 1)
		print_member("settings_by_release", settings_by_release(s));
	printf(",\n \"guests\": [");
}

static json_t *sum_to_json(const struct survey *s, size_t i)
{
	const struct survey_sum *sum = &s->sums[i];
	json_t *terms = json_object();
	size_t t;

	for (t = 0; t < sum->overhead.term_count; t++)
		json_object_set_new(terms, sum->overhead.terms[t].name,
				    json_integer(sum->overhead.terms[t].bytes));
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"release", kubevirt_release_name(s->releases[i]),
		"overhead_bytes", (json_int_t)sum->overhead.total_bytes,
		"compute_request_bytes", (json_int_t)sum->compute_request_bytes,
		"pod_request_bytes", (json_int_t)sum->pod_request_bytes,
		"pod_limit_bytes", (json_int_t)sum->pod_limit_bytes,
		"pods_without_limit", (json_int_t)sum->unlimited_pods,
		"memlock_bytes", (json_int_t)sum->memlock_bytes,
		"memlock_unlimited", (json_int_t)sum->unlimited_memlocks,
		"pod_cpu_request_milli", (json_int_t)sum->cpu_request_milli,
		"hugepages_bytes", (json_int_t)sum->hugepage_bytes, "terms",
		terms);
}

void overhead_json_end(struct overhead_json *o, const char *error)
{
	const struct survey *s = o->survey;
	json_t *sums = json_array(), *value;
	const char *key;
	size_t i;

	printf("%s]", o->row_count ? "\n " : "");
	for (i = 0; i < s->release_count; i++)
		json_array_append_new(sums, sum_to_json(s, i));
	print_member("guest_count", json_integer((json_int_t)s->guest_count));
	print_member("error_count", json_integer((json_int_t)s->error_count));
	print_member("warning_count",
		     json_integer((json_int_t)s->warning_count));
	print_member("note_count", json_integer((json_int_t)s->note_count));
	print_member("stopped_count",
		     json_integer((json_int_t)s->stopped_count));
	print_member("owned_count", json_integer((json_int_t)s->owned_count));
	print_member("rejected_count",
		     json_integer((json_int_t)s->rejected_count));
	print_member("sums_are_exact", json_boolean(!s->is_beyond));
	print_member("sums", sums);
	printf(",\n \"remarks\": [%s]", strbuf_str(&o->remarks));
	if (error)
		print_member("error", json_text(error));
	if (o->row_count == 1 && !o->survey->is_sum)
		json_object_foreach(o->first, key, value)
			print_member(key, json_incref(value));
	json_decref(o->first);
	puts("}");
	strbuf_release(&o->remarks);
}
