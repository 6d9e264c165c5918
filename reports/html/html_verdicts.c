// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_verdicts.h"

#include <math.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/verdict/claims.h"
#include "reports/html/pictures/forest.h"
#include "reports/html/html_parts.h"

/* More than that is no statement. */
#define MOST_SHARE 10

static const char *const classes[] = {
	[VERDICT_PASS] = "pass",      [VERDICT_FAIL] = "fail",
	[VERDICT_UNDECIDED] = "open", [VERDICT_NOT_EVALUABLE] = "open",
	[VERDICT_VOID] = "open",
};
_Static_assert(ARRAY_SIZE(classes) == VERDICT_COUNT,
	       "every verdict has a look");

void html_verdict_badge(enum verdict v, struct strbuf *out)
{
	strbuf_printf(out, "<span class=\"verdict %s\">%s</span>", classes[v],
		      verdict_name(v));
}

static void write_share(double share, struct strbuf *out)
{
	if (isnan(share))
		strbuf_puts(out, "<td class=\"n\"></td>");
	else if (share > MOST_SHARE)
		strbuf_printf(out, "<td class=\"n\">above %.0f %%</td>",
			      100. * MOST_SHARE);
	else
		strbuf_printf(out, "<td class=\"n\">%.1f %%</td>", 100 * share);
}

/* The picture, and its numbers. */
static void write_effect(const struct forest *f, const struct claim_verdict *v,
			 struct strbuf *out)
{
	strbuf_puts(out, "<td>");
	if (v->is_limit) {
		strbuf_puts(out, "</td><td>");
		if (!isnan(v->ratio.ratio))
			strbuf_printf(
				out,
				"%.3f of the limit; most guests: up to %.3f",
				v->ratio.ratio, v->ratio.high);
		strbuf_puts(out, "</td>");
		return;
	}
	forest_strip(f, v, classes[v->verdict], out);
	strbuf_puts(out, "</td><td>");
	if (!isnan(v->ratio.ratio)) {
		struct ratio worse = verdict_worse_ratio(v);

		strbuf_printf(out, "&times;%.3f, ", worse.ratio);
		html_interval(out, &worse, v->block_count);
	}
	strbuf_puts(out, "</td>");
}

static void write_claimed(const struct claim_verdict *v, struct strbuf *out)
{
	if (v->is_limit)
		strbuf_printf(
			out,
			"<td>%.4g&nbsp;%% of guests stay within the limit</td>",
			100 * (1 - v->claim->margin));
	else
		strbuf_printf(out, "<td>%s %.1f&nbsp;%%</td>",
			      margin_kind_words(v->claim->kind),
			      100 * v->claim->margin);
}

static void write_row(const struct forest *f, const struct claim_verdict *v,
		      struct strbuf *out)
{
	html_cell(out, "<tr><td>", v->claim->text, "</td><td>");
	html_verdict_badge(v->verdict, out);
	if (v->reason[0])
		html_cell(out, " <span class=\"note\">", v->reason, "</span>");
	strbuf_puts(out, "</td>");
	write_effect(f, v, out);
	write_claimed(v, out);
	strbuf_puts(out, "</tr>\n");
}

/* --- what verdicts rest on --- */

static void write_basis(const struct claim_verdict *v, struct strbuf *out)
{
	const struct claim *c = v->claim;

	html_cell(out, "<tr><td>", c->text, "<br><span class=\"note\">");
	html_cell(out, "", c->metric, ": ");
	html_cell(out, "", v->measured ? v->measured : c->candidate, " over ");
	html_cell(out, "", c->baseline,
		  v->is_limit ? "; the share, because "
			      : "; the margin, because ");
	html_cell(out, "", c->reason, "");
	if (c->scope)
		html_cell(out, "; of ", c->scope, "");
	strbuf_puts(out, "</span></td>");
}

/* A limit has neither margin nor blocks. */
static void write_numbers(const struct claim_verdict *v, struct strbuf *out)
{
	if (v->is_limit) {
		strbuf_printf(out,
			      "<td></td><td></td><td class=\"n\">%zu boots</td>"
			      "<td></td><td></td>",
			      v->block_count);
		return;
	}
	write_share(v->test.smallest, out);
	write_share(v->test.detectable, out);
	strbuf_printf(out, "<td class=\"n\">%zu</td><td class=\"n\">",
		      v->block_count);
	if (!isnan(v->test.n_needed))
		strbuf_printf(out, "%.0f", v->test.n_needed);
	strbuf_puts(out, "</td><td class=\"n\">");
	if (!isnan(v->holm_p))
		strbuf_printf(out, "%.2g", v->holm_p);
	strbuf_puts(out, "</td>");
}

static void write_details(const struct judgement *j, struct strbuf *out)
{
	size_t i;

	strbuf_puts(out, "<details><summary>What the verdicts rest on"
			 "</summary>\n");
	html_table_begin(out, "what the verdicts rest on", " class=\"io\"");
	strbuf_puts(
		out,
		"<thead><tr><th>claim</th>"
		"<th class=\"n\" title=\"the smallest margin that would pass\">smallest passing margin</th>"
		"<th class=\"n\" title=\"the difference detected in 80 % of cases\">detectable difference</th><th class=\"n\">blocks</th>"
		"<th class=\"n\" title=\"blocks needed for a decision if the estimate is true\">blocks needed</th>"
		"<th class=\"n\" title=\"Holm's, for single claims\">p</th></tr></thead><tbody>\n");
	for (i = 0; i < j->count; i++) {
		write_basis(&j->v[i], out);
		write_numbers(&j->v[i], out);
		strbuf_puts(out, "</tr>\n");
	}
	html_table_end(out);
	html_cell(
		out,
		"<p class=\"note\">Ratios are of the candidate to the baseline, above 1 is worse; the interval is two-sided, the verdict's test one-sided. ",
		judgement_origin(j->is_registered), "");
	html_cell(out, " The sha256 of the claims is ", j->claims->sha256,
		  ".</p></details>\n");
}

static void write_table(const struct judgement *j, struct strbuf *out)
{
	struct forest f = forest_of(j->v, j->count);
	size_t i;

	html_table_begin(out, "claims", " class=\"io\" id=\"verdicts-table\"");
	strbuf_puts(out, "<thead><tr><th>claim</th><th>verdict</th>"
			 "<th class=\"scale\">");
	forest_axis(&f, out);
	strbuf_puts(out,
		    "</th><th>times worse, two-sided</th><th>claimed</th></tr>"
		    "</thead><tbody>\n");
	for (i = 0; i < j->count; i++)
		write_row(&f, &j->v[i], out);
	html_table_end(out);
	strbuf_puts(
		out,
		"<p class=\"note\">A claim holds in the shade; the line is its margin, the dot the estimate, the bar its interval. "
		"PASS: the interval is inside the shade; FAIL: outside; UNDECIDED: across its line.</p>\n");
	write_details(j, out);
}

void html_verdicts_write_sentence(const struct findings *f, struct strbuf *out)
{
	const struct judgement *j = &f->judgement;
	char sentence[HEADLINE_SIZE];

	strbuf_puts(out, "<h2 id=\"verdicts\">");
	if (j->claims) {
		html_cell(out, "Do the claims of '", j->claims->name,
			  "' hold here? ");
		html_verdict_badge(j->together, out);
	} else {
		strbuf_puts(out, "Is it near-native here?");
	}
	strbuf_printf(out, "</h2>\n<p class=\"headline %s\">",
		      classes[j->together]);
	html_cell(out, "", headline(&f->model, j, sentence, sizeof(sentence)),
		  "</p>\n");
}

void html_verdicts_write_table(const struct judgement *j, struct strbuf *out)
{
	if (j->claims)
		write_table(j, out);
}
