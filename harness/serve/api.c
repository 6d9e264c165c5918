// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/api.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "harness/base/err.h"
#include "harness/serve/http.h"
#include "harness/serve/views.h"
#include "reports/data/json.h"
#include "reports/data/run_pair_json.h"
#include "reports/data/trend_json.h"

static const char not_json[] = "the result has text that JSON cannot hold";

int api_write(json_t *json, struct http_reply *re, struct err *err)
{
	char *text = json_dumps(json, JSON_INDENT(1));
	int ret = text ? 0 : err_set(err, -EILSEQ, "%s", not_json);

	json_decref(json);
	strbuf_puts(&re->body, text ? text : "");
	strbuf_puts(&re->body, "\n");
	free(text);
	return ret;
}

json_t *api_line(const struct run_line *line)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:o, s:I,"
		" s:I, s:I}",
		"uuid", json_text(line->uuid), "host", json_text(line->host),
		"status", json_text(line->status), "revision",
		json_text(line->revision), "runners", json_text(line->runners),
		"grades", json_text(line->grades), "kernel_release",
		json_text(line->kernel), "cpu_model", json_text(line->cpu),
		"is_lab", line->is_lab, "started_unix_ns",
		(json_int_t)line->started_unix_ns, "ended_unix_ns",
		line->ended_unix_ns
			? json_integer((json_int_t)line->ended_unix_ns)
			: json_null(),
		"scheduled_count", (json_int_t)line->scheduled_count,
		"boot_count", (json_int_t)line->boot_count, "host_run_count",
		(json_int_t)line->host_run_count);
}

static json_t *list_json(const struct run_list *list)
{
	json_t *out = json_array();
	size_t i;

	for (i = 0; i < list->count; i++)
		json_array_append_new(out, api_line(&list->lines[i]));
	return out;
}

static json_t *page_json(const struct view_runs *v, const char *name)
{
	return json_pack("{s:I, s:b, s:o}", "page", (json_int_t)v->page,
			 "has_more", v->list.has_more, name,
			 list_json(&v->list));
}

int api_runs(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err)
{
	struct view_runs v;
	int ret = view_runs_load(store, rq->query, &v, err);
	json_t *json;

	if (ret)
		return ret;
	json = page_json(&v, "runs");
	view_runs_release(&v);
	return api_write(json, re, err);
}

int api_run(struct store *store, const struct http_request *rq,
	    struct http_reply *re, struct err *err)
{
	struct view_run v;
	int ret = view_run_load(store, rq->item, &v, err);
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (ret)
		return ret;
	out = open_memstream(&text, &size);
	json_report_write(&v.findings, out);
	fclose(out);
	strbuf_add(&re->body, text, size);
	free(text);
	view_run_release(&v);
	return ret;
}

int api_compare(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err)
{
	struct view_pair v;
	int ret = view_pair_load(store, rq->query, &v, err);

	if (ret)
		return ret;
	ret = api_write(run_pair_json(&v.pair), re, err);
	view_pair_release(&v);
	return ret;
}

int api_history(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err)
{
	struct view_trend v;
	int ret = view_trend_load(store, rq->query, &v, err);
	json_t *json;

	if (ret)
		return ret;
	json = trend_json(&v.trend);
	json_object_set_new(json, "page", json_integer((json_int_t)v.page));
	json_object_set_new(json, "has_more", json_boolean(v.history.has_more));
	ret = api_write(json, re, err);
	view_trend_release(&v);
	return ret;
}

int api_hosts(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	struct view_runs v;
	int ret = view_hosts_load(store, rq->query, &v, err);
	json_t *json;

	if (ret)
		return ret;
	json = page_json(&v, "hosts");
	view_runs_release(&v);
	return api_write(json, re, err);
}

void api_error(const char *reason, struct http_reply *re)
{
	json_t *o = json_pack("{s:s}", "error", reason);
	char *text = json_dumps(o, JSON_COMPACT);

	strbuf_printf(&re->body, "%s\n", text ? text : "{}");
	free(text);
	json_decref(o);
}
