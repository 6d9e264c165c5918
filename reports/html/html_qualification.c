// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_qualification.h"

#include <stdio.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/qualify/qualification.h"
#include "reports/html/html.h"
#include "reports/html/html_parts.h"

static const char *class_of(enum step_status status)
{
	static const char *const classes[] = {
		[STEP_WAITING] = "open", [STEP_RUNNING] = "fail",
		[STEP_OK] = "pass",      [STEP_FINDING] = "fail",
		[STEP_LATE] = "fail",    [STEP_SKIPPED] = "open",
	};

	return classes[status];
}

static void add_facts(const struct qualification *q, struct strbuf *out)
{
	time_t seconds = (time_t)(q->started_unix_ns / NS_PER_S);
	char when[40] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	html_cell(out, "<p>", q->host, " · ");
	strbuf_printf(out, "%s · ", when);
	html_cell(out, "revision ", q->revision, " · ");
	strbuf_printf(out, "%zu of %zu steps, within %.0f s</p>\n",
		      qualification_done_count(q), q->step_count,
		      (double)q->budget_ns / NS_PER_S);
	if (!q->ended_unix_ns)
		strbuf_puts(
			out,
			"<p class=\"banner\">Cut off: not all steps were taken.</p>\n");
}

static void add_step_row(const struct step *s, struct strbuf *out)
{
	html_cell(out, "<tr><th>", s->name, "</th>");
	html_cell(out, "<td>", s->title, "</td>");
	strbuf_printf(out, "<td><span class=\"verdict %s\">%s</span></td>",
		      class_of(s->status), step_status_name(s->status));
	strbuf_printf(out, "<td class=\"n\">%.1f</td>",
		      (double)s->elapsed_ns / NS_PER_S);
	html_cell(out, "<td>", s->finding, "</td></tr>\n");
}

static void add_output(const struct step *s, size_t i, struct strbuf *out)
{
	char id[32];

	if (!s->output[0])
		return;
	snprintf(id, sizeof(id), "step-%zu", i);
	html_fold_begin(out, id, s->name);
	html_lines(out, "command", s->command);
	html_lines(out, "output", s->output);
	html_fold_end(out);
}

void html_qualification_write(const struct qualification *q, struct strbuf *out)
{
	char sentence[800];
	size_t i;

	html_begin(out, "Qualification of a node");
	strbuf_puts(out, "<h1>Qualification of a node</h1>\n");
	if (q->is_emulated)
		strbuf_puts(
			out,
			"<p class=\"banner\">EMULATED: /dev/mshv is our emulator; nothing here is about a hypervisor's speed.</p>\n");
	html_cell(out, "<p class=\"headline\">",
		  qualification_sentence(q, sentence, sizeof(sentence)),
		  "</p>\n");
	add_facts(q, out);
	html_table_begin(out, "steps", "");
	strbuf_puts(
		out,
		"<thead><tr><th>step</th><th>what it tries</th><th>came to</th><th class=\"n\">s</th><th>finding</th></tr></thead><tbody>\n");
	for (i = 0; i < q->step_count; i++)
		add_step_row(&q->steps[i], out);
	html_table_end(out);
	for (i = 0; i < q->step_count; i++)
		add_output(&q->steps[i], i, out);
	html_end(out);
}
