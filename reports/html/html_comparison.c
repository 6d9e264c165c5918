// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_comparison.h"

#include <math.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"

/* Said once, above the column, where all figures below have it. */
static bool has_one_grade(const struct model *m, size_t runner,
			  enum grade *grade)
{
	bool has_any = false;
	size_t i;

	for (i = 0; i < m->row_count; i++) {
		const struct model_cell *c = &m->rows[i].cells[runner];

		if (isnan(c->median))
			continue;
		if (has_any && c->grade != *grade)
			return false;
		*grade = c->grade;
		has_any = true;
	}
	return has_any;
}

struct comparison {
	const struct model *m;
	bool has_one_grade[MODEL_MAX_RUNNERS];
	enum grade grades[MODEL_MAX_RUNNERS]; /* of those alone */
};

static void write_ratio(const struct model_cell *c, struct strbuf *out)
{
	if (isnan(c->ratio.ratio))
		return;
	strbuf_printf(out, "<br><b>&times;%.3f</b> ", c->ratio.ratio);
	html_interval(out, &c->ratio, c->ratio_count);
}

/* The figure, its ratio and the interval; why there is none is said below. */
static void write_cell(const struct comparison *t, const struct model_row *row,
		       size_t runner, struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];
	char value[32];

	html_number_begin(out, row, runner);
	if (isnan(c->median) && c->refused_count) {
		html_cell(out, "<span title=\"", c->reason, "\">");
		html_cell(out, "", model_cell_word(c), "</span>");
	} else if (isnan(c->median)) {
		strbuf_puts(out, c->disturbed_count ? "every sample disturbed"
						    : "not measured");
	} else {
		html_escape(out, units_format(c->median, row->unit, value,
					      sizeof(value)));
		if (!t->has_one_grade[runner]) {
			strbuf_puts(out, " ");
			html_grade(out, c->grade);
		}
		if (runner)
			write_ratio(c, out);
	}
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

static void write_head(const struct comparison *t, struct strbuf *out)
{
	const struct model *m = t->m;
	size_t k;

	html_table_begin(out, "comparison",
			 m->runner_count > 4
				 ? " id=\"comparison-table\" class=\"broad\""
				 : " id=\"comparison-table\"");
	strbuf_puts(out, "<thead><tr><th>series</th><th>better</th>");
	for (k = 0; k < m->runner_count; k++) {
		html_cell(out, "<th class=\"n\">", m->runners[k], "");
		if (t->has_one_grade[k]) {
			strbuf_puts(out, "<br>");
			html_grade(out, t->grades[k]);
		}
		strbuf_puts(out, "</th>");
	}
	strbuf_puts(out, "<th class=\"n\">boots</th></tr></thead><tbody>\n");
}

static void write_row(const struct comparison *t, const struct model_row *row,
		      struct strbuf *out)
{
	const struct model *m = t->m;
	char name[80];
	size_t k;

	html_cell(out, "<tr><td>", model_row_name(row, name, sizeof(name)),
		  "</td>");
	strbuf_printf(out, "<td>%s</td>",
		      row->lower_is_better ? "lower" : "higher");
	for (k = 0; k < m->runner_count; k++)
		write_cell(t, row, k, out);
	strbuf_puts(out, "<td class=\"n\">");
	for (k = 0; k < m->runner_count; k++)
		strbuf_printf(out, "%s%zu", k ? " / " : "",
			      row->cells[k].boot_count);
	strbuf_puts(out, "</td></tr>\n");
}

void html_comparison_write(const struct model *m, struct strbuf *out)
{
	struct comparison t = {.m = m};
	size_t i, k;

	for (i = 0; i < m->row_count && !is_compared(&m->rows[i]); i++)
		;
	if (i == m->row_count)
		return;
	for (k = 0; k < m->runner_count; k++)
		t.has_one_grade[k] = has_one_grade(m, k, &t.grades[k]);
	html_fold_begin(out, "comparison", "Comparison of all series");
	write_head(&t, out);
	for (i = 0; i < m->row_count; i++)
		if (is_compared(&m->rows[i]))
			write_row(&t, &m->rows[i], out);
	html_table_end(out);
	strbuf_puts(
		out,
		"<p class=\"note\">A boot counts as one figure, the median of its samples; "
		"the table shows the median of boots. &times; is the ratio to native: the geometric mean of the blocks' ratios, its 95 % interval Student's over blocks, on logarithms.</p>\n");
	html_skipped(out, m, is_in_table, NULL);
	html_fold_end(out);
}
