// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/markdown.h"

#include <inttypes.h>
#include <math.h>

#include "harness/base/base.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/findings.h"
#include "harness/findings/refusals.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"

/*
 * Its own backslash becomes a reference, so that none can stand in front of
 * one of ours. An address or a person's name is a link without any markup: a
 * zero-width space breaks it.
 */
static const struct escape escapes[] = {
	{"\r\n", " "},         {"\n", " "},
	{"\r", " "},           {"\t", " "},
	{"\\", "&#92;"},       {"&", "&amp;"},
	{"<", "&lt;"},         {">", "&gt;"},
	{"$", "&#36;"},        {"|", "\\|"},
	{"`", "\\`"},          {"*", "\\*"},
	{"_", "\\_"},          {"[", "\\["},
	{"]", "\\]"},          {"~", "\\~"},
	{"#", "#&#8203;"},     {"@", "@&#8203;"},
	{"://", ":&#8203;//"}, {"www.", "www&#8203;."},
	{NULL, NULL},
};

static void add_text(const char *text, struct strbuf *out)
{
	portable_text(out, text, escapes);
}

static void add_cell(const char *text, struct strbuf *out)
{
	strbuf_puts(out, " ");
	add_text(text, out);
	strbuf_puts(out, " |");
}

/* What may be believed stands in front of all that could be. */
static void write_head(const struct model *m, struct strbuf *out)
{
	char grades[64];

	strbuf_printf(out, "## l1vh-bench: run %" PRId64 ", grade %s\n\n",
		      m->run->id,
		      m->row_count ? model_grades(m, grades, sizeof(grades))
				   : "none");
	if (m->has_grade[GRADE_EMULATED]) {
		strbuf_puts(out, "> [!WARNING]\n> **");
		add_text(MODEL_EMULATED, out);
		strbuf_puts(out, "**\n\n");
	}
	strbuf_puts(out, "Run ");
	add_text(m->run->uuid, out);
	strbuf_puts(out, " of revision ");
	add_text(m->run->revision, out);
	strbuf_printf(out, ", seed %" PRIu64 ", ", m->run->seed);
	add_text(m->run->status, out);
	strbuf_printf(out, "; %zu of %u boots, %zu of them failed.\n\n",
		      m->run->boot_count, m->run->scheduled_count,
		      m->failed_boot_count);
}

static void write_columns(const struct model *m, struct strbuf *out)
{
	size_t k;

	strbuf_puts(out, "| median of boots | better |");
	for (k = 0; k < m->runner_count; k++)
		add_cell(m->runners[k], out);
	for (k = 1; k < m->runner_count; k++) {
		strbuf_puts(out, " ");
		add_text(m->runners[k], out);
		strbuf_puts(out, "/");
		add_text(m->runners[0], out);
		strbuf_puts(out, " [95 %] |");
	}
	strbuf_puts(out, " boots | grade |\n|---|---|");
	for (k = 1; k < 2 * m->runner_count; k++)
		strbuf_puts(out, "--:|");
	strbuf_puts(out, "--:|---|\n");
}

static void write_value(const struct model *m, const struct model_row *row,
			size_t runner, struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];
	char value[32];

	add_cell(isnan(c->median) ? model_outcome(m, row, runner).status
				  : units_format(c->median, row->unit, value,
						 sizeof(value)),
		 out);
}

static void write_ratio(const struct model_cell *c, struct strbuf *out)
{
	char why[32];

	if (isnan(c->ratio.ratio))
		strbuf_puts(out, " - |");
	else if (isnan(c->ratio.low))
		strbuf_printf(
			out, " %.3f (%s) |", c->ratio.ratio,
			model_no_interval(c->ratio_count, why, sizeof(why)));
	else
		strbuf_printf(out, " %.3f [%.3f, %.3f] |", c->ratio.ratio,
			      c->ratio.low, c->ratio.high);
}

static void write_row(const struct model *m, const struct model_row *row,
		      struct strbuf *out)
{
	char name[80];
	size_t k;

	strbuf_puts(out, "|");
	add_cell(model_row_name(row, name, sizeof(name)), out);
	add_cell(row->lower_is_better ? "lower" : "higher", out);
	for (k = 0; k < m->runner_count; k++)
		write_value(m, row, k, out);
	for (k = 1; k < m->runner_count; k++)
		write_ratio(&row->cells[k], out);
	for (k = 0; k < m->runner_count; k++)
		strbuf_printf(out, "%s%zu", k ? "/" : " ",
			      row->cells[k].boot_count);
	strbuf_puts(out, " |");
	add_cell(grade_name(model_row_grade(m, row)), out);
	strbuf_puts(out, "\n");
}

static void write_table(const struct model *m, struct strbuf *out)
{
	size_t i;

	if (!m->row_count) {
		strbuf_puts(out, "Nothing was measured.\n");
		return;
	}
	write_columns(m, out);
	for (i = 0; i < m->row_count; i++)
		if (model_row_is_summary(&m->rows[i]))
			write_row(m, &m->rows[i], out);
	strbuf_puts(out, "\nRatios are geometric means over blocks, intervals "
			 "Student's over blocks.\n");
}

static void write_verdict(const struct claim_verdict *v, struct strbuf *out)
{
	const struct claim *c = v->claim;
	char why[32];

	strbuf_puts(out, "|");
	add_cell(c->id, out);
	strbuf_printf(out, " **%s** |", verdict_name(v->verdict));
	if (isnan(v->ratio.ratio))
		strbuf_puts(out, " - |");
	else if (isnan(v->ratio.low))
		strbuf_printf(
			out, " %.3f (%s) |", v->ratio.ratio,
			model_no_interval(v->block_count, why, sizeof(why)));
	else
		strbuf_printf(out, " %.3f [%.3f, %.3f] |", v->ratio.ratio,
			      v->ratio.low, v->ratio.high);
	strbuf_printf(out, " %s %.1f %% | %zu |", margin_kind_words(c->kind),
		      100 * c->margin, v->block_count);
	add_cell(c->metric, out);
	add_cell(v->measured ? v->measured : c->candidate, out);
	add_cell(c->baseline, out);
	add_cell(v->reason, out);
	strbuf_puts(out, "\n");
}

static void write_verdicts(const struct judgement *j, struct strbuf *out)
{
	size_t i;

	if (j->unreadable) {
		strbuf_puts(out, "\n### Verdicts\n\nThis run cannot say: ");
		add_text(j->unreadable, out);
		strbuf_puts(out, ".\n");
	}
	if (!j->claims)
		return;
	strbuf_puts(out, "\n### Verdicts: ");
	add_text(j->claims->name, out);
	strbuf_printf(out, "\n\n%s All of them: **%s**\n\n",
		      judgement_origin(j->is_registered),
		      verdict_name(j->together));
	strbuf_puts(
		out,
		"| claim | verdict | ratio [two-sided] | claimed | blocks | metric | candidate | baseline | reason |\n"
		"|---|---|--:|---|--:|---|---|---|---|\n");
	for (i = 0; i < j->count; i++)
		write_verdict(&j->v[i], out);
}

static void write_refusals(const struct model *m, struct strbuf *out)
{
	struct refusal r;
	char subject[160];
	size_t at = 0;

	while (refusals_next(m, &at, &r)) {
		strbuf_puts(out, "- ");
		add_text(refusal_subject(&r, subject, sizeof(subject)), out);
		strbuf_puts(out, ": ");
		add_text(r.cell->reason, out);
		strbuf_printf(out, " (%zu boots)\n", r.cell->refused_count);
	}
}

static void write_notes(const struct model *m, struct strbuf *out)
{
	struct refusal note;
	char subject[160];
	size_t at = 0;

	while (notes_next(m, &at, &note)) {
		strbuf_puts(out, "- ");
		add_text(refusal_subject(&note, subject, sizeof(subject)), out);
		strbuf_puts(out, ": ");
		add_text(note.cell->note, out);
		strbuf_puts(out, "\n");
	}
}

static void write_failures(const struct model *m, struct strbuf *out)
{
	size_t i;

	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *b = &m->run->boots[i];

		if (b->res.status == RUN_OK)
			continue;
		strbuf_printf(out, "- boot %u, block %u, ", b->position,
			      b->bc.block);
		add_text(b->bc.runner, out);
		strbuf_printf(out, ": **");
		add_text(run_status_name(b->res.status), out);
		strbuf_puts(out, "**: ");
		add_text(b->res.reason, out);
		strbuf_puts(out, "\n");
	}
}

void markdown_write(const struct findings *f, struct strbuf *out)
{
	const struct model *m = &f->model;
	static const char notes[] = "\n### Notes\n\n";
	static const char title[] = "\n### Skipped and failed\n\n";
	struct refusal note;
	size_t before, at = 0;

	write_head(m, out);
	write_table(m, out);
	write_verdicts(&f->judgement, out);
	if (notes_next(m, &at, &note)) {
		strbuf_puts(out, notes);
		write_notes(m, out);
	}
	strbuf_puts(out, title);
	before = out->len;
	write_refusals(m, out);
	write_failures(m, out);
	if (out->len == before)
		strbuf_puts(out, "Nothing.\n");
}
