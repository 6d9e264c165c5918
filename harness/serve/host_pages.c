// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/host_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/serve/http.h"
#include "harness/serve/pages.h"
#include "harness/serve/parts.h"
#include "harness/serve/query.h"
#include "harness/serve/standing.h"
#include "harness/serve/watch.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_verdicts.h"

static void write_run_row(const struct standing_run *r, uint64_t now_ns,
			  struct strbuf *out)
{
	strbuf_puts(out, "<tr><td class=\"when\">");
	part_run_link(r->uuid, r->started_unix_ns, out);
	strbuf_puts(out, "</td><td>");
	part_age(r->started_unix_ns, now_ns, false, out);
	html_cell(out, "</td><td>", r->runners, "</td>");
	html_cell(out, "<td>", r->status, "</td><td>");
	part_verdict(r->claims ? r : NULL, out);
	html_cell(out, "</td><td>", r->sentence, "</td><td>");
	part_grades(r->grades, out);
	strbuf_puts(out, "</td></tr>\n");
}

static void write_host(const struct standing *s, uint64_t now_ns,
		       struct strbuf *out)
{
	size_t i;

	html_cell(out, "<p>", *s->cpu ? s->cpu : "CPU unknown", ", kernel ");
	html_cell(out, "", *s->kernel ? s->kernel : "unknown", "");
	strbuf_printf(out, "; %" PRIu64 " runs", s->run_count);
	if (*s->host) {
		strbuf_puts(out, ", <a href=\"/runs?");
		part_parameter("host", s->host, out);
		strbuf_puts(out, "\">all of them</a>");
	}
	strbuf_puts(out, "</p>\n");
	html_cell(out, "<h2 id=\"series\">What matters, under ",
		  *s->runner ? s->runner : "no runner", "</h2>\n");
	part_tiles(s, out);
	strbuf_puts(out, "<h2 id=\"latest\">Latest runs</h2>\n");
	html_table_begin(out, "latest runs", "");
	strbuf_puts(
		out,
		"<thead><tr><th>started</th><th>age</th><th>runners</th><th>status</th>"
		"<th>verdict</th><th>in a sentence</th><th>grade</th></tr></thead><tbody>\n");
	for (i = 0; i < s->shown_count; i++)
		write_run_row(&s->runs[i], now_ns, out);
	html_table_end(out);
}

int host_page(struct watch *w, const struct http_request *rq,
	      struct http_reply *re, struct err *err)
{
	static const char *const names[] = {"name", NULL};
	const char *name = query_get(rq->query, "name");
	const struct standing *s;
	struct strbuf title = {0};
	struct watch_view v;
	int ret = query_only(rq->query, names, err);

	if (ret)
		return ret;
	watch_look(w, &v);
	s = watch_find(&v, name ? name : "");
	if (s) {
		strbuf_printf(&title, "%s: l1vh-bench", part_host_name(s));
		page_begin(&re->body, strbuf_str(&title));
		write_host(s, clock_unix_ns(), &re->body);
		page_end(&re->body);
		strbuf_release(&title);
	} else {
		ret = watch_is_whole(&v)
			      ? err_set(err, -ENOENT,
					"no stored run is of that host")
			      : err_set(err, -EBUSY,
					"that host is still being looked at");
	}
	watch_leave(w);
	return ret;
}

/* --- claims --- */

static const struct standing_claim *find_claim(const struct standing_run *r,
					       const char *id)
{
	size_t i;

	for (i = 0; i < r->verdict_count; i++)
		if (!strcmp(r->verdicts[i].id, id))
			return &r->verdicts[i];
	return NULL;
}

/* A mark that can be told from others without its colour. */
static void write_mark(const struct standing_run *r,
		       const struct standing_claim *c, struct strbuf *out)
{
	static const struct {
		const char *mark, *class;
	} marks[] = {
		[VERDICT_PASS] = {"&#10003;", "pass"},
		[VERDICT_FAIL] = {"&#10007;", "fail"},
		[VERDICT_UNDECIDED] = {"?", "open"},
		[VERDICT_NOT_EVALUABLE] = {"&#8211;", "open"},
		[VERDICT_VOID] = {"o", "open"},
	};
	char date[32];

	_Static_assert(ARRAY_SIZE(marks) == VERDICT_COUNT,
		       "every verdict has a mark");
	if (!c) {
		strbuf_puts(out, "<td></td>");
		return;
	}
	html_cell(out, "<td><a class=\"mark-of ", marks[c->verdict].class,
		  "\" href=\"/runs/");
	html_cell(out, "", r->uuid, "\" title=\"");
	html_cell(out, "", verdict_name(c->verdict), ", ");
	html_cell(out, "",
		  units_format_date(r->started_unix_ns, date, sizeof(date)),
		  "\" aria-label=\"");
	html_cell(out, "", verdict_name(c->verdict), " of ");
	html_cell(out, "", date, "\">");
	strbuf_printf(out, "%s</a></td>", marks[c->verdict].mark);
}

/* Of the claims of the latest judged run, the latest run first. */
static void write_claim_table(const struct standing *s,
			      const struct standing_run *judged,
			      struct strbuf *out)
{
	size_t i, k;

	html_table_begin(out, "claims over time", "");
	strbuf_puts(out, "<thead><tr><th>claim</th><th>now</th>");
	for (k = 0; k < s->shown_count; k++) {
		char date[32];

		if (!s->runs[k].claims)
			continue;
		units_format_date(s->runs[k].started_unix_ns, date,
				  sizeof(date));
		strbuf_printf(out, "<th class=\"day\">%.5s</th>", date + 5);
	}
	strbuf_puts(out, "</tr></thead><tbody>\n");
	for (i = 0; i < judged->verdict_count; i++) {
		const struct standing_claim *c = &judged->verdicts[i];

		html_cell(out, "<tr><td>", c->text, "</td><td>");
		html_verdict_badge(c->verdict, out);
		strbuf_puts(out, "</td>");
		for (k = 0; k < s->shown_count; k++)
			if (s->runs[k].claims)
				write_mark(&s->runs[k],
					   find_claim(&s->runs[k], c->id), out);
		strbuf_puts(out, "</tr>\n");
	}
	html_table_end(out);
}

int host_claims_page(struct watch *w, const struct http_request *rq,
		     struct http_reply *re, struct err *err)
{
	static const char *const names[] = {NULL};
	struct watch_view v;
	size_t i, count = 0;
	int ret = query_only(rq->query, names, err);

	if (ret)
		return ret;
	page_begin(&re->body, "l1vh-bench: claims over time");
	strbuf_printf(
		&re->body,
		"<p class=\"note\">Verdicts of the last %d runs of each host, the latest first, each by its runners at that time: "
		"&#10003; PASS, &#10007; FAIL, ? UNDECIDED, &#8211; NOT EVALUABLE, o VOID.</p>\n",
		STANDING_RUNS);
	watch_look(w, &v);
	part_pending(&v, &re->body);
	for (i = 0; i < v.count; i++) {
		const struct standing_run *judged =
			standing_judged(&v.hosts[i]);

		if (!judged)
			continue;
		strbuf_puts(&re->body, "<h2>");
		part_host_link(&v.hosts[i], &re->body);
		html_cell(&re->body, ": '", judged->claims, "' ");
		html_verdict_badge(judged->together, &re->body);
		strbuf_puts(&re->body, "</h2>\n");
		write_claim_table(&v.hosts[i], judged, &re->body);
		count++;
	}
	if (!count && watch_is_whole(&v))
		strbuf_puts(
			&re->body,
			"<p>No stored run registered claims. "
			"<code>l1vh-bench run --claims near-native</code> does.</p>\n");
	watch_leave(w);
	page_end(&re->body);
	return 0;
}
