// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/core/metric.h"
#include "harness/findings/io_hist.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/plot.h"

static void write_value(const struct model_row *row, size_t runner,
			struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];

	strbuf_puts(out, "<td class=\"n\">");
	if (isnan(c->median) && c->refused_count) {
		html_cell(out, "", model_cell_word(c), ": ");
		html_cell(out, "", c->reason, "");
	} else if (isnan(c->median)) {
		strbuf_puts(out, c->disturbed_count ? "disturbed" : "");
	} else {
		html_median(out, row, runner);
		if (runner && !isnan(c->ratio.ratio)) {
			strbuf_puts(out, "<br>");
			html_interval(out, &c->ratio, c->ratio_count);
		}
	}
	strbuf_puts(out, "</td>");
}

static enum grade worst_grade(const struct model_group *g, size_t runner)
{
	enum grade worst = GRADE_HARDWARE;
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->rows[i].cells[runner].grade > worst)
			worst = g->rows[i].cells[runner].grade;
	return worst;
}

static size_t boots_of(const struct model_group *g, size_t runner)
{
	size_t most = 0;
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->rows[i].cells[runner].boot_count > most)
			most = g->rows[i].cells[runner].boot_count;
	return most;
}

static void write_runner(const struct model *m, const struct model_group *g,
			 size_t runner, struct strbuf *out)
{
	char backend[32] = "", text[64];
	size_t i;

	if (!strncmp(g->rows->workload, "network", 7))
		io_hist_backend(m, m->runners[runner], backend,
				sizeof(backend));
	snprintf(text, sizeof(text), "%s%s%s%s ", m->runners[runner],
		 backend[0] ? " (" : "", backend, backend[0] ? ")" : "");
	html_cell(out, "<tr><td>", text, "");
	html_grade(out, worst_grade(g, runner));
	strbuf_printf(out, "</td><td class=\"n\">%zu</td>",
		      boots_of(g, runner));
	for (i = 0; i < g->count; i++)
		write_value(&g->rows[i], runner, out);
	strbuf_puts(out, "</tr>\n");
}

static void write_group(const struct model *m, const struct model_group *g,
			struct strbuf *out)
{
	struct err err = {0};
	size_t i;

	html_cell(out, "<h3>", g->rows->workload, " ");
	html_cell(out, "", g->point, "</h3>\n");
	html_table_begin(out, g->point, " class=\"io\"");
	strbuf_puts(out,
		    "<thead><tr><th>runner</th><th class=\"n\">boots</th>");
	for (i = 0; i < g->count; i++) {
		const struct metric *metric = metric_of_point(g->rows[i].point);

		html_cell(out, "<th class=\"n\" title=\"", metric->text, "\">");
		html_cell(out, "", metric->title,
			  metric->lower_is_better ? " &darr;</th>"
						  : " &uarr;</th>");
	}
	strbuf_puts(out, "</tr></thead><tbody>\n");
	for (i = 0; i < m->runner_count; i++)
		write_runner(m, g, i, out);
	html_table_end(out);
	html_figure_begin(out, g->point);
	/* Throughput of streams has no latency to draw. */
	if (strcmp(g->rows->workload, "network") &&
	    plot_cdf(m, g->rows->workload, g->point, out, &err))
		html_cell(out, "<p class=\"note\">Not drawn: ", err.msg,
			  ".</p>");
	strbuf_puts(out, "</figure>\n");
}

/* Micro guest and footprint have sections of their own. */
static bool is_elsewhere(const struct model_row *row)
{
	return model_row_is_micro(row) || model_row_is_footprint(row);
}

static bool is_shown(const struct model *m, const struct metric *metric)
{
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (!is_elsewhere(&m->rows[i]) &&
		    metric_of_point(m->rows[i].point) == metric)
			return true;
	return false;
}

static void write_legend(const struct model *m, struct strbuf *out)
{
	const struct metric *metric;

	strbuf_puts(
		out,
		"<p class=\"note\">Each run of a program is one figure, the cells are medians of boots, "
		"&times; is the ratio to native with its 95 % interval. &uarr; higher and &darr; lower is better.</p>\n"
		"<details><summary>What the columns mean</summary>");
	html_table_begin(out, "columns", "");
	strbuf_puts(out, "<tbody>\n");
	for (metric = metrics; metric->name; metric++) {
		if (!is_shown(m, metric))
			continue;
		html_cell(out, "<tr><th scope=\"row\">", metric->title,
			  "</th>");
		html_cell(out, "<td>", metric->text, "</td></tr>\n");
	}
	html_table_end(out);
	strbuf_puts(out, "</details>\n");
}

void html_io_write(const struct model *m, struct strbuf *out)
{
	const char *section = "";
	struct model_group g;
	size_t at = 0;

	while (model_next_group(m, &at, &g)) {
		const char *wanted = strncmp(g.rows->workload, "storage", 7)
					     ? "network"
					     : "storage";

		if (is_elsewhere(g.rows))
			continue;
		if (strcmp(section, wanted)) {
			if (*section)
				html_fold_end(out);
			section = wanted;
			html_fold_begin(
				out, section,
				section[0] == 's'
					? "Storage (fio)"
					: "Network (iperf3, request/response)");
			write_legend(m, out);
		}
		write_group(m, &g, out);
	}
	if (*section)
		html_fold_end(out);
}
