// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/fleet_pages.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/serve/api.h"
#include "harness/serve/fleet_views.h"
#include "harness/serve/http.h"
#include "harness/serve/pages.h"
#include "harness/serve/parts.h"
#include "harness/serve/query.h"
#include "harness/serve/views.h"
#include "reports/data/fleet_json.h"
#include "reports/data/json.h"
#include "reports/html/html.h"
#include "reports/html/html_fleet.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/spark_svg.h"

static const char *const no_names[] = {NULL};

/* --- the list --- */

static void write_fleet_row(const struct fleet_name *f, struct strbuf *out)
{
	char date[32];

	strbuf_puts(out, "<tr><td><a href=\"/fleets/");
	html_percent(out, f->name);
	html_cell(out, "\">", f->name, "</a></td>");
	strbuf_printf(out,
		      "<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64
		      "</td>",
		      f->node_count, f->run_count);
	html_cell(
		out, "<td class=\"when\">",
		units_format_date(f->last_started_unix_ns, date, sizeof(date)),
		"</td></tr>\n");
}

int page_fleets(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err)
{
	struct fleet_names names;
	size_t i;
	int ret = query_only(rq->query, no_names, err);

	if (!ret)
		ret = fleet_names_load(store, &names, err);
	if (ret)
		return ret;
	page_begin(&re->body, "l1vh-bench: fleets");
	if (!names.count) {
		strbuf_puts(
			&re->body,
			"<p>No stored run is of a fleet. <code>l1vh-bench fleet manifest</code> and "
			"<code>l1vh-bench fleet sbatch</code> print what makes them.</p>\n");
	} else {
		html_table_begin(&re->body, "fleets", "");
		strbuf_puts(
			&re->body,
			"<thead><tr><th>fleet</th><th class=\"n\">nodes</th><th class=\"n\">runs</th>"
			"<th>latest</th></tr></thead><tbody>\n");
		for (i = 0; i < names.count; i++)
			write_fleet_row(&names.rows[i], &re->body);
		html_table_end(&re->body);
	}
	html_end(&re->body);
	fleet_names_release(&names);
	return 0;
}

int api_fleets(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err)
{
	struct fleet_names names;
	json_t *rows;
	size_t i;
	int ret = query_only(rq->query, no_names, err);

	if (!ret)
		ret = fleet_names_load(store, &names, err);
	if (ret)
		return ret;
	rows = json_array();
	for (i = 0; i < names.count; i++)
		json_array_append_new(
			rows,
			json_pack("{s:o, s:I, s:I, s:I}", "name",
				  json_text(names.rows[i].name), "node_count",
				  (json_int_t)names.rows[i].node_count,
				  "run_count",
				  (json_int_t)names.rows[i].run_count,
				  "last_started_unix_ns",
				  (json_int_t)names.rows[i]
					  .last_started_unix_ns));
	fleet_names_release(&names);
	return api_write(json_pack("{s:o}", "fleets", rows), re, err);
}

/* --- one fleet --- */

int page_fleet(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err)
{
	static const char *const names[] = {"page", "q", "days", NULL};
	static const struct page_field fields[] = {
		{"days", "days (0: all)", "number"},
		{"q", "node, arm or state", "search"},
		{NULL, NULL, NULL}};
	struct html_fleet_rows rows = {.search = query_get(rq->query, "q"),
				       .max_count = VIEW_FLEET_NODES};
	struct strbuf text = {0};
	struct fleet_report r;
	size_t page, more;
	int ret = query_only(rq->query, names, err);

	if (!ret)
		ret = view_page_of(rq->query, &page, err);
	if (!ret)
		ret = view_fleet_load(store, rq->item, rq->query, &r, err);
	if (ret)
		return ret;
	rows.skip_count = (page - 1) * VIEW_FLEET_NODES;
	strbuf_printf(&text, "Fleet %s", r.fleet.name);
	page_begin(&re->body, text.str);
	strbuf_release(&text);
	html_fleet_write(&r, &re->body);
	strbuf_puts(&re->body, "<h2>Nodes</h2>\n");
	strbuf_puts(&text, "/fleets/");
	html_percent(&text, r.fleet.name);
	page_form(rq->query, text.str, fields, &re->body);
	more = html_fleet_nodes(&r, &rows, &re->body);
	page_buttons(rq->query, text.str, page, more > 0, &re->body);
	html_end(&re->body);
	strbuf_release(&text);
	fleet_report_release(&r);
	return 0;
}

int api_fleet(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	static const char *const names[] = {"days", NULL};
	struct fleet_report r;
	json_t *json;
	int ret = query_only(rq->query, names, err);

	if (!ret)
		ret = view_fleet_load(store, rq->item, rq->query, &r, err);
	if (ret)
		return ret;
	json = fleet_json(&r);
	fleet_report_release(&r);
	return api_write(json, re, err);
}

/* --- one node --- */

static void write_run_row(const struct fleet_run_row *run, struct strbuf *out)
{
	strbuf_puts(out, "<tr><td class=\"when\">");
	part_run_link(run->uuid, run->started_unix_ns, out);
	strbuf_puts(out, "</td><td><a href=\"/fleets/");
	html_percent(out, run->fleet);
	html_cell(out, "\">", run->fleet, "</a></td>");
	html_cell(out, "<td>", run->arm, "</td><td class=\"n\">");
	if (run->index >= 0)
		strbuf_printf(out, "%" PRId64, run->index);
	html_cell(out, "</td><td>", run->status, "</td>");
	html_cell(out, "<td>", run->revision, "</td>");
	html_cell(out, "<td class=\"w\">", run->attempt, "</td></tr>\n");
}

static void write_tile(const struct node_series *s, struct strbuf *out)
{
	char label[160], value[32];
	const struct spark spark = {
		.values = s->medians, .count = s->count, .label = label};

	units_format(s->medians[s->count - 1], s->unit, value, sizeof(value));
	snprintf(label, sizeof(label), "%s %s %s: %zu runs, the latest %s",
		 s->runner, s->workload, s->point, s->count, value);
	html_cell(out, "<li class=\"tile\"><h3>", s->runner, " ");
	html_cell(out, "", s->workload, " ");
	html_cell(out, "", s->point, "</h3>");
	spark_svg(&spark, out);
	html_cell(out, "<p><b>", value, "</b> ");
	strbuf_printf(out, "<span class=\"note\">%s is better</span>",
		      s->lower_is_better ? "lower" : "higher");
	if (strcmp(s->grade, "hardware")) {
		strbuf_puts(out, " ");
		part_grades(s->grade, out);
	}
	strbuf_puts(out, "</p></li>\n");
}

static void write_node(const struct view_node *v, struct strbuf *out)
{
	size_t i;

	strbuf_puts(
		out,
		"<p class=\"note\">Whether it is odd is judged within its fleet, on the fleet's page.</p>\n"
		"<h2 id=\"runs\">Runs</h2>\n");
	html_table_begin(out, "runs of the node", "");
	strbuf_puts(
		out,
		"<thead><tr><th>started</th><th>fleet</th><th>arm</th><th class=\"n\">index</th><th>status</th>"
		"<th>revision</th><th>attempt</th></tr></thead><tbody>\n");
	for (i = 0; i < v->runs.count; i++)
		write_run_row(&v->runs.rows[i], out);
	html_table_end(out);
	strbuf_puts(
		out,
		"<h2 id=\"series\">Medians of these runs</h2>\n<ul class=\"tiles\">\n");
	for (i = 0; i < v->series_count; i++)
		write_tile(&v->series[i], out);
	strbuf_puts(out, "</ul>\n");
}

int page_node(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	struct strbuf text = {0};
	struct view_node v;
	int ret = view_node_load(store, rq->item, rq->query, &v, err);

	if (ret)
		return ret;
	strbuf_printf(&text, "Node %s", rq->item);
	page_begin(&re->body, text.str);
	strbuf_release(&text);
	write_node(&v, &re->body);
	strbuf_puts(&text, "/nodes/");
	html_percent(&text, rq->item);
	page_buttons(rq->query, text.str, v.page, v.runs.has_more, &re->body);
	html_end(&re->body);
	strbuf_release(&text);
	view_node_release(&v);
	return 0;
}

static json_t *run_json(const struct fleet_run_row *run)
{
	return json_pack(
		"{s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:I}", "uuid",
		json_text(run->uuid), "fleet", json_text(run->fleet), "arm",
		json_text(run->arm), "index", (json_int_t)run->index, "attempt",
		json_text(run->attempt), "status", json_text(run->status),
		"revision", json_text(run->revision), "started_unix_ns",
		(json_int_t)run->started_unix_ns);
}

static json_t *series_json(const struct node_series *s)
{
	json_t *medians = json_array();
	size_t i;

	for (i = 0; i < s->count; i++)
		json_array_append_new(medians, json_number(s->medians[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "runner",
			 json_text(s->runner), "workload",
			 json_text(s->workload), "point", json_text(s->point),
			 "unit", json_text(s->unit), "lower_is_better",
			 s->lower_is_better, "grade", json_text(s->grade),
			 "medians", medians);
}

int api_node(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err)
{
	json_t *runs, *series;
	struct view_node v;
	size_t i;
	int ret = view_node_load(store, rq->item, rq->query, &v, err);

	if (ret)
		return ret;
	runs = json_array();
	series = json_array();
	for (i = 0; i < v.runs.count; i++)
		json_array_append_new(runs, run_json(&v.runs.rows[i]));
	for (i = 0; i < v.series_count; i++)
		json_array_append_new(series, series_json(&v.series[i]));
	ret = api_write(json_pack("{s:o, s:I, s:b, s:o, s:o}", "node",
				  json_text(rq->item), "page",
				  (json_int_t)v.page, "has_more",
				  v.runs.has_more, "runs", runs, "series",
				  series),
			re, err);
	view_node_release(&v);
	return ret;
}
