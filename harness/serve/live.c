// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/live.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "harness/serve/api.h"
#include "harness/serve/http.h"
#include "harness/serve/pages.h"
#include "harness/store/run_list.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"

#define AGAIN_MS 1000
#define MOST_SHOWN 5

/* live.js, as bytes. */
static const char script[] = {
#include "live.js.hex"
	0};

static int load_unfinished(struct store *store, size_t count,
			   struct run_list *list, struct err *err)
{
	const struct run_filter f = {.is_unfinished = true, .max_count = count};

	return run_list_load(store, &f, list, err);
}

/* The same words as the script's, for who has none. */
static void write_progress(const struct run_line *line, struct strbuf *out)
{
	char boots[64] = "no run is under way", count[48];

	if (line)
		snprintf(boots, sizeof(boots), "%s boots",
			 run_line_boots(line, count, sizeof(count)));
	html_cell(out, "<p class=\"live\"><b id=\"live-host\">",
		  line ? line->host : "", "</b> ");
	html_cell(out, "<span id=\"live-runners\">", line ? line->runners : "",
		  "</span> ");
	strbuf_printf(
		out,
		"<progress id=\"live-bar\" aria-label=\"boots that ended\""
		" max=\"%" PRIu64 "\" value=\"%" PRIu64 "\"%s></progress> ",
		line && line->scheduled_count ? line->scheduled_count : 1,
		line ? line->boot_count : 0, line ? "" : " hidden");
	html_cell(out, "<span id=\"live-boots\">", boots, "</span></p>\n");
}

/* One that began before the newest, and goes on. */
static void write_other(const struct run_line *line, struct strbuf *out)
{
	char count[48];

	html_cell(out, "<p class=\"live\"><a href=\"/runs/", line->uuid, "\">");
	html_cell(out, "", *line->host ? line->host : "a host without a name",
		  "</a> ");
	html_cell(out, "", line->runners, ", ");
	html_cell(out, "", run_line_boots(line, count, sizeof(count)),
		  " boots</p>\n");
}

int live_write(struct store *store, struct strbuf *out, struct err *err)
{
	struct run_list list;
	int ret = load_unfinished(store, MOST_SHOWN, &list, err);
	size_t i;

	if (ret)
		return ret;
	write_progress(list.count ? &list.lines[0] : NULL, out);
	for (i = 1; i < list.count; i++)
		write_other(&list.lines[i], out);
	if (list.has_more)
		strbuf_puts(out, "<p>and more</p>\n");
	run_list_release(&list);
	return 0;
}

int live_page(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	int ret;

	(void)rq;
	page_begin(&re->body, "l1vh-bench: under way");
	ret = live_write(store, &re->body, err);
	page_end(&re->body);
	return ret;
}

int live_event(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err)
{
	struct run_list list;
	int ret = load_unfinished(store, 1, &list, err);
	json_t *json;
	char *text;

	(void)rq;
	if (ret)
		return ret;
	json = json_pack("{s:o}", "run",
			 list.count ? api_line(&list.lines[0]) : json_null());
	text = json_dumps(json, JSON_COMPACT);
	strbuf_printf(&re->body, "retry: %d\ndata: %s\n\n", AGAIN_MS,
		      text ? text : "{\"run\":null}");
	free(text);
	json_decref(json);
	run_list_release(&list);
	return 0;
}

int live_script(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err)
{
	(void)store;
	(void)rq;
	(void)err;
	strbuf_puts(&re->body, script);
	return 0;
}
