// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/overview.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/serve/http.h"
#include "harness/serve/live.h"
#include "harness/serve/pages.h"
#include "harness/serve/parts.h"
#include "harness/serve/query.h"
#include "harness/serve/standing.h"
#include "harness/serve/watch.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_verdicts.h"

#define MOST_CARDS 12

/* --- hosts --- */

/* How many claims came out how, where not all did the same. */
static void write_tally(const struct standing_run *judged, struct strbuf *out)
{
	size_t counts[VERDICT_COUNT] = {0}, i;
	const char *comma = "";
	int v;

	for (i = 0; i < judged->verdict_count; i++)
		counts[judged->verdicts[i].verdict]++;
	if (counts[judged->together] == judged->verdict_count)
		return;
	strbuf_puts(out, "<p>");
	for (v = 0; v < VERDICT_COUNT; v++) {
		if (!counts[v])
			continue;
		strbuf_printf(out, "%s%zu %s", comma, counts[v],
			      verdict_name((enum verdict)v));
		comma = ", ";
	}
	strbuf_puts(out, "</p>");
}

/* Claims compare runners; what became worse under all of them is seen here alone. */
static void write_worse(const struct standing *s, uint64_t now_ns,
			struct strbuf *out)
{
	char date[32];
	size_t i;

	for (i = 0; i < s->series_count; i++) {
		const struct standing_series *series = &s->series[i];

		if (!standing_is_regression(series, part_recent_ns(now_ns)))
			continue;
		html_cell(out, "<p class=\"fail\">", series->label, "");
		strbuf_printf(out, " %+.1f %% since %.10s</p>",
			      100 * series->magnitude,
			      units_format_date(series->changed_unix_ns, date,
						sizeof(date)));
	}
}

/* Verdict, grade and age are of one run. */
static const struct standing_run *shown_run(const struct standing *s)
{
	const struct standing_run *judged = standing_judged(s);

	return judged ? judged : s->shown_count ? &s->runs[0] : NULL;
}

/* In the paragraph of S's verdict, which it ends: the grade and the age of its run; and
 * how many claims came out how. */
static void write_state(const struct standing *s, uint64_t now_ns,
			struct strbuf *out)
{
	const struct standing_run *judged = standing_judged(s);
	const struct standing_run *shown = shown_run(s);

	if (shown) {
		part_grades(shown->grades, out);
		strbuf_puts(out, " ");
		part_age(shown->started_unix_ns, now_ns, true, out);
	}
	strbuf_puts(out, "</p>");
	if (judged)
		write_tally(judged, out);
}

static void write_card(const struct standing *s, uint64_t now_ns,
		       struct strbuf *out)
{
	const struct standing_run *judged = standing_judged(s);
	const struct standing_run *shown = shown_run(s);

	strbuf_puts(out, "<li class=\"card\"><h3>");
	part_host_link(s, out);
	strbuf_puts(out, "</h3><p>");
	part_verdict(judged, out);
	strbuf_puts(out, " ");
	write_state(s, now_ns, out);
	if (shown) {
		html_cell(out, "<p class=\"note\">", shown->runners, "");
		html_cell(out, judged ? "; claims '" : "",
			  judged ? judged->claims : "", judged ? "'" : "");
		html_cell(out, "</p><p><a href=\"/runs/", shown->uuid, "\">");
		html_cell(out, "", shown->sentence, "</a></p>");
	}
	write_worse(s, now_ns, out);
	strbuf_puts(out, "</li>\n");
}

/* What failed comes first, then what is newest. */
static int rank_of(const struct standing *s)
{
	const struct standing_run *judged = standing_judged(s);

	return judged && judged->together == VERDICT_FAIL ? 0 : 1;
}

static void write_cards(const struct watch_view *v, uint64_t now_ns,
			size_t most,
			void (*write)(const struct standing *s, uint64_t now_ns,
				      struct strbuf *out),
			struct strbuf *out)
{
	size_t i, written = 0;
	int rank;

	strbuf_puts(out, "<ul class=\"cards\">\n");
	for (rank = 0; rank < 2; rank++)
		for (i = 0; i < v->count && written < most; i++) {
			if (rank_of(&v->hosts[i]) != rank)
				continue;
			write(&v->hosts[i], now_ns, out);
			written++;
		}
	strbuf_puts(out, "</ul>\n");
	if (v->count > written)
		strbuf_printf(out,
			      "<p><a href=\"/hosts\">%zu more hosts</a></p>\n",
			      v->count - written);
}

static void write_series_of(const struct watch_view *v, const char *host,
			    struct strbuf *out)
{
	const struct standing *s = host ? watch_find(v, host) : NULL;

	if (!s && v->count)
		s = &v->hosts[0];
	if (!s)
		return;
	strbuf_puts(out, "<h2 id=\"series\">What matters on ");
	part_host_link(s, out);
	html_cell(out, ", under ", *s->runner ? s->runner : "no runner",
		  "</h2>\n");
	part_tiles(s, out);
}

/* --- regressions --- */

static void write_regression(const struct standing *s,
			     const struct standing_series *series,
			     struct strbuf *out)
{
	char date[32], value[32];

	html_cell(
		out, "<tr><td class=\"when\">",
		units_format_date(series->changed_unix_ns, date, sizeof(date)),
		"</td><td>");
	part_host_link(s, out);
	strbuf_puts(out, "</td><td>");
	part_history_link(s, series, out);
	html_cell(out, "</td><td>", s->runner, "</td>");
	strbuf_printf(out,
		      "<td class=\"n\" title=\"by a permutation test, p %.2g\">"
		      "<b class=\"fail\">%+.1f %%</b></td>",
		      series->p, 100 * series->magnitude);
	html_cell(out, "<td class=\"n\">",
		  units_format(series->medians[series->count - 1], series->unit,
			       value, sizeof(value)),
		  "</td><td>");
	part_grades(series->grade, out);
	strbuf_puts(out, "</td></tr>\n");
}

static size_t add_regressions(const struct watch_view *v, uint64_t since_ns,
			      struct strbuf *rows, size_t *looked_at)
{
	size_t i, k, count = 0;

	*looked_at = 0;
	for (i = 0; i < v->count; i++)
		for (k = 0; k < v->hosts[i].series_count; k++) {
			const struct standing_series *series =
				&v->hosts[i].series[k];

			(*looked_at)++;
			if (!standing_is_regression(series, since_ns))
				continue;
			write_regression(&v->hosts[i], series, rows);
			count++;
		}
	return count;
}

static void write_regressions(const struct watch_view *v, uint64_t now_ns,
			      struct strbuf *out)
{
	struct strbuf rows = {0};
	size_t looked_at;
	size_t count =
		add_regressions(v, part_recent_ns(now_ns), &rows, &looked_at);

	strbuf_printf(out,
		      "<h2 id=\"regressions\">Worse in the last %d days</h2>\n",
		      PART_RECENT_DAYS);
	if (count) {
		html_table_begin(out, "regressions", "");
		strbuf_puts(
			out,
			"<thead><tr><th>since</th><th>host</th><th>series</th><th>runner</th>"
			"<th class=\"n\">change</th><th class=\"n\">now</th><th>grade</th></tr></thead><tbody>\n");
		strbuf_puts(out, strbuf_str(&rows));
		html_table_end(out);
	} else {
		strbuf_printf(out,
			      "<p>None of the %zu series that were looked at "
			      "became worse.</p>\n",
			      looked_at);
	}
	strbuf_release(&rows);
}

/* --- the pages --- */

static void write_empty(struct strbuf *out)
{
	strbuf_puts(
		out,
		"<p>Nothing is stored yet. This command measures for three minutes and stores a run here: "
		"<code>l1vh-bench run --plan demo --mshv-emu --db FILE</code>. "
		"Hosts send theirs with <code>l1vh-bench push</code>.</p>\n");
}

int overview_page(struct watch *w, struct store *store,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err)
{
	static const char *const names[] = {"host", NULL};
	uint64_t now_ns = clock_unix_ns();
	struct watch_view v;
	int ret = query_only(rq->query, names, err);

	if (ret)
		return ret;
	page_begin(&re->body, "l1vh-bench: how the hosts stand");
	ret = live_write(store, &re->body, err);
	watch_look(w, &v);
	part_pending(&v, &re->body);
	if (v.count) {
		strbuf_puts(&re->body,
			    "<h2 id=\"hosts\">Latest verdicts</h2>\n");
		write_cards(&v, now_ns, MOST_CARDS, write_card, &re->body);
		write_series_of(&v, query_get(rq->query, "host"), &re->body);
		write_regressions(&v, now_ns, &re->body);
	} else if (watch_is_whole(&v)) {
		write_empty(&re->body);
	}
	watch_leave(w);
	page_end(&re->body);
	return ret;
}

/* --- the board --- */

static void write_board_card(const struct standing *s, uint64_t now_ns,
			     struct strbuf *out)
{
	strbuf_puts(out, "<li class=\"card\"><h2>");
	html_cut(out, part_host_name(s), 24);
	strbuf_puts(out, "</h2><p>");
	part_verdict(standing_judged(s), out);
	strbuf_puts(out, "</p><p>");
	write_state(s, now_ns, out);
	write_worse(s, now_ns, out);
	strbuf_puts(out, "</li>\n");
}

int overview_board(struct watch *w, struct store *store,
		   const struct http_request *rq, struct http_reply *re,
		   struct err *err)
{
	static const char *const names[] = {NULL};
	uint64_t now_ns = clock_unix_ns();
	struct watch_view v;
	char date[32];
	int ret = query_only(rq->query, names, err);

	if (ret)
		return ret;
	html_begin_below(&re->body, "l1vh-bench: board", "board", "");
	strbuf_puts(&re->body, "<h1>l1vh-bench <span id=\"as-of\" "
			       "class=\"note\">as of ");
	html_cell(&re->body, "", units_format_date(now_ns, date, sizeof(date)),
		  " UTC</span></h1>\n");
	ret = live_write(store, &re->body, err);
	watch_look(w, &v);
	part_pending(&v, &re->body);
	if (v.count)
		write_cards(&v, now_ns, MOST_CARDS, write_board_card,
			    &re->body);
	else if (watch_is_whole(&v))
		write_empty(&re->body);
	watch_leave(w);
	page_end(&re->body);
	return ret;
}
