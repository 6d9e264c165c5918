// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_comparison.h"

#include <math.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"

static void write_median(const struct model_row *row,
			 const struct model_cell *c, struct strbuf *out)
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

void html_comparison_write(const struct model *m, struct strbuf *out)
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
			write_median(row, &row->cells[k], out);
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
