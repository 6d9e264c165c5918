// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/units.h"
#include "harness/serve/http.h"
#include "harness/serve/parts.h"
#include "harness/serve/query.h"
#include "harness/serve/views.h"
#include "reports/formats.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/pair_plot.h"
#include "reports/text/run_pair_text.h"

#define MOST_LANES 30

void page_begin(struct strbuf *out, const char *title)
{
	html_begin_below(
		out, title, "served",
		"<nav aria-label=\"Dashboard\"><a href=\"/\">overview</a> "
		"<a href=\"/runs\">runs</a> <a href=\"/hosts\">hosts</a> "
		"<a href=\"/fleets\">fleets</a> "
		"<a href=\"/claims\">claims</a> <a href=\"/history\">history</a> "
		"<a href=\"/live\">under way</a> <a href=\"/board\">board</a>"
		"<form role=\"search\" action=\"/search\" method=\"get\">"
		"<label>find <input type=\"search\" name=\"q\" size=\"24\""
		" placeholder=\"uuid, revision, host, metric\"></label>"
		"<button>Find</button></form></nav>\n");
	html_cell(out, "<h1>", title, "</h1>\n");
}

void page_end(struct strbuf *out)
{
	strbuf_puts(out, "<script src=\"/static/live.js\" defer></script>\n");
	html_end(out);
}

void page_form(const struct query *q, const char *action,
	       const struct page_field *list, struct strbuf *out)
{
	strbuf_printf(out, "<form action=\"%s\" method=\"get\"><p>\n", action);
	for (; list->name; list++) {
		const char *value = query_get(q, list->name);

		strbuf_printf(out,
			      "<label>%s <input type=\"%s\" name=\"%s\""
			      " size=\"12\" value=\"",
			      list->label, list->type, list->name);
		html_cell(out, "", value ? value : "", "\"></label>\n");
	}
	strbuf_puts(out, "<button>Show</button></p></form>\n");
}

int page_icon(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	(void)store;
	(void)rq;
	(void)err;
	strbuf_puts(&re->body,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\""
		    " viewBox=\"0 0 16 16\"><path fill=\"#0072b2\""
		    " d=\"M1 14V8h4v6zM6 14V2h4v12z\"/>"
		    "<path fill=\"#d55e00\" d=\"M11 14V5h4v9z\"/></svg>\n");
	return 0;
}

static void write_run_link(const struct run_line *line, struct strbuf *out)
{
	strbuf_puts(out, "<td class=\"when\">");
	part_run_link(line->uuid, line->started_unix_ns, out);
	strbuf_puts(out, "</td>");
}

/* An emulated figure never looks like another, not even before it is seen. */
static void write_grades(const struct run_line *line, struct strbuf *out)
{
	strbuf_printf(out, "<td><span class=\"grade%s\">",
		      line->is_lab ? " emulated" : "");
	html_cell(out, "", *line->grades ? line->grades : "none",
		  "</span></td>");
}

/* Of the two to be compared; its name says which run, for who hears it. */
static void write_choice(const char *name, const struct run_line *line,
			 struct strbuf *out)
{
	char text[64];

	html_cell(out, "<input type=\"radio\" name=\"", name, "\" value=\"");
	html_cell(out, "", line->uuid, "\" aria-label=\"");
	html_cell(out, "", name, ": ");
	html_cell(out, "",
		  units_format_date(line->started_unix_ns, text, sizeof(text)),
		  " UTC on ");
	html_cell(out, "", line->host, "\">");
}

static void write_run_row(const struct run_line *line, struct strbuf *out)
{
	const char *const cells[] = {line->host, line->runners, line->status,
				     line->revision};
	char boots[48];
	size_t i;

	strbuf_puts(out, "<tr><td class=\"pair\">");
	write_choice("a", line, out);
	write_choice("b", line, out);
	strbuf_puts(out, "</td>");
	write_run_link(line, out);
	for (i = 0; i < ARRAY_SIZE(cells); i++)
		html_cell(out, "<td>", cells[i], "</td>");
	html_cell(out, "<td class=\"n\">",
		  run_line_boots(line, boots, sizeof(boots)), "</td>");
	write_grades(line, out);
	html_cell(out, "<td><a href=\"/runs/", line->uuid,
		  ".json\">JSON</a></td></tr>\n");
}

static void write_run_table(const struct run_list *list, struct strbuf *out)
{
	size_t i;

	strbuf_puts(out, "<form action=\"/compare\" method=\"get\">");
	html_table_begin(out, "runs", " id=\"runs\"");
	strbuf_puts(out, "<thead><tr><th>a b</th>"
			 "<th>started</th><th>host</th><th>runners</th>"
			 "<th>status</th><th>revision</th>"
			 "<th class=\"n\">boots</th><th>grade</th><th>data</th>"
			 "</tr></thead><tbody>\n");
	for (i = 0; i < list->count; i++)
		write_run_row(&list->lines[i], out);
	html_table_end(out);
	strbuf_puts(out, "<p><button>Compare a with b</button></p></form>\n");
}

static void write_page_button(const struct query *q, const char *action,
			      size_t page, const char *label,
			      struct strbuf *out)
{
	size_t i;

	strbuf_printf(out, "<form action=\"%s\" method=\"get\">", action);
	for (i = 0; i < q->count; i++) {
		if (!strcmp(q->parameters[i].name, "page"))
			continue;
		html_cell(out, "<input type=\"hidden\" name=\"",
			  q->parameters[i].name, "\"");
		html_cell(out, " value=\"", q->parameters[i].value, "\">");
	}
	strbuf_printf(out,
		      "<button name=\"page\" value=\"%zu\">%s</button>"
		      "</form>\n",
		      page, label);
}

void page_buttons(const struct query *q, const char *action, size_t page,
		  bool has_more, struct strbuf *out)
{
	if (page > 1)
		write_page_button(q, action, page - 1, "newer", out);
	if (has_more)
		write_page_button(q, action, page + 1, "older", out);
}

int page_runs(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	static const struct page_field fields[] = {
		{"host", "host", "text"},
		{"runner", "runner", "text"},
		{"workload", "workload", "text"},
		{"from", "from", "date"},
		{"to", "to", "date"},
		{"q", "revision or uuid", "search"},
		{NULL, NULL, NULL},
	};
	struct view_runs v;
	int ret = view_runs_load(store, rq->query, &v, err);

	if (ret)
		return ret;
	page_begin(&re->body, "l1vh-bench: runs");
	page_form(rq->query, "/runs", fields, &re->body);
	if (v.list.count)
		write_run_table(&v.list, &re->body);
	else
		strbuf_puts(&re->body, "<p>No stored run matches. "
				       "<a href=\"/runs\">All runs</a></p>\n");
	page_buttons(rq->query, "/runs", v.page, v.list.has_more, &re->body);
	html_end(&re->body);
	view_runs_release(&v);
	return 0;
}

int page_run(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err)
{
	struct view_run v;
	int ret = view_run_load(store, rq->item, &v, err);

	if (ret)
		return ret;
	format_find(FORMAT_HTML)->build(&v.findings, &re->body);
	view_run_release(&v);
	return 0;
}

/* The picture first; why there is none is in the words below. */
static void write_pair(const struct run_pair *p, struct strbuf *out)
{
	struct strbuf picture = {0};
	size_t found;
	size_t count = pair_plot_write(p, MOST_LANES, &found, &picture);

	if (html_figure(out, "two runs", &picture))
		strbuf_printf(
			out,
			"<p class=\"note\">Guests by their ratio to native on their own host, native directly. "
			"Green and red: the 95 %% interval excludes 1. The %zu largest of %zu differences are drawn.</p>\n",
			count, found);
}

int page_compare(struct store *store, const struct http_request *rq,
		 struct http_reply *re, struct err *err)
{
	struct view_pair v;
	int ret = view_pair_load(store, rq->query, &v, err);
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	if (ret)
		return ret;
	f = open_memstream(&text, &size);
	run_pair_text_write(&v.pair, f);
	fclose(f);
	page_begin(&re->body, "l1vh-bench: two runs");
	write_pair(&v.pair, &re->body);
	html_cell(&re->body, "<p>a: <a href=\"/runs/", v.a.run.uuid, "\">");
	html_cell(&re->body, "", v.a.run.uuid, "</a>, ");
	html_cell(&re->body, "b: <a href=\"/runs/", v.b.run.uuid, "\">");
	html_cell(&re->body, "", v.b.run.uuid, "</a></p>\n");
	html_lines(&re->body, "comparison", text);
	html_end(&re->body);
	free(text);
	view_pair_release(&v);
	return 0;
}

static void write_host_row(const struct run_line *line, struct strbuf *out)
{
	strbuf_puts(out, "<tr><td><a href=\"/host?");
	part_parameter("name", line->host, out);
	html_cell(out, "\">", *line->host ? line->host : "unknown",
		  "</a></td>");
	html_cell(out, "<td>", line->kernel, "</td>");
	html_cell(out, "<td>", line->cpu, "</td>");
	strbuf_printf(out, "<td class=\"n\">%" PRIu64 "</td>",
		      line->host_run_count);
	write_run_link(line, out);
	write_grades(line, out);
	strbuf_puts(out, "</tr>\n");
}

int page_hosts(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err)
{
	struct view_runs v;
	int ret = view_hosts_load(store, rq->query, &v, err);
	size_t i;

	if (ret)
		return ret;
	page_begin(&re->body, "l1vh-bench: hosts");
	html_table_begin(&re->body, "hosts", " id=\"hosts\"");
	strbuf_puts(&re->body,
		    "<thead><tr><th>host</th>"
		    "<th>kernel</th><th>CPU</th><th class=\"n\">runs</th>"
		    "<th>latest</th><th>its grade</th></tr></thead><tbody>\n");
	for (i = 0; i < v.list.count; i++)
		write_host_row(&v.list.lines[i], &re->body);
	html_table_end(&re->body);
	page_buttons(rq->query, "/hosts", v.page, v.list.has_more, &re->body);
	html_end(&re->body);
	view_runs_release(&v);
	return 0;
}

void page_error(const char *reason, struct http_reply *re)
{
	html_begin(&re->body, "l1vh-bench");
	strbuf_printf(&re->body, "<h1>%u</h1>\n", re->status);
	html_cell(&re->body, "<p>", reason,
		  "</p>\n<p><a href=\"/\">overview</a></p>\n");
	html_end(&re->body);
}
