// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_run.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/findings.h"
#include "harness/findings/vmm_words.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "reports/html/html_parts.h"

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
		strbuf_puts(out, row->is_unstable[k]
					 ? " <em>(not in all boots)</em></td>"
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
		"<details><summary>Differences between the machines' reports</summary>\n");
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

	for (i = 0; i < res->series_count; i++) {
		const struct series *s = &res->series[i];

		for (k = 0; k < s->sample_count; k++) {
			uint32_t b = s->samples[k].disturbances;

			all++;
			disturbed += b != 0;
			bits |= b;
		}
		if (s->sample_count || !s->figure)
			continue;
		all += s->figure->sample_count;
		disturbed += s->figure->sample_count - s->figure->used_count;
		bits |= s->figure->disturbances;
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

/* Without the mark of changes. What git calls a revision behind a tag has
 * hyphens of its own. */
static size_t clean_length(const char *revision)
{
	static const char mark[] = "-dirty";
	size_t len = strlen(revision), mark_len = sizeof(mark) - 1;

	return len >= mark_len && !strcmp(revision + len - mark_len, mark)
		       ? len - mark_len
		       : len;
}

/* So far as this run can be had again: noise has no seed. */
static void write_reproduce(const struct findings *f, struct strbuf *out)
{
	const struct run_data *run = f->run;
	const char *command = f->plan.command;
	size_t clean = clean_length(run->revision);
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
			"<p class=\"note\">This build had uncommitted changes: the same program cannot be built again.</p>\n");
	strbuf_puts(out, "<details><summary>The guest, file by file"
			 "</summary>\n");
	html_lines(out, "the guest", run->guest_manifest);
	strbuf_puts(out, "</details>\n");
	strbuf_release(&lines);
}

void html_run_write_banner(const struct model *m, struct strbuf *out)
{
	if (m->has_grade[GRADE_EMULATED])
		strbuf_puts(
			out,
			"<p class=\"banner\" role=\"note\">EMULATED. Everything below was measured inside the lab, "
			"a host emulated in software. It shows that the harness works. It does not show how "
			"fast any hypervisor is, and it cannot support a claim.</p>\n");
	else if (m->has_grade[GRADE_SOFTWARE])
		strbuf_puts(
			out,
			"<p class=\"banner\" role=\"note\">SOFTWARE. The hypervisor measured here works without hardware "
			"assistance; its figures are not comparable to a hypervisor with it.</p>\n");
}

void html_run_write_line(const struct model *m, struct strbuf *out)
{
	const struct run_data *run = m->run;
	char date[32], grades[64], signer[240];

	strbuf_printf(
		out, "<p>Run %" PRId64 " of %s UTC, ", run->id,
		units_format_date(run->started_unix_ns, date, sizeof(date)));
	html_escape(out, run->status);
	strbuf_puts(out, ", by revision ");
	html_escape(out, run->revision);
	strbuf_printf(
		out,
		". Evidence grade: %s. It has %zu of %u boots; %zu of them failed.</p>\n",
		model_grades(m, grades, sizeof(grades)), run->boot_count,
		run->scheduled_count, m->failed_boot_count);
	if (*run_data_signer(run, signer, sizeof(signer)))
		html_cell(out, "<p class=\"note\">It was ", signer, ".</p>\n");
}

/* A paragraph for each of the lines. */
static void write_vmm_words(const struct run_data *run, struct strbuf *out)
{
	struct strbuf lines = {0};
	char *line, *rest = NULL;

	vmm_words_list(run, &lines);
	if (lines.len)
		for (line = strtok_r(lines.str, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			html_cell(out, "<p class=\"note\">", line, "</p>\n");
	strbuf_release(&lines);
}

void html_run_write(const struct findings *f, struct strbuf *out)
{
	write_identity(f, out);
	write_vmm_words(f->run, out);
	write_boots(&f->model, out);
	write_ledger(&f->model, out);
	write_object(out, "fingerprint", "Host fingerprint",
		     f->run->fingerprint, NULL);
	write_object(out, "plan", "Design", f->run->plan, NULL);
	write_object(out, "probe", "What the host can do", f->run->probe,
		     "kubevirt");
	write_reproduce(f, out);
}
