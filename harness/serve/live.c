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

/* live.js, as bytes. */
static const char script[] = {
#include "live.js.hex"
	0};

static int load_newest(struct store *store, struct run_list *list,
		       struct err *err)
{
	const struct run_filter f = {.is_unfinished = true, .max_count = 1};

	return run_list_load(store, &f, list, err);
}

/* The same words as the script's, for who has none. */
static void write_progress(const struct run_line *line, struct strbuf *out)
{
	char boots[64] = "no run is under way", count[48];

	if (line)
		snprintf(boots, sizeof(boots), "%s boots",
			 run_line_boots(line, count, sizeof(count)));
	html_cell(out, "<p id=\"live-host\">", line ? line->host : "",
		  "</p>\n");
	html_cell(out, "<p id=\"live-runners\">", line ? line->runners : "",
		  "</p>\n");
	strbuf_printf(out,
		      "<p><progress id=\"live-bar\" max=\"%" PRIu64
		      "\" value=\"%" PRIu64 "\"></progress></p>\n",
		      line && line->scheduled_count ? line->scheduled_count : 1,
		      line ? line->boot_count : 0);
	html_cell(out, "<p id=\"live-boots\">", boots, "</p>\n");
}

int live_page(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	struct run_list list;
	int ret = load_newest(store, &list, err);

	(void)rq;
	if (ret)
		return ret;
	page_begin(&re->body, "l1vh-bench: under way");
	write_progress(list.count ? &list.lines[0] : NULL, &re->body);
	strbuf_puts(&re->body, "<script src=\"/static/live.js\"></script>\n");
	html_end(&re->body);
	run_list_release(&list);
	return 0;
}

int live_event(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err)
{
	struct run_list list;
	int ret = load_newest(store, &list, err);
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
