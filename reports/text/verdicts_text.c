// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/verdicts_text.h"

#include <math.h>
#include <string.h>

#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"
#include "reports/text/lines.h"
#include "reports/text/paint.h"

#define ID_COLUMNS 20

static const char grade_stamp[] =
	"*** GRADE OVERRIDDEN FOR TESTING: these verdicts describe no hypervisor ***\n";

/* To the end of the line. A bundle's claims may say anything. */
static void write_words(const char *text, FILE *out)
{
	line_print(text, 0, HEADLINE_SIZE, out);
	fputc('\n', out);
}

static void write_reasons(const struct claim_verdict *v, FILE *out)
{
	if (v->measured && strcmp(v->measured, v->claim->candidate)) {
		fprintf(out, "    %s stands in for ", v->measured);
		write_words(v->claim->candidate, out);
	}
	if (v->look)
		fprintf(out, "    at look %zu, one-sided level %.2g\n", v->look,
			v->level);
	if (v->reason[0]) {
		fputs("    ", out);
		write_words(v->reason, out);
	}
}

/* What is expected of the limit, and up to where most guests go. */
static void write_limit(const struct claim_verdict *v, FILE *out)
{
	char share[40];

	if (isnan(v->ratio.ratio))
		fprintf(out, "%-29s", "-");
	else
		fprintf(out, "%7.3f of it, up to %-8.3f  ", v->ratio.ratio,
			v->ratio.high);
	snprintf(share, sizeof(share), "%.4g %% of guests",
		 100 * (1 - v->claim->margin));
	fprintf(out, " %-21s %9s %9s %6zu %6s %8s\n", share, "-", "-",
		v->block_count, "-", "-");
	write_reasons(v, out);
}

static void write_one(const struct claim_verdict *v, FILE *out)
{
	const struct claim *c = v->claim;
	char why[32];

	line_print(c->id, ID_COLUMNS, LINES_COLUMNS, out);
	fputc(' ', out);
	paint_verdict(v->verdict, 13, out);
	fputc(' ', out);
	if (v->is_limit) {
		write_limit(v, out);
		return;
	}
	if (isnan(v->ratio.ratio))
		fprintf(out, "%-29s", "-");
	else if (isnan(v->ratio.low))
		fprintf(out, "%7.3f %-21s", v->ratio.ratio,
			model_no_interval(v->block_count, why, sizeof(why)));
	else
		fprintf(out, "%7.3f [%8.3f, %8.3f] ", v->ratio.ratio,
			v->ratio.low, v->ratio.high);
	fprintf(out, " %s %4.1f %%", margin_kind_words(c->kind),
		100 * c->margin);
	if (isnan(v->test.smallest))
		fprintf(out, " %9s %9s", "-", "-");
	else
		fprintf(out, " %7.1f %% %7.1f %%", 100 * v->test.smallest,
			100 * v->test.detectable);
	fprintf(out, " %6zu", v->block_count);
	if (isnan(v->test.n_needed))
		fprintf(out, " %6s", "-");
	else
		fprintf(out, " %6.0f", v->test.n_needed);
	if (isnan(v->holm_p))
		fprintf(out, " %8s\n", "-");
	else
		fprintf(out, " %8.2g\n", v->holm_p);
	write_reasons(v, out);
}

static bool has_limit(const struct judgement *j)
{
	size_t i;

	for (i = 0; i < j->count; i++)
		if (j->v[i].is_limit)
			return true;
	return false;
}

static void write_legend(const struct judgement *j, FILE *out)
{
	fputs("\nratio: candidate over baseline, Student's t on the logarithms of the blocks;\n"
	      "passing: the smallest passing margin (superiority: the largest); detects: the\n"
	      "difference detected in 80 % of cases; needed: the blocks needed for a decision\n"
	      "if the estimate is true; p: adjusted by Holm, for reading single claims.\n",
	      out);
	if (has_limit(j))
		fputs("\"of it\": the measured part of a limit, and the part that the claimed share of\n"
		      "guests stays below, with the claim's confidence; blocks are boots there.\n",
		      out);
}

static void write_head(const struct findings *f, FILE *out)
{
	const struct judgement *j = &f->judgement;

	fputs("Claims '", out);
	line_print(j->claims->name, 0, LINES_COLUMNS, out);
	fprintf(out,
		"' (sha256 %.12s) against run %lld.\n"
		"%s\n\n"
		"%-*s %-13s %-29s %-21s %9s %9s %6s %6s %8s\n",
		j->claims->sha256, (long long)f->run->id,
		judgement_origin(j->is_registered), ID_COLUMNS, "claim",
		"verdict", "  ratio [two-sided]", " claimed", "passing",
		"detects", "blocks", "needed", "p");
}

void verdicts_text_write(const struct findings *f, FILE *out)
{
	const struct judgement *j = &f->judgement;
	char sentence[HEADLINE_SIZE];
	size_t i;

	if (j->unreadable)
		fprintf(out, "\nThis run cannot say: %s.\n", j->unreadable);
	if (!j->claims)
		return;
	if (j->is_overridden)
		paint_warning(grade_stamp, out);
	write_head(f, out);
	for (i = 0; i < j->count; i++)
		write_one(&j->v[i], out);
	fprintf(out, "%-*s ", ID_COLUMNS, "all of them");
	paint_verdict(j->together, 0, out);
	fputs("\n\n", out);
	write_words(headline(&f->model, j, sentence, sizeof(sentence)), out);
	write_legend(j, out);
	if (j->is_overridden)
		paint_warning(grade_stamp, out);
}
