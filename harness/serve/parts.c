// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/parts.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/serve/standing.h"
#include "harness/serve/watch.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_verdicts.h"
#include "reports/html/pictures/spark_svg.h"

#define DAY_NS (86400 * NS_PER_S)
#define HOUR_NS (3600 * NS_PER_S)
/* A night was missed. */
#define LATE_NS (36 * HOUR_NS)

/* --- words --- */

const char *part_host_name(const struct standing *s)
{
	return *s->host ? s->host : "(a host without a name)";
}

/* "3 hours ago"; a run from the future has a wrong clock. */
void part_age(uint64_t then_ns, uint64_t now_ns, bool is_latest,
	      struct strbuf *out)
{
	bool is_ahead = then_ns > now_ns + 60 * NS_PER_S;
	uint64_t past_ns = then_ns < now_ns ? now_ns - then_ns : 0;
	uint64_t hours = (is_ahead ? then_ns - now_ns : past_ns) / HOUR_NS;
	bool is_late = is_latest && !is_ahead && past_ns > LATE_NS;
	char date[32];

	strbuf_printf(out, "<span class=\"age%s\" title=\"",
		      is_ahead || is_late ? " late" : "");
	html_cell(out, "", units_format_date(then_ns, date, sizeof(date)),
		  " UTC\">");
	if (is_ahead)
		strbuf_puts(out, "clock ahead by ");
	if (hours < 1)
		strbuf_puts(out, "less than an hour");
	else if (hours < 48)
		strbuf_printf(out, "%" PRIu64 " hour%s", hours,
			      hours == 1 ? "" : "s");
	else
		strbuf_printf(out, "%" PRIu64 " days", hours / 24);
	strbuf_puts(out, is_ahead ? "</span>" : " ago</span>");
}

static void write_change(const struct standing_series *s, struct strbuf *out)
{
	char date[32];

	if (s->count < 2) {
		strbuf_puts(out, "one run, nothing to follow yet");
		return;
	}
	if (!s->has_change) {
		strbuf_printf(out,
			      s->is_open ? "undecided in %zu runs"
					 : "no change in %zu runs",
			      s->count);
		return;
	}
	units_format_date(s->changed_unix_ns, date, sizeof(date));
	strbuf_printf(out, "<b class=\"%s\">%+.1f %% %s</b> since %.10s%s",
		      s->is_worse ? "fail" : "pass", 100 * s->magnitude,
		      s->is_worse ? "worse" : "better", date,
		      s->is_open ? "; a later change is undecided" : "");
}

void part_grades(const char *grades, struct strbuf *out)
{
	bool warns = strstr(grades, "emulated") || strstr(grades, "software");

	html_cell(out,
		  warns ? "<span class=\"grade emulated\">"
			: "<span class=\"grade\">",
		  *grades ? grades : "no grade", "</span>");
}

/* --- parameters: percent-encoded for an address --- */

void part_parameter(const char *name, const char *value, struct strbuf *out)
{
	strbuf_printf(out, "%s=", name);
	html_percent(out, value);
}

void part_run_link(const char *uuid, uint64_t started_unix_ns,
		   struct strbuf *out)
{
	char date[32];

	html_cell(out, "<a href=\"/runs/", uuid, "\">");
	html_cell(out, "",
		  units_format_date(started_unix_ns, date, sizeof(date)),
		  " UTC</a>");
}

void part_host_link(const struct standing *s, struct strbuf *out)
{
	strbuf_puts(out, "<a href=\"/host?");
	part_parameter("name", s->host, out);
	strbuf_puts(out, "\">");
	html_cut(out, part_host_name(s), 60);
	strbuf_puts(out, "</a>");
}

void part_history_link(const struct standing *s,
		       const struct standing_series *series, struct strbuf *out)
{
	/* No address asks for the host without a name alone. */
	if (!*s->host) {
		html_escape(out, series->label);
		return;
	}
	strbuf_puts(out, "<a href=\"/history?");
	part_parameter("workload", series->workload, out);
	if (*series->point) {
		strbuf_puts(out, "&amp;");
		part_parameter("point", series->point, out);
	}
	strbuf_puts(out, "&amp;");
	part_parameter("runner", s->runner, out);
	strbuf_puts(out, "&amp;");
	part_parameter("host", s->host, out);
	html_cell(out, "\">", series->label, "</a>");
}

void part_verdict(const struct standing_run *judged, struct strbuf *out)
{
	if (judged)
		html_verdict_badge(judged->together, out);
	else
		strbuf_puts(out,
			    "<span class=\"verdict open\">NO CLAIM</span>");
}

/* --- series --- */

static void write_tile(const struct standing *s,
		       const struct standing_series *series, struct strbuf *out)
{
	char label[160], value[32];
	struct spark spark = {
		.values = series->medians,
		.count = series->count,
		.has_change = series->has_change,
		.change = series->change,
		.is_worse = series->is_worse,
		.label = label,
	};

	units_format(series->medians[series->count - 1], series->unit, value,
		     sizeof(value));
	snprintf(label, sizeof(label), "%s: %zu runs, the latest %s",
		 series->label, series->count, value);
	strbuf_puts(out, "<li class=\"tile\"><h3>");
	part_history_link(s, series, out);
	strbuf_puts(out, "</h3>");
	spark_svg(&spark, out);
	html_cell(out, "<p><b>", value, "</b> ");
	strbuf_printf(out, "<span class=\"note\">%s is better</span>",
		      series->lower_is_better ? "lower" : "higher");
	if (strcmp(series->grade, "hardware")) {
		strbuf_puts(out, " ");
		part_grades(series->grade, out);
	}
	strbuf_puts(out, "</p><p class=\"note\">");
	write_change(series, out);
	strbuf_puts(out, "</p></li>\n");
}

void part_tiles(const struct standing *s, struct strbuf *out)
{
	size_t i;

	if (!s->series_count) {
		strbuf_puts(out, "<p>No run of this host has a series of its "
				 "own to follow.</p>\n");
		return;
	}
	strbuf_puts(out, "<ul class=\"tiles\">\n");
	for (i = 0; i < s->series_count; i++)
		write_tile(s, &s->series[i], out);
	strbuf_puts(out, "</ul>\n");
}

void part_pending(const struct watch_view *v, struct strbuf *out)
{
	if (*v->reason)
		html_cell(out,
			  "<p class=\"banner\" role=\"note\">Not all is read: ",
			  v->reason, "</p>\n");
	if (v->pending_count)
		strbuf_printf(
			out,
			"<p class=\"note\" role=\"note\">%zu hosts are still being looked at; load this page again in a moment.</p>\n",
			v->pending_count);
	else if (!v->has_looked)
		strbuf_puts(
			out,
			"<p class=\"note\" role=\"note\">The hosts are still being looked at; load this page again in a moment.</p>\n");
}

uint64_t part_recent_ns(uint64_t now_ns)
{
	return now_ns > PART_RECENT_DAYS * DAY_NS
		       ? now_ns - PART_RECENT_DAYS * DAY_NS
		       : 0;
}
