// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_micro.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/metric.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/dot_plot.h"

#define MOST_LANES 48
#define LANES_EACH 18 /* of a picture: several stand side by side */

/* Of each runner, in this order. */
static const char *const costs[] = {"p50",       "cycles",  "p99",     "exits",
				    "vmm_exits", "vmm_p50", "vmm_p99", NULL};
static const char *const starts[] = {
	"vm_created",        "ram_mapped",  "vcpus_created",
	"first_instruction", "agent_ready", "gone",
	"all_ready",         "pss_each",    NULL};

/* Of guests of KVM nested in an Azure VM (Linux, the commits on eVMCS and
 * ceef7d10dfb6). */
static const char published[] =
	"<p class=\"note\">Published for guests of KVM nested in an Azure VM: <i>cpuid</i> 8304 cycles with an "
	"enlightened VMCS and 18890 without, <i>msr-read</i> 120 with an enlightened MSR bitmap and 1300 without. "
	"Figures near these under L1VH mean that the run measured nesting.</p>\n";

struct section {
	const struct model *m;
	const char *workload;
	const char *const *columns;
	uint32_t shown[MODEL_MAX_RUNNERS];    /* a bit a column; 0: no runner */
	enum grade grades[MODEL_MAX_RUNNERS]; /* the worst of its cells */
};

static bool cell_is_empty(const struct model_cell *c)
{
	return !c->boot_count && !c->refused_count && !c->disturbed_count;
}

/* Of the metric that POINT ends with; the first for all others. */
static uint32_t column_bit(const struct section *s, const char *point)
{
	const struct metric *metric = metric_of_point(point);
	uint32_t i;

	for (i = 0; metric && s->columns[i]; i++)
		if (!strcmp(s->columns[i], metric->name))
			return 1u << i;
	return 1;
}

static void section_init(struct section *s, const struct model *m,
			 const char *workload)
{
	size_t i, k;

	*s = (struct section){.m = m, .workload = workload};
	s->columns = strcmp(workload, "micro_start") ? costs : starts;
	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			const struct model_cell *c = &m->rows[i].cells[k];

			if (strcmp(m->rows[i].workload, workload) ||
			    cell_is_empty(c))
				continue;
			s->shown[k] |= 1;
			if (!isnan(c->median))
				s->shown[k] |= column_bit(s, m->rows[i].point);
			if (c->grade > s->grades[k])
				s->grades[k] = c->grade;
		}
}

static void write_head(const struct section *s, struct strbuf *out)
{
	size_t i, c;

	html_cell(out, "<h3>", s->workload, "</h3>\n<p>");
	for (i = 0; i < s->m->runner_count; i++)
		if (s->shown[i]) {
			html_cell(out, "", s->m->runners[i], " ");
			html_grade(out, s->grades[i]);
			strbuf_puts(out, " ");
		}
	strbuf_puts(out, "</p>\n");
	strbuf_puts(
		out,
		"<p class=\"note\">Measured by a guest that does nothing else; docs/micro.md describes the operations. "
		"&times; is the ratio to native.</p>\n");
	if (!strcmp(s->workload, "micro_exit"))
		strbuf_puts(out, published);
	html_table_begin(out, s->workload,
			 s->m->runner_count > 2 ? " class=\"io broad\""
						: " class=\"io\"");
	strbuf_puts(out, "<thead><tr><th>what</th>");
	for (i = 0; i < s->m->runner_count; i++)
		for (c = 0; s->columns[c]; c++) {
			const struct metric *metric =
				metric_find(s->columns[c]);

			if (!(s->shown[i] >> c & 1))
				continue;
			html_cell(out, "<th class=\"n\" title=\"", metric->text,
				  "\">");
			html_cell(out, "", s->m->runners[i], "<br>");
			html_cell(out, "", metric->title, "</th>");
		}
	strbuf_puts(out, "</tr></thead><tbody>\n");
}

/* One that was skipped is blank: why is said once, below the table. */
static void write_cell(const struct model_row *row, size_t runner,
		       struct strbuf *out)
{
	const struct model_cell *c = row ? &row->cells[runner] : NULL;

	if (!c) {
		strbuf_puts(out, "<td class=\"n\"></td>");
		return;
	}
	html_number_begin(out, row, runner);
	if (!isnan(c->median)) {
		html_median(out, row, runner);
		if (c->note[0] && model_row_is_summary(row))
			html_cell(out, "<br><span class=\"note\" title=\"",
				  c->note, "\">see note</span>");
	} else if (c->refused_count && c->status != RUN_SKIPPED) {
		html_cell(out, "<span title=\"", c->reason, "\">");
		html_cell(out, "", model_cell_word(c), "</span>");
	} else if (c->disturbed_count && !c->refused_count) {
		strbuf_puts(out, "disturbed");
	}
	strbuf_puts(out, "</td>");
}

static void write_row(const struct section *s, const struct model_group *g,
		      struct strbuf *out)
{
	size_t i, c;

	html_cell(out, "<tr><td>", g->point, "</td>");
	for (i = 0; i < s->m->runner_count; i++)
		for (c = 0; s->columns[c]; c++)
			if (s->shown[i] >> c & 1)
				write_cell(model_group_row(g, s->columns[c]), i,
					   out);
	strbuf_puts(out, "</tr>\n");
}

/* Whether any runner has more to show of it than that it was skipped. */
static bool is_measured(const struct section *s, const struct model_group *g)
{
	size_t i, k;

	for (i = 0; i < g->count; i++)
		for (k = 0; k < s->m->runner_count; k++) {
			const struct model_cell *c = &g->rows[i].cells[k];

			if (c->boot_count || c->disturbed_count ||
			    (c->refused_count && c->status != RUN_SKIPPED))
				return true;
		}
	return false;
}

static bool is_of_workload(const struct model_row *row, const void *arg)
{
	return !strcmp(row->workload, arg);
}

static void end_table(const struct section *s, struct strbuf *out)
{
	html_table_end(out);
	html_skipped(out, s->m, is_of_workload, s->workload);
}

static bool has_figure(const struct model *m, const struct model_row *row)
{
	size_t k;

	for (k = 0; k < m->runner_count; k++)
		if (!isnan(row->cells[k].median))
			return true;
	return false;
}

void html_micro_write(const struct model *m, const char *workload,
		      struct strbuf *out)
{
	struct section s = {.workload = ""};
	struct model_group g;
	size_t at = 0;

	while (model_next_group(m, &at, &g)) {
		if (strcmp(g.rows->workload, workload))
			continue;
		if (!*s.workload) {
			section_init(&s, m, g.rows->workload);
			write_head(&s, out);
		}
		if (is_measured(&s, &g))
			write_row(&s, &g, out);
	}
	if (*s.workload)
		end_table(&s, out);
}

size_t html_micro_write_exits(const struct model *m, struct strbuf *out)
{
	struct dot_lane lanes[MOST_LANES];
	struct strbuf picture = {0};
	struct model_group g;
	size_t at = 0, count = 0, pictures = 0;
	char(*names)[sizeof(g.point)] = xcalloc(MOST_LANES, sizeof(*names));

	while (count < MOST_LANES && model_next_group(m, &at, &g)) {
		const struct model_row *row = model_group_row(&g, "p50");

		if (strcmp(g.rows->workload, "micro_exit") || !row ||
		    !has_figure(m, row))
			continue;
		snprintf(names[count], sizeof(*names), "%s", g.point);
		lanes[count].name = names[count];
		lanes[count++].row = row;
	}
	for (at = 0; at < count; at += LANES_EACH) {
		size_t rest = count - at;

		dot_plot_write_values(m, "cost of one operation", &lanes[at],
				      rest < LANES_EACH ? rest : LANES_EACH,
				      &picture);
		pictures += html_figure(out, "cost of one operation", &picture);
	}
	free(names);
	return pictures;
}
