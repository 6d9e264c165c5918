// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/core/metric.h"
#include "harness/findings/explain.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "reports/html/html_footprint.h"
#include "reports/html/html_highlights.h"
#include "reports/html/html_io.h"
#include "reports/html/html_micro.h"
#include "reports/html/html_parts.h"
#include "reports/html/html_questions.h"
#include "reports/html/html_verdicts.h"
#include "reports/html/plot.h"
#include "reports/html/strip_svg.h"
#include "reports/text/explain_text.h"
#include "reports/text/sections.h"

void html_escape(struct strbuf *out, const char *text)
{
	portable_text(out, text, escape_markup);
}

void html_cell(struct strbuf *out, const char *open, const char *text,
	       const char *close)
{
	strbuf_puts(out, open);
	html_escape(out, text);
	strbuf_puts(out, close);
}

void html_value(struct strbuf *out, const struct model_row *row, size_t runner)
{
	const struct model_cell *c = &row->cells[runner];
	char value[32];

	html_escape(out, isnan(c->median) ? model_cell_word(c)
					  : units_format(c->median, row->unit,
							 value, sizeof(value)));
}

void html_median(struct strbuf *out, const struct model_row *row, size_t runner)
{
	const struct model_cell *c = &row->cells[runner];
	char value[32];

	html_cell(out, "",
		  units_format(c->median, row->unit, value, sizeof(value)), "");
	if (runner && !isnan(c->ratio.ratio))
		strbuf_printf(out, "<br>&times;%.3f", c->ratio.ratio);
}

void html_grade(struct strbuf *out, enum grade grade)
{
	strbuf_printf(out, "<span class=\"grade %s\">%s</span>",
		      grade_name(grade), grade_name(grade));
}

static void write_banner(const struct model *m, struct strbuf *out)
{
	if (m->has_grade[GRADE_EMULATED])
		strbuf_puts(
			out,
			"<p class=\"banner\" role=\"note\">EMULATED. Everything below was measured inside the lab, "
			"a host emulated in software. It shows that the harness works; it says nothing about how "
			"fast any hypervisor is, and no claim can be judged on it.</p>\n");
	else if (m->has_grade[GRADE_SOFTWARE])
		strbuf_puts(
			out,
			"<p class=\"banner\" role=\"note\">SOFTWARE. The hypervisor measured here works without hardware "
			"assistance; its figures say nothing about one that has it.</p>\n");
}

static void write_run(const struct model *m, struct strbuf *out)
{
	const struct run_data *run = m->run;
	char date[32], grades[64];

	strbuf_printf(
		out, "<p>Run %" PRId64 " of %s UTC, ", run->id,
		units_format_date(run->started_unix_ns, date, sizeof(date)));
	html_escape(out, run->status);
	strbuf_puts(out, ", by revision ");
	html_escape(out, run->revision);
	strbuf_printf(
		out,
		". Evidence grade: %s. %zu of %u boots are in it, %zu of them failed.</p>\n",
		model_grades(m, grades, sizeof(grades)), run->boot_count,
		run->scheduled_count, m->failed_boot_count);
}

static void write_value(const struct model_row *row, const struct model_cell *c,
			struct strbuf *out)
{
	char value[32];

	strbuf_puts(out, "<td class=\"n\">");
	if (isnan(c->median) && c->refused_count) {
		html_cell(out, "<span title=\"", c->reason, "\">");
		html_cell(out, "", model_cell_word(c), "</span>");
	} else if (isnan(c->median)) {
		strbuf_puts(out, c->disturbed_count ? "every sample disturbed"
						    : "not measured");
	} else {
		html_escape(out, units_format(c->median, row->unit, value,
					      sizeof(value)));
		strbuf_puts(out, " ");
		html_grade(out, c->grade);
	}
	strbuf_puts(out, "</td>");
}

void html_interval(struct strbuf *out, const struct ratio *r,
		   size_t block_count)
{
	char why[32];

	if (isnan(r->ratio))
		return;
	if (isnan(r->low))
		strbuf_puts(out,
			    model_no_interval(block_count, why, sizeof(why)));
	else
		strbuf_printf(out, "%.3f to %.3f", r->low, r->high);
}

static void write_ratio(const struct model_cell *c, struct strbuf *out)
{
	strbuf_puts(out, "<td class=\"n\">");
	if (!isnan(c->ratio.ratio))
		strbuf_printf(out, "%.3f", c->ratio.ratio);
	strbuf_puts(out, "</td><td class=\"n\">");
	html_interval(out, &c->ratio, c->ratio_count);
	strbuf_puts(out, "</td>");
}

/* What the micro guest measured has a section of its own. */
static bool is_compared(const struct model_row *row)
{
	return model_row_is_summary(row) && !model_row_is_micro(row) &&
	       !model_row_is_footprint(row);
}

static bool is_in_table(const struct model_row *row, const void *arg)
{
	(void)arg;
	return is_compared(row);
}

static void write_comparison(const struct model *m, struct strbuf *out)
{
	char name[80];
	size_t i, k;

	for (i = 0; i < m->row_count && !is_compared(&m->rows[i]); i++)
		;
	if (i == m->row_count)
		return;
	html_fold_begin(out, "comparison", "Comparison of all series");
	html_table_begin(out, "comparison",
			 m->runner_count > 2
				 ? " id=\"comparison-table\" class=\"broad\""
				 : " id=\"comparison-table\"");
	strbuf_puts(out, "<thead><tr><th>series</th><th>better</th>");
	for (k = 0; k < m->runner_count; k++)
		html_cell(out, "<th class=\"n\">", m->runners[k], "</th>");
	for (k = 1; k < m->runner_count; k++) {
		html_cell(out, "<th class=\"n\">", m->runners[k], "/");
		html_cell(out, "", m->runners[0],
			  "</th><th class=\"n\">95 %</th>");
	}
	strbuf_puts(out, "<th class=\"n\">boots</th></tr></thead><tbody>\n");
	for (i = 0; i < m->row_count; i++) {
		const struct model_row *row = &m->rows[i];

		if (!is_compared(row))
			continue;
		html_cell(out, "<tr><td>",
			  model_row_name(row, name, sizeof(name)), "</td>");
		strbuf_printf(out, "<td>%s</td>",
			      row->lower_is_better ? "lower" : "higher");
		for (k = 0; k < m->runner_count; k++)
			write_value(row, &row->cells[k], out);
		for (k = 1; k < m->runner_count; k++)
			write_ratio(&row->cells[k], out);
		strbuf_puts(out, "<td class=\"n\">");
		for (k = 0; k < m->runner_count; k++)
			strbuf_printf(out, "%s%zu", k ? " / " : "",
				      row->cells[k].boot_count);
		strbuf_puts(out, "</td></tr>\n");
	}
	html_table_end(out);
	strbuf_puts(
		out,
		"<p class=\"note\">A boot counts as one figure, the median of its samples; "
		"the table shows the median of boots. A ratio is the geometric mean of the blocks' ratios, its interval Student's over blocks, on logarithms.</p>\n");
	html_skipped(out, m, is_in_table, NULL);
	html_fold_end(out);
}

static void write_plots(const struct model *m, struct strbuf *out)
{
	struct err err = {0};
	size_t i;

	strbuf_puts(out, "<h2 id=\"latency\">Memory latency</h2>\n");
	html_figure_begin(out, "memory latency");
	if (plot_latency(m, out, &err))
		html_cell(out, "<p class=\"note\">No curve: ", err.msg,
			  ".</p>");
	strbuf_puts(out, "</figure>\n");
	html_fold_begin(out, "distributions", "Distributions");
	strbuf_puts(
		out,
		"<p class=\"note\">Every dot is an undisturbed sample; those that would cover one another are one. Its height within the strip means nothing.</p>\n<div class=\"plots\">\n");
	for (i = 0; i < m->row_count; i++) {
		if (!strcmp(m->rows[i].workload, "mem_latency") ||
		    metric_of_point(m->rows[i].point))
			continue;
		strbuf_puts(out, "<figure>");
		if (!strip_svg(m, &m->rows[i], out))
			strbuf_puts(
				out,
				"<p class=\"note\">No samples to draw.</p>");
		strbuf_puts(out, "</figure>\n");
	}
	strbuf_puts(out, "</div>\n");
	html_fold_end(out);
}

static void write_identity_row(const struct identity_diff *diff,
			       const struct identity_diff_row *row,
			       size_t runner_count, struct strbuf *out)
{
	char scope[96];
	size_t k;

	html_cell(out, "<tr><td>", row->key, "");
	html_cell(out, "", identity_row_scope(diff, row, scope, sizeof(scope)),
		  "</td>");
	for (k = 0; k < runner_count; k++) {
		html_cell(out, "<td class=\"w\">",
			  row->values[k] ? row->values[k] : "absent", "");
		strbuf_puts(out,
			    row->is_unstable[k]
				    ? " <em>(not in all its boots)</em></td>"
				    : "</td>");
	}
	strbuf_puts(out, "</tr>\n");
}

static void write_identity(const struct findings *f, struct strbuf *out)
{
	const struct identity_diff *diff = &f->identity;
	const struct model *m = &f->model;
	char verdict[240];
	size_t i, k;

	strbuf_puts(out, "<h2 id=\"identity\">Guest identity</h2>\n");
	html_cell(out, "<p>", identity_verdict(diff, verdict, sizeof(verdict)),
		  "</p>\n");
	strbuf_puts(
		out,
		"<details><summary>What the machines report differently</summary>\n");
	html_table_begin(out, "guest identity", "");
	strbuf_puts(out, "<thead><tr><th>what</th>");
	for (k = 0; k < m->runner_count; k++)
		html_cell(out, "<th>", m->runners[k], "</th>");
	strbuf_puts(out, "</tr></thead><tbody>\n");
	for (i = 0; i < diff->row_count; i++)
		write_identity_row(diff, &diff->rows[i], m->runner_count, out);
	html_table_end(out);
	strbuf_puts(out, "</details>\n");
}

/* What WRITE has to say, as it stands; nothing of nothing. */
static void write_words(const struct findings *f, const char *id,
			const char *title,
			void (*write)(const struct findings *f, FILE *out),
			struct strbuf *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *words = open_memstream(&text, &size);

	write(f, words);
	fclose(words);
	if (size) {
		html_cell(out, "<h2 id=\"", id, "\">");
		html_cell(out, "", title, "</h2>\n");
		html_lines(out, title, text);
	}
	free(text);
}

static void write_explain(const struct findings *f, FILE *out)
{
	if (explain_has_any(&f->model))
		explain_text_write(f, out);
}

/* All but SKIPPED, which the page shows elsewhere; NULL: all. */
static void write_object(struct strbuf *out, const char *id, const char *title,
			 const char *text, const char *skipped)
{
	json_t *o = stored_json(text);
	const char *key;
	json_t *value;

	if (skipped)
		json_object_del(o, skipped);
	html_fold_begin(out, id, title);
	html_table_begin(out, title, "");
	strbuf_puts(out, "<tbody>\n");
	json_object_foreach(o, key, value) {
		char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		const char *shown = json_string_value(value);

		html_cell(out, "<tr><th scope=\"row\">", key, "</th>");
		html_cell(out, "<td class=\"w\">",
			  shown  ? shown
			  : dump ? dump
				 : "",
			  "</td></tr>\n");
		free(dump);
	}
	html_table_end(out);
	html_fold_end(out);
	json_decref(o);
}

static void write_ledger(const struct model *m, struct strbuf *out)
{
	size_t i, k;

	html_fold_begin(out, "exits", "Exits to the VMM");
	html_table_begin(out, "exits", "");
	strbuf_puts(
		out,
		"<thead><tr><th class=\"n\">boot</th><th>runner</th><th class=\"n\">vCPU</th><th>kind</th><th class=\"n\">count</th><th class=\"n\">handled in</th></tr></thead><tbody>\n");
	for (i = 0; i < m->run->boot_count; i++)
		for (k = 0; k < m->run->boots[i].res.exit_count; k++) {
			const struct boot_data *b = &m->run->boots[i];
			const struct exit_row *e = &b->res.exits[k];
			char time[32];

			strbuf_printf(out, "<tr><td class=\"n\">%u</td>",
				      b->position);
			html_cell(out, "<td>", b->bc.runner, "</td>");
			strbuf_printf(out, "<td class=\"n\">%u</td>", e->vcpu);
			html_cell(out, "<td>", e->kind, "</td>");
			strbuf_printf(out,
				      "<td class=\"n\">%" PRIu64
				      "</td><td class=\"n\">%s</td></tr>\n",
				      e->count,
				      units_format((double)e->handled_ns, "ns",
						   time, sizeof(time)));
		}
	html_table_end(out);
	html_fold_end(out);
}

/* How many of a boot's samples were disturbed, and by what. */
static void write_disturbed(const struct result *res, struct strbuf *out)
{
	size_t i, k, all = 0, disturbed = 0;
	uint32_t bits = 0;
	char text[80];

	for (i = 0; i < res->series_count; i++)
		for (k = 0; k < res->series[i].sample_count; k++) {
			uint32_t b = res->series[i].samples[k].disturbances;

			all++;
			disturbed += b != 0;
			bits |= b;
		}
	strbuf_printf(out, "<td>%zu of %zu", disturbed, all);
	html_cell(out, disturbed ? ": " : "",
		  disturbances_text(bits, text, sizeof(text)), "</td>");
}

static void write_boots(const struct model *m, struct strbuf *out)
{
	size_t i;

	html_fold_begin(out, "boots", "Boots in the order they ran");
	html_table_begin(out, "boots", "");
	strbuf_puts(
		out,
		"<thead><tr><th class=\"n\">boot</th><th class=\"n\">block</th><th>runner</th><th>mode</th><th>outcome</th><th>samples disturbed</th><th class=\"n\">took</th><th>grade</th></tr></thead><tbody>\n");
	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *b = &m->run->boots[i];
		char took[32];

		strbuf_printf(
			out,
			"<tr><td class=\"n\">%u</td><td class=\"n\">%u</td>",
			b->position, b->bc.block);
		html_cell(out, "<td>", b->bc.runner, "</td>");
		html_cell(out, "<td>", b->bc.paravirt, "</td><td>");
		html_escape(out, run_status_name(b->res.status));
		if (b->res.reason[0])
			html_cell(out, ": ", b->res.reason, "");
		strbuf_puts(out, "</td>");
		write_disturbed(&b->res, out);
		strbuf_printf(out, "<td class=\"n\">%s</td><td>",
			      units_format((double)b->res.elapsed_ns, "ns",
					   took, sizeof(took)));
		html_grade(out, b->res.grade);
		strbuf_puts(out, "</td></tr>\n");
	}
	html_table_end(out);
	html_fold_end(out);
}

/* So far as this run can be had again: noise has no seed. */
static void write_reproduce(const struct findings *f, struct strbuf *out)
{
	const struct run_data *run = f->run;
	const char *command = f->plan.command;
	size_t clean = strcspn(run->revision, "-");
	struct strbuf lines = {0};

	strbuf_printf(&lines, "git checkout %.*s\nmake all guest\n", (int)clean,
		      run->revision);
	strbuf_printf(&lines,
		      "%s\nbuild/l1vh-bench report %" PRId64
		      " --format html --output report.html",
		      command ? command : "# the command was not stored",
		      run->id);
	strbuf_puts(out, "<h2 id=\"reproduce\">Reproduce this run</h2>\n");
	html_lines(out, "commands", lines.str);
	if (run->revision[clean])
		strbuf_puts(
			out,
			"<p class=\"note\">This build had uncommitted changes, so nobody can rebuild exactly this program.</p>\n");
	strbuf_puts(out, "<details><summary>The guest, file by file"
			 "</summary>\n");
	html_lines(out, "the guest", run->guest_manifest);
	strbuf_puts(out, "</details>\n");
	strbuf_release(&lines);
}

/* Of the sections that BODY has, folded or not: nothing of a run's own can look
 * like one, because its markup is escaped. */
static void write_contents(const struct strbuf *body, struct strbuf *out)
{
	static const char begin[] = "<h2 ", end[] = "</h2>";
	const char *at = strbuf_str(body), *name, *stop;

	strbuf_puts(out, "<nav aria-label=\"Sections\"><ul>");
	while ((at = strstr(at, begin)) != NULL) {
		at += strcspn(at, "\"") + 1;
		name = strchr(at, '>');
		stop = name ? strstr(name, end) : NULL;
		if (!stop)
			break;
		strbuf_printf(out, "<li><a href=\"#%.*s\">%.*s</a></li>",
			      (int)strcspn(at, "\""), at,
			      (int)(stop - name - 1), name + 1);
		at = stop;
	}
	strbuf_puts(out, "</ul></nav>\n");
}

static void write_sections(const struct findings *f, struct strbuf *out)
{
	const struct model *m = &f->model;

	html_highlights_write_table(m, out);
	write_comparison(m, out);
	write_words(f, "groups", "Groups of series", sections_write_suites,
		    out);
	write_words(f, "implausible", "Implausible results",
		    sections_write_implausible, out);
	write_words(f, "odd", "Oddities", sections_write_oddities, out);
	html_questions_write(f, out);
	html_micro_write(m, out);
	html_io_write(m, out);
	html_footprint_write(&f->footprints, out);
	write_words(f, "explain", "What exits explain", write_explain, out);
	write_plots(m, out);
	write_identity(f, out);
	write_boots(m, out);
	write_ledger(m, out);
	write_object(out, "fingerprint", "Host fingerprint",
		     f->run->fingerprint, NULL);
	write_object(out, "plan", "Design", f->run->plan, NULL);
	write_object(out, "probe", "What the host can do", f->run->probe,
		     "kubevirt");
	write_reproduce(f, out);
}

void html_write(const struct findings *f, struct strbuf *out)
{
	struct strbuf body = {0};

	write_sections(f, &body);
	html_begin(out, "l1vh-bench report");
	strbuf_puts(out, "<h1>l1vh-bench: guests against the host</h1>\n");
	write_banner(&f->model, out);
	html_verdicts_write_sentence(f, out);
	write_run(&f->model, out);
	html_highlights_write_chart(&f->model, out);
	html_verdicts_write_table(&f->judgement, out);
	write_contents(&body, out);
	strbuf_puts(out, strbuf_str(&body));
	html_end(out);
	strbuf_release(&body);
}
