// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/csv.h"

#include <string.h>

#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"

/* In the order of write_row(); where JSON has the same, by the same name. */
static const char head[] =
	"run_uuid,revision,workload,point,unit,better,runner,grade,"
	"boot_count,disturbed_count,median,ratio_to_native,ratio_low,"
	"ratio_high,ratio_block_count,status,reason\r\n";

/* A spreadsheet would take such text for a formula, and run it. */
static bool looks_like_formula(const char *text)
{
	return *text && strchr("=+-@\t\r\n", *text);
}

static void add_text(const char *text, struct strbuf *out)
{
	static const struct escape quotes[] = {{"\"", "\"\""}, {NULL, NULL}};
	bool is_quoted = strpbrk(text, ",\"\r\n") || looks_like_formula(text);

	if (is_quoted)
		strbuf_puts(out, "\"");
	if (looks_like_formula(text))
		strbuf_puts(out, "'");
	portable_text(out, text, quotes);
	strbuf_puts(out, is_quoted ? "\"," : ",");
}

static void add_number(double value, struct strbuf *out)
{
	char number[32];

	strbuf_printf(out, "%s,",
		      portable_number(value, number, sizeof(number)));
}

/* Instead of the comma behind the last cell. */
static void end_row(struct strbuf *out)
{
	out->str[out->len - 1] = '\r';
	strbuf_puts(out, "\n");
}

static void write_row(const struct model *m, const struct model_row *row,
		      size_t runner, struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];
	struct model_outcome o = model_outcome(m, row, runner);

	add_text(m->run->uuid, out);
	add_text(m->run->revision, out);
	add_text(row->workload, out);
	add_text(row->point, out);
	add_text(row->unit, out);
	add_text(row->lower_is_better ? "lower" : "higher", out);
	add_text(m->runners[runner], out);
	add_text(model_cell_is_measured(c) ? grade_name(c->grade) : "", out);
	strbuf_printf(out, "%zu,%zu,", c->boot_count, c->disturbed_count);
	add_number(c->median, out);
	add_number(c->ratio.ratio, out);
	add_number(c->ratio.low, out);
	add_number(c->ratio.high, out);
	strbuf_printf(out, "%zu,", c->ratio_count);
	add_text(o.status, out);
	add_text(o.reason, out);
	end_row(out);
}

/* In the order of write_verdict(), by JSON's names as well. */
static const char verdict_head[] =
	"run_uuid,is_registered,id,metric,candidate,baseline,measured,kind,"
	"margin,confidence,verdict,ratio,ratio_low,ratio_high,smallest_margin,"
	"detectable,block_count,blocks_needed,p_holm,reason\r\n";

static void write_verdict(const struct findings *f,
			  const struct claim_verdict *v, struct strbuf *out)
{
	const struct claim *c = v->claim;

	add_text(f->run->uuid, out);
	strbuf_puts(out, f->judgement.is_registered ? "true," : "false,");
	add_text(c->id, out);
	add_text(c->metric, out);
	add_text(c->candidate, out);
	add_text(c->baseline, out);
	add_text(v->measured ? v->measured : "", out);
	add_text(margin_kind_words(c->kind), out);
	add_number(c->margin, out);
	add_number(c->confidence, out);
	add_text(verdict_name(v->verdict), out);
	add_number(v->ratio.ratio, out);
	add_number(v->ratio.low, out);
	add_number(v->ratio.high, out);
	add_number(v->test.smallest, out);
	add_number(v->test.detectable, out);
	strbuf_printf(out, "%zu,", v->block_count);
	add_number(v->test.n_needed, out);
	add_number(v->holm_p, out);
	add_text(v->reason, out);
	end_row(out);
}

static void write_verdicts(const struct findings *f, struct strbuf *out)
{
	size_t i;

	strbuf_puts(out, verdict_head);
	for (i = 0; i < f->judgement.count; i++)
		write_verdict(f, &f->judgement.v[i], out);
}

void csv_write(const struct findings *f, struct strbuf *out)
{
	const struct model *m = &f->model;
	size_t i, k;

	/* A file of this format is one table. */
	if (f->has_named_claims) {
		write_verdicts(f, out);
		return;
	}
	strbuf_puts(out, head);
	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			write_row(m, &m->rows[i], k, out);
}
