// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/search.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/serve/http.h"
#include "harness/serve/pages.h"
#include "harness/serve/parts.h"
#include "harness/serve/query.h"
#include "harness/serve/standing.h"
#include "harness/serve/watch.h"
#include "harness/store/run_list.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"

#define MOST_RUNS 20
#define MOST_OTHERS 50
#define LEAST_UUID 8 /* characters; fewer are also found in revisions */

static bool has_words(const char *text, const char *words)
{
	return strcasestr(text, words) != NULL;
}

static size_t write_hosts(const struct watch_view *v, const char *words,
			  struct strbuf *out)
{
	size_t i, count = 0;

	for (i = 0; i < v->count && count < MOST_OTHERS; i++) {
		const struct standing *s = &v->hosts[i];

		if (!has_words(s->host, words) && !has_words(s->cpu, words) &&
		    !has_words(s->kernel, words))
			continue;
		strbuf_puts(out, count++ ? "<li>" : "<h2>Hosts</h2><ul><li>");
		part_host_link(s, out);
		html_cell(out, ", ", s->kernel, ", ");
		html_cell(out, "", s->cpu, "</li>\n");
	}
	if (count)
		strbuf_puts(out, "</ul>\n");
	return count;
}

static size_t write_series(const struct watch_view *v, const char *words,
			   struct strbuf *out)
{
	size_t i, k, count = 0;

	for (i = 0; i < v->count; i++)
		for (k = 0; k < v->hosts[i].series_count; k++) {
			const struct standing_series *s =
				&v->hosts[i].series[k];

			if (count == MOST_OTHERS ||
			    (!has_words(s->label, words) &&
			     !has_words(s->workload, words) &&
			     !has_words(s->point, words)))
				continue;
			strbuf_puts(out, count++ ? "<li>"
						 : "<h2>Series</h2><ul><li>");
			part_history_link(&v->hosts[i], s, out);
			html_cell(out, " (", s->workload, " ");
			html_cell(out, "", s->point, ") on ");
			part_host_link(&v->hosts[i], out);
			strbuf_puts(out, "</li>\n");
		}
	if (count)
		strbuf_puts(out, "</ul>\n");
	return count;
}

static void write_runs(const struct run_list *list, struct strbuf *out)
{
	size_t i;

	if (!list->count)
		return;
	strbuf_puts(out, "<h2>Runs</h2><ul>\n");
	for (i = 0; i < list->count; i++) {
		const struct run_line *line = &list->lines[i];

		strbuf_puts(out, "<li>");
		part_run_link(line->uuid, line->started_unix_ns, out);
		strbuf_puts(out, " ");
		html_cell(out, "", line->host, ", ");
		html_cell(out, "", line->runners, ", revision ");
		html_cell(out, "", line->revision, " ");
		part_grades(line->grades, out);
		strbuf_puts(out, "</li>\n");
	}
	strbuf_puts(out,
		    list->has_more ? "<li>and more</li></ul>\n" : "</ul>\n");
}

/* A uuid has nothing but these; the address is made of it. */
static bool is_uuid_part(const char *words)
{
	return strlen(words) >= LEAST_UUID &&
	       strspn(words, "0123456789abcdef-") == strlen(words);
}

static bool lead_to_run(const struct run_list *list, const char *words,
			struct http_reply *re)
{
	if (list->count != 1 || !is_uuid_part(words) ||
	    !strstr(list->lines[0].uuid, words))
		return false;
	snprintf(re->location, sizeof(re->location), "/runs/%s",
		 list->lines[0].uuid);
	re->status = 303;
	return true;
}

static void write_found(struct watch *w, const struct run_list *list,
			const char *words, struct strbuf *out)
{
	struct watch_view v;
	bool is_whole;
	size_t count;

	watch_look(w, &v);
	part_pending(&v, out);
	count = list->count + write_hosts(&v, words, out);
	count += write_series(&v, words, out);
	is_whole = watch_is_whole(&v);
	watch_leave(w);
	write_runs(list, out);
	if (!count && is_whole)
		html_cell(
			out, "<p>Nothing stored has '", words,
			"' in a uuid, a revision, a host's name, or the name of a series that a host is followed by. "
			"<a href=\"/history\">The history of any series</a>, <a href=\"/runs\">all runs</a></p>\n");
}

int search_page(struct watch *w, struct store *store,
		const struct http_request *rq, struct http_reply *re,
		struct err *err)
{
	static const char *const names[] = {"q", NULL};
	const char *words = query_get(rq->query, "q");
	const struct run_filter f = {.words = words, .max_count = MOST_RUNS};
	struct run_list list = {.count = 0};
	int ret = query_only(rq->query, names, err);

	if (!ret && words)
		ret = run_list_load(store, &f, &list, err);
	if (ret)
		return ret;
	if (!words || !lead_to_run(&list, words, re)) {
		page_begin(&re->body, "l1vh-bench: find");
		if (words)
			write_found(w, &list, words, &re->body);
		else
			strbuf_puts(&re->body,
				    "<p>Type part of a uuid, a revision, a "
				    "host's name or a metric above.</p>\n");
		html_end(&re->body);
	}
	run_list_release(&list);
	return 0;
}
