// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_highlights.h"

#include <math.h>

#include "harness/base/strbuf.h"
#include "harness/findings/highlights.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/ratio_chart.h"

void html_highlights_write_chart(const struct model *m, struct strbuf *out)
{
	struct highlight_row rows[HIGHLIGHTS_ALL];
	size_t count = highlights_all(m, rows);
	struct strbuf chart = {0};

	if (ratio_chart_write(m, rows, count, &chart)) {
		strbuf_puts(out,
			    "<h2 id=\"ratios\">How much worse than native");
		html_grades(out, m->has_grade);
		strbuf_puts(
			out,
			"</h2>\n<p class=\"note\">Right of the line is worse than native, for times and for rates: 2&times; is twice the time or half the rate. "
			"One logarithmic scale. Grey: native has no such figure.</p>\n");
		strbuf_puts(out, strbuf_str(&chart));
	}
	strbuf_release(&chart);
}

static void write_head(const struct model *m, const char *group,
		       struct strbuf *out)
{
	size_t k;

	html_table_begin(out, *group ? group : "series",
			 m->runner_count > 3 ? " class=\"broad\"" : "");
	strbuf_puts(out, "<thead><tr><th>what</th><th>better</th>");
	for (k = 0; k < m->runner_count; k++)
		html_cell(out, "<th class=\"n\">", m->runners[k], "</th>");
	strbuf_puts(out, "</tr></thead><tbody>\n");
}

/* "1.40x" above the figure and the interval, or the figure alone. */
static void write_cell(const struct model *m, const struct highlight_row *h,
		       size_t runner, struct strbuf *out)
{
	struct ratio r = highlight_worse(m, h, runner);

	html_number_begin(out, h->row, runner);
	/* What a process does natively is another thing. */
	if (!h->has_ratio && &h->row->cells[runner] == model_base(m, h->row)) {
		strbuf_puts(out, "-</td>");
		return;
	}
	if (!isnan(r.ratio))
		strbuf_printf(out, "<b>%.2f&times;</b> <span class=\"note\">",
			      r.ratio);
	html_value(out, h->row, runner);
	if (!isnan(r.ratio)) {
		strbuf_puts(out, ", ");
		html_interval(out, &r, h->row->cells[runner].ratio_count);
		strbuf_puts(out, "</span>");
	}
	strbuf_puts(out, "</td>");
}

void html_highlights_write_table(const struct model *m,
				 const struct highlight_row *rows, size_t count,
				 struct strbuf *out)
{
	char name[80];
	size_t i, k;

	write_head(m, rows->group, out);
	for (i = 0; i < count; i++) {
		const struct highlight_row *h = &rows[i];

		html_cell(out, "<tr><td title=\"",
			  model_row_name(h->row, name, sizeof(name)), "\">");
		html_cell(out, "", h->label, "</td>");
		strbuf_printf(out, "<td>%s</td>",
			      h->row->lower_is_better ? "lower" : "higher");
		for (k = 0; k < m->runner_count; k++)
			write_cell(m, h, k, out);
		strbuf_puts(out, "</tr>\n");
	}
	html_table_end(out);
	strbuf_puts(
		out,
		"<p class=\"note\">Figures are medians of boots, each with its slow-down relative to native "
		"and the 95 % interval of the slow-down.</p>\n");
}
