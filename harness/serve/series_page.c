// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/series_page.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/serve/http.h"
#include "harness/serve/pages.h"
#include "harness/serve/parts.h"
#include "harness/serve/query.h"
#include "harness/serve/views.h"
#include "harness/verdict/comparable.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/trend_svg.h"

/* So many differences of the fingerprint are told. */
#define MOST_TOLD 12

static void write_run_link(const struct history_run *run, struct strbuf *out)
{
	part_run_link(run->uuid, run->started_unix_ns, out);
}

static void write_value(const struct history *h, double value,
			struct strbuf *out)
{
	char text[32];

	html_escape(out, units_format(value, h->unit, text, sizeof(text)));
}

/* --- what changed --- */

static void write_cause(const char *key, const char *a, const char *b,
			struct strbuf *out)
{
	strbuf_puts(out, "<li>");
	html_cut(out, key, 80);
	strbuf_puts(out, ": ");
	html_cut(out, a, 60);
	strbuf_puts(out, " &rarr; ");
	html_cut(out, b, 60);
	strbuf_puts(out, "</li>");
}

/* What was not harmless, and is not the same as the night before. */
static void write_causes(const struct trend *t, size_t run, struct strbuf *out)
{
	const struct history_run *now = &t->h->runs[run], *before = now - 1;
	struct differences d;
	size_t i, told = 0, more = 0;

	if (!run)
		return;
	strbuf_puts(out, "<ul>");
	if (strcmp(now->revision, before->revision))
		write_cause("l1vh-bench", before->revision, now->revision, out);
	trend_differences(t, run, &d);
	for (i = 0; i < d.count; i++) {
		if (!trend_is_cause(&d.rows[i]))
			continue;
		if (told == MOST_TOLD) {
			more++;
			continue;
		}
		write_cause(d.rows[i].key, d.rows[i].short_a, d.rows[i].short_b,
			    out);
		told++;
	}
	if (more)
		strbuf_printf(out, "<li>and %zu more</li>", more);
	differences_release(&d);
	strbuf_puts(out, told ? "</ul>"
			      : "<li>the host's fingerprint did not change "
				"with it</li></ul>");
}

static void write_change(const struct trend *t, const struct trend_change *c,
			 struct strbuf *out)
{
	strbuf_puts(out, "<tr><td class=\"when\">");
	write_run_link(&t->h->runs[c->run], out);
	strbuf_printf(out, "</td><td><b class=\"%s\">%+.1f %% %s</b></td><td>",
		      c->is_worse ? "fail" : "pass", 100 * c->c.magnitude,
		      c->is_worse ? "worse" : "better");
	write_value(t->h, c->c.before, out);
	strbuf_puts(out, " &rarr; ");
	write_value(t->h, c->c.after, out);
	if (c->c.is_undecided)
		strbuf_printf(
			out,
			"</td><td class=\"n\">undecided, p %.2g to %.2g</td><td>",
			c->c.p_low, c->c.p_high);
	else
		strbuf_printf(out, "</td><td class=\"n\">%.2f %%</td><td>",
			      100 * (1 - c->c.p));
	write_causes(t, c->run, out);
	strbuf_puts(out, "</td></tr>\n");
}

static void write_break(const struct trend *t, size_t run, struct strbuf *out)
{
	strbuf_puts(out, "<tr><td class=\"when\">");
	write_run_link(&t->h->runs[run], out);
	strbuf_puts(out, "</td><td>a new history</td><td>another machine, "
			 "guest or measurement</td><td></td><td>");
	write_causes(t, run, out);
	strbuf_puts(out, "</td></tr>\n");
}

static void write_changes(const struct trend *t, struct strbuf *out)
{
	size_t i;

	strbuf_puts(out, "<h2 id=\"changes\">What changed</h2>\n");
	if (!t->change_count && !t->break_count) {
		strbuf_printf(out, "<p>No change in %zu runs.</p>\n",
			      t->h->run_count);
		return;
	}
	html_table_begin(out, "changes", "");
	strbuf_puts(
		out,
		"<thead><tr><th>first run</th><th>change</th><th>medians</th>"
		"<th class=\"n\">confidence</th><th>what changed with it</th></tr></thead><tbody>\n");
	for (i = t->break_count; i-- > 0;)
		write_break(t, t->breaks[i], out);
	for (i = t->change_count; i-- > 0;)
		write_change(t, &t->changes[i], out);
	html_table_end(out);
}

/* --- every boot --- */

static void write_boots(const struct history *h, struct strbuf *out)
{
	size_t r, i;

	html_fold_begin(out, "boots", "Every boot, the latest first");
	html_table_begin(out, "boots", "");
	strbuf_puts(out, "<thead><tr><th>run</th><th>revision</th><th>grade"
			 "</th><th>boots</th></tr></thead><tbody>\n");
	for (r = h->run_count; r-- > 0;) {
		const struct history_run *run = &h->runs[r];

		strbuf_puts(out, "<tr><td class=\"when\">");
		write_run_link(run, out);
		strbuf_puts(out, "</td><td>");
		html_cut(out, run->revision, 40);
		strbuf_puts(out, "</td><td>");
		part_grades(run->grade, out);
		strbuf_puts(out, "</td><td>");
		for (i = run->first; i < run->first + run->count; i++) {
			strbuf_puts(out, i > run->first ? ", " : "");
			write_value(h, h->values[i], out);
		}
		strbuf_puts(out, "</td></tr>\n");
	}
	html_table_end(out);
	html_fold_end(out);
}

/* --- the page --- */

static void write_series(const struct view_trend *v, const char *runner,
			 struct strbuf *out)
{
	const struct history *h = &v->history;

	html_cell(out, "<h2>", v->title, " ");
	part_grades(h->runs[h->run_count - 1].grade, out);
	strbuf_printf(
		out,
		"</h2>\n<p class=\"note\">%zu boots of %zu runs; %s is better. A dot is the median of one boot. "
		"Dashed lines: green and red where the series changed, grey where a new history begins. "
		"Drag over the picture to look closer, or set the days above.</p>\n",
		h->value_count, h->run_count,
		h->lower_is_better ? "lower" : "higher");
	html_figure_begin(out, v->title);
	trend_svg(&v->trend, v->title, runner, out);
	strbuf_puts(out, "</figure>\n");
	write_changes(&v->trend, out);
	write_boots(h, out);
}

/* Without a workload it is the form alone. */
int series_page(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err)
{
	static const struct page_field fields[] = {
		{"workload", "workload", "text"},
		{"point", "point", "text"},
		{"runner", "runner", "text"},
		{"host", "host", "text"},
		{"from", "from", "date"},
		{"to", "to", "date"},
		{NULL, NULL, NULL},
	};
	bool is_asked = rq->query->count;
	struct strbuf title = {0};
	struct view_trend v;
	int ret = is_asked ? view_trend_load(store, rq->query, &v, err) : 0;

	if (ret)
		return ret;
	strbuf_printf(&title, "l1vh-bench: history%s%s", is_asked ? " of " : "",
		      is_asked ? v.title : "");
	page_begin(&re->body, strbuf_str(&title));
	strbuf_release(&title);
	page_form(rq->query, "/history", fields, &re->body);
	if (is_asked) {
		write_series(&v, query_get(rq->query, "runner"), &re->body);
		page_buttons(rq->query, "/history", v.page, v.history.has_more,
			     &re->body);
		view_trend_release(&v);
	} else {
		strbuf_puts(&re->body,
			    "<p>A workload and a runner are enough, as in "
			    "<code>kernel_syscall</code> and <code>kvm</code>. "
			    "The <a href=\"/\">overview</a> leads to the "
			    "series that matter.</p>\n");
	}
	page_end(&re->body);
	return 0;
}
