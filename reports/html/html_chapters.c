// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_chapters.h"

#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/findings/highlights.h"
#include "harness/findings/model.h"
#include "reports/html/dot_plot.h"
#include "reports/html/html_distributions.h"
#include "reports/html/html_highlights.h"
#include "reports/html/html_parts.h"
#include "reports/text/chapter_words.h"

static const struct {
	const char *group, *id, *title;
} chapters[] = {
	{"start-up", "start-up", "Start-up"},
	{"CPU", "cpu", "CPU"},
	{"kernel", "kernel", "Kernel paths"},
	{"memory", "memory", "Memory"},
	{"storage", "storage-chapter", "Storage"},
	{"network", "network-chapter", "Network"},
	{"footprint", "footprint-chapter", "Memory footprint"},
	{"exit cost", "exits", "Cost of one exit"},
	{"churn", "churn", "Churn"},
	{"", "series", "Series"},
};

static void write_grades(const struct model *m,
			 const struct highlight_row *rows, size_t count,
			 struct strbuf *out)
{
	bool has[GRADE_COUNT] = {false};
	size_t i, k;
	int g;

	for (i = 0; i < count; i++)
		for (k = 0; k < m->runner_count; k++)
			if (rows[i].row->cells[k].boot_count)
				has[rows[i].row->cells[k].grade] = true;
	for (g = 0; g < GRADE_COUNT; g++) {
		if (!has[g])
			continue;
		strbuf_puts(out, " ");
		html_grade(out, (enum grade)g);
	}
}

static void write_chapter(const struct model *m,
			  const struct highlight_row *rows, size_t count,
			  struct strbuf *out)
{
	struct strbuf words = {0};
	size_t i = 0;

	while (strcmp(chapters[i].group, rows->group) != 0 &&
	       *chapters[i].group)
		i++;
	strbuf_printf(out, "<section class=\"chapter\"><h2 id=\"%s\">%s</h2>\n",
		      chapters[i].id, chapters[i].title);
	chapter_words_add(m, rows, count, &words);
	html_cell(out, "<p class=\"says\">", strbuf_str(&words), "");
	write_grades(m, rows, count, out);
	strbuf_puts(out, "</p>\n");
	html_figure_begin(out, chapters[i].title);
	dot_plot_write(m, rows, count, out);
	strbuf_puts(out, "</figure>\n");
	if (!strcmp(rows->group, "memory"))
		html_latency_write(m, out);
	strbuf_puts(out, "<details><summary>The numbers</summary>\n");
	html_highlights_write_table(m, rows, count, out);
	strbuf_puts(out, "</details></section>\n");
	strbuf_release(&words);
}

void html_chapters_write(const struct model *m, struct strbuf *out)
{
	struct highlight_row rows[HIGHLIGHTS_ALL];
	size_t count = highlights_all(m, rows), at, n;
	bool has_memory = false;

	for (at = 0; at < count; at += n) {
		n = highlights_group(&rows[at], count - at);
		write_chapter(m, &rows[at], n, out);
		has_memory |= !strcmp(rows[at].group, "memory");
	}
	/* The curve may have points that no chapter shows. */
	if (has_memory)
		return;
	strbuf_puts(out, "<h2 id=\"latency\">Memory latency</h2>\n");
	html_latency_write(m, out);
}
