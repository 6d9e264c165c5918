// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/findings.h"
#include "harness/findings/refusals.h"
#include "harness/findings/vmm_words.h"
#include "harness/store/run_data.h"
#include "reports/text/footprint_text.h"
#include "reports/text/paint.h"
#include "reports/text/sections.h"

#define HEADING "median of boots"
#define VALUE_WIDTH 11

/* Of the longest name that is shown, or of the heading. */
static int name_width(const struct model *m)
{
	char name[80];
	size_t width = strlen(HEADING);
	size_t i;

	for (i = 0; i < m->row_count; i++) {
		size_t len =
			strlen(model_row_name(&m->rows[i], name, sizeof(name)));

		if (model_row_is_summary(&m->rows[i]) && len > width)
			width = len;
	}
	return (int)width;
}

/* Of a runner's column: its name, or the longest value. */
static int value_width(const struct model *m, size_t runner)
{
	size_t len = strlen(m->runners[runner]);

	return len > VALUE_WIDTH ? (int)len : VALUE_WIDTH;
}

/* Of a ratio's column, what its two names need beyond the figures. */
static int ratio_pad(const struct model *m, size_t runner)
{
	size_t name = strlen(m->runners[runner]), base = strlen(m->runners[0]);

	return (int)((name > 7 ? name - 7 : 0) + (base > 6 ? base - 6 : 0));
}

static void write_vmm_words(const struct run_data *run, FILE *out)
{
	struct strbuf text = {0};

	vmm_words_list(run, &text);
	fputs(strbuf_str(&text), out);
	strbuf_release(&text);
}

static void write_head(const struct model *m, FILE *out)
{
	char grades[64], signer[240];
	size_t i;

	fprintf(out, "run %" PRId64 " of %s, grade %s, seed %" PRIu64 ", %s\n",
		m->run->id, m->run->revision,
		model_grades(m, grades, sizeof(grades)), m->run->seed,
		m->run->status);
	if (*run_data_signer(m->run, signer, sizeof(signer)))
		fprintf(out, "%s\n", signer);
	write_vmm_words(m->run, out);
	if (m->has_grade[GRADE_EMULATED])
		paint_warning(MODEL_EMULATED "\n", out);
	fprintf(out, "\n%-*s", name_width(m), HEADING);
	for (i = 0; i < m->runner_count; i++)
		fprintf(out, " %*s", value_width(m, i), m->runners[i]);
	for (i = 1; i < m->runner_count; i++)
		fprintf(out, "  %7s/%-6s %-16s", m->runners[i], m->runners[0],
			"[95 %]");
	fputs("  boots grade\n", out);
}

static void write_value(const struct model_row *row,
			const struct model_cell *cell, int width, FILE *out)
{
	char value[32];

	if (isnan(cell->median))
		fprintf(out, " %*s", width, model_cell_word(cell));
	else
		fprintf(out, " %*s", width,
			units_format(cell->median, row->unit, value,
				     sizeof(value)));
}

static void write_ratio(const struct model_cell *cell, int pad, FILE *out)
{
	const struct ratio *r = &cell->ratio;
	char why[32];

	if (isnan(r->ratio))
		fprintf(out, "  %8s %-22s", "-", "");
	else if (isnan(r->low))
		fprintf(out, "  %8.3f %-22s", r->ratio,
			model_no_interval(cell->ratio_count, why, sizeof(why)));
	else
		fprintf(out, "  %8.3f [%8.3f, %8.3f]  ", r->ratio, r->low,
			r->high);
	fprintf(out, "%*s", pad, "");
}

static void write_row(const struct model *m, const struct model_row *row,
		      int width, FILE *out)
{
	char name[80];
	size_t i;

	fprintf(out, "%-*s", width, model_row_name(row, name, sizeof(name)));
	for (i = 0; i < m->runner_count; i++)
		write_value(row, &row->cells[i], value_width(m, i), out);
	for (i = 1; i < m->runner_count; i++)
		write_ratio(&row->cells[i], ratio_pad(m, i), out);
	fprintf(out, "  %2zu", row->cells[0].boot_count);
	for (i = 1; i < m->runner_count; i++)
		fprintf(out, "/%zu", row->cells[i].boot_count);
	fprintf(out, "  %s\n", grade_name(model_row_grade(m, row)));
}

static void write_refusals(const struct model *m, FILE *out)
{
	struct refusal r;
	char subject[160];
	size_t at = 0;

	while (refusals_next(m, &at, &r))
		fprintf(out, "%s: %s (%zu boots)\n",
			refusal_subject(&r, subject, sizeof(subject)),
			r.cell->reason, r.cell->refused_count);
}

static void write_notes(const struct model *m, FILE *out)
{
	struct refusal note;
	char subject[160];
	size_t at = 0;

	while (notes_next(m, &at, &note))
		fprintf(out, "%s: %s\n",
			refusal_subject(&note, subject, sizeof(subject)),
			note.cell->note);
}

static void write_disturbed(const struct model *m, FILE *out)
{
	size_t i, k;

	for (k = 0; k < m->runner_count; k++) {
		size_t disturbed = 0, all = 0, series = 0;

		for (i = 0; i < m->row_count; i++) {
			const struct model_cell *c = &m->rows[i].cells[k];

			disturbed += c->disturbed_count;
			all += c->disturbed_count + c->used_count;
			series += c->disturbed_count > 0;
		}
		if (disturbed)
			fprintf(out,
				"%s: %zu of %zu samples disturbed and left out, in %zu series\n",
				m->runners[k], disturbed, all, series);
	}
}

static void write_removal(const struct model *m, FILE *out)
{
	char text[96];

	if (*run_data_removal(m->run, text, sizeof(text)))
		fprintf(out, "%s; the figures stay\n", text);
}

static void write_failures(const struct model *m, FILE *out)
{
	size_t i;

	for (i = 0; i < m->run->boot_count; i++) {
		const struct boot_data *b = &m->run->boots[i];

		if (b->res.status != RUN_OK)
			fprintf(out, "boot %u, block %u, %s: %s: %s\n",
				b->position, b->bc.block, b->bc.runner,
				run_status_name(b->res.status), b->res.reason);
	}
}

void text_write(const struct findings *f, FILE *out)
{
	const struct model *m = &f->model;
	int width = name_width(m);
	size_t i;

	if (!m->row_count) {
		fputs("nothing was measured\n", out);
		write_failures(m, out);
		return;
	}
	write_head(m, out);
	for (i = 0; i < m->row_count; i++)
		if (model_row_is_summary(&m->rows[i]))
			write_row(m, &m->rows[i], width, out);
	sections_write_suites(f, out);
	fputs("\nRatios are geometric means over blocks, intervals Student's over blocks;\n"
	      "this table gives no verdict.\n",
	      out);
	if (f->footprints.count) {
		fputc('\n', out);
		footprint_text_write(&f->footprints, false, out);
	}
	sections_write_implausible(f, out);
	sections_write_oddities(f, out);
	write_refusals(m, out);
	write_notes(m, out);
	write_disturbed(m, out);
	write_removal(m, out);
	write_failures(m, out);
}
