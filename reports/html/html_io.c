// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_io.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/core/metric.h"
#include "harness/findings/io_hist.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/run_curves.h"

static void write_value(const struct model_row *row, size_t runner,
			struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];

	html_number_begin(out, row, runner);
	/* Why it was skipped is said once, below the tables. */
	if (isnan(c->median)) {
		html_cell(out, "",
			  model_cell_is_measured(c) ? model_cell_word(c) : "",
			  "");
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

/* A column's runner, its packet path, grade and boots. */
static void write_runner(const struct model *m, const struct model_group *g,
			 size_t runner, struct strbuf *out)
{
	size_t boots = boots_of(g, runner);
	char backend[32] = "";

	if (!strncmp(g->rows->workload, "network", 7))
		io_hist_backend(m, m->runners[runner], backend,
				sizeof(backend));
	html_cell(out, "<th class=\"n\">", m->runners[runner], "");
	html_cell(out, backend[0] ? " (" : "", backend, backend[0] ? ")" : "");
	strbuf_puts(out, "<br>");
	html_grade(out, worst_grade(g, runner));
	strbuf_printf(out, " %zu boot%s</th>", boots, boots == 1 ? "" : "s");
}

/* Throughput of streams has no latency to draw. */
static void write_shares(const struct model *m, const struct model_group *g,
			 struct strbuf *out)
{
	if (!strcmp(g->rows->workload, "network"))
		return;
	html_figure_begin(out, g->point);
	if (!run_curves_shares(m, g, out))
		strbuf_puts(
			out,
			"<p class=\"note\">Not drawn: no latencies were kept.</p>");
	strbuf_puts(out, "</figure>\n");
}

/* A row per metric: runners stand beside each other, on a phone too. */
static void write_metric(const struct model *m, const struct model_row *row,
			 struct strbuf *out)
{
	const struct metric *metric = metric_of_point(row->point);
	size_t i;

	html_cell(out, "<tr><th scope=\"row\" title=\"", metric->text, "\">");
	html_cell(out, "", metric->title,
		  metric->lower_is_better ? " &darr;</th>" : " &uarr;</th>");
	for (i = 0; i < m->runner_count; i++)
		write_value(row, i, out);
	strbuf_puts(out, "</tr>\n");
}

static void write_group(const struct model *m, const struct model_group *g,
			struct strbuf *out)
{
	size_t i;

	html_cell(out, "<h3>", g->rows->workload, " ");
	html_cell(out, "", g->point, "</h3>\n");
	html_table_begin(out, g->point, " class=\"io\"");
	strbuf_puts(out, "<thead><tr><th>metric</th>");
	for (i = 0; i < m->runner_count; i++)
		write_runner(m, g, i, out);
	strbuf_puts(out, "</tr></thead><tbody>\n");
	for (i = 0; i < g->count; i++)
		write_metric(m, &g->rows[i], out);
	html_table_end(out);
	write_shares(m, g, out);
}

/* Micro guest and footprint have sections of their own. */
static bool is_elsewhere(const struct model_row *row)
{
	return model_row_is_micro(row) || model_row_is_footprint(row);
}

static enum html_io kind_of(const struct model_row *row)
{
	if (!strncmp(row->workload, "storage", 7))
		return HTML_IO_STORAGE;
	return strncmp(row->workload, "passthrough", 11) ? HTML_IO_NETWORK
							 : HTML_IO_PASSTHROUGH;
}

static bool is_of(const struct model_row *row, enum html_io which)
{
	return !is_elsewhere(row) && metric_of_point(row->point) &&
	       kind_of(row) == which;
}

static bool is_shown(const struct model *m, enum html_io which,
		     const struct metric *metric)
{
	size_t i;

	for (i = 0; i < m->row_count; i++)
		if (is_of(&m->rows[i], which) &&
		    metric_of_point(m->rows[i].point) == metric)
			return true;
	return false;
}

static void write_legend(const struct model *m, enum html_io which,
			 struct strbuf *out)
{
	const struct metric *metric;

	strbuf_puts(
		out,
		"<p class=\"note\">Each run of a program is one figure, the cells are medians of boots, "
		"&times; is the ratio to native with its 95 % interval. &uarr; higher and &darr; lower is better.</p>\n"
		"<details><summary>What the metrics are</summary>");
	html_table_begin(out, "metrics", "");
	strbuf_puts(out, "<tbody>\n");
	for (metric = metrics; metric->name; metric++) {
		if (!is_shown(m, which, metric))
			continue;
		html_cell(out, "<tr><th scope=\"row\">", metric->title,
			  "</th>");
		html_cell(out, "<td>", metric->text, "</td></tr>\n");
	}
	html_table_end(out);
	strbuf_puts(out, "</details>\n");
}

static bool is_of_kind(const struct model_row *row, const void *which)
{
	return is_of(row, *(const enum html_io *)which);
}

void html_io_write(const struct model *m, enum html_io which,
		   struct strbuf *out)
{
	struct model_group g;
	bool has_any = false;
	size_t at = 0;

	while (model_next_group(m, &at, &g)) {
		if (!is_of(g.rows, which))
			continue;
		if (!has_any)
			write_legend(m, which, out);
		has_any = true;
		write_group(m, &g, out);
	}
	if (has_any)
		html_skipped(out, m, is_of_kind, &which);
}

size_t html_io_write_pictures(const struct model *m, enum html_io which,
			      struct strbuf *out)
{
	struct strbuf picture = {0};
	struct model_group g;
	size_t at = 0, count = 0;

	while (count < HTML_IO_PICTURES && model_next_group(m, &at, &g)) {
		if (!is_of(g.rows, which))
			continue;
		run_curves_shares(m, &g, &picture);
		count += html_figure(out, g.point, &picture);
	}
	return count;
}
