// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/html_chapters.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/findings/highlights.h"
#include "reports/html/html_footprint.h"
#include "reports/html/html_highlights.h"
#include "reports/html/html_io.h"
#include "reports/html/html_micro.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/dot_plot.h"
#include "reports/html/pictures/run_curves.h"
#include "reports/html/pictures/run_stacks.h"
#include "reports/html/pictures/walk_map.h"
#include "reports/text/chapter_words.h"

/* --- pictures: each returns how many it wrote --- */

static size_t draw_start(const struct findings *f, struct strbuf *out)
{
	return run_stacks_start(&f->model, out);
}

static size_t draw_memory(const struct findings *f, struct strbuf *out)
{
	struct strbuf curve = {0};

	run_curves_latency(&f->model, &curve);
	return html_figure(out, "memory latency", &curve) +
	       walk_map_write(&f->model, out);
}

static size_t draw_storage(const struct findings *f, struct strbuf *out)
{
	return html_io_write_pictures(&f->model, HTML_IO_STORAGE, out) +
	       run_stacks_explained(&f->model, "storage", out);
}

/* The same job on the same disk, by three ways. */
static size_t draw_ways(const struct model *m, struct strbuf *out)
{
	static const char point[] = "randread-4k-qd1/p50";
	const struct dot_lane lanes[] = {
		{"passed through", model_find_row(m, "passthrough", point)},
		{"by virtio-blk",
		 model_find_row(m, "passthrough_virtio", point)},
	};
	struct strbuf picture = {0};

	if (!lanes[0].row || !lanes[1].row)
		return 0;
	dot_plot_write_values(m, "a 4k read of one disk", lanes,
			      ARRAY_SIZE(lanes), &picture);
	return html_figure(out, "the ways to a disk", &picture);
}

static size_t draw_passthrough(const struct findings *f, struct strbuf *out)
{
	return draw_ways(&f->model, out) +
	       html_io_write_pictures(&f->model, HTML_IO_PASSTHROUGH, out) +
	       run_stacks_explained(&f->model, "passthrough", out);
}

static size_t draw_network(const struct findings *f, struct strbuf *out)
{
	return html_io_write_pictures(&f->model, HTML_IO_NETWORK, out) +
	       run_stacks_explained(&f->model, "network_rr", out);
}

static size_t draw_footprint(const struct findings *f, struct strbuf *out)
{
	return run_stacks_footprint(&f->model, &f->footprints, out);
}

static size_t draw_exits(const struct findings *f, struct strbuf *out)
{
	return html_micro_write_exits(&f->model, out);
}

/* --- numbers --- */

static void number_start(const struct findings *f, struct strbuf *out)
{
	html_micro_write(&f->model, "micro_start", out);
}

static void number_cpu(const struct findings *f, struct strbuf *out)
{
	html_micro_write(&f->model, "micro_cpu", out);
}

static void number_memory(const struct findings *f, struct strbuf *out)
{
	html_micro_write(&f->model, "micro_walk", out);
}

static void number_storage(const struct findings *f, struct strbuf *out)
{
	html_io_write(&f->model, HTML_IO_STORAGE, out);
}

static void number_passthrough(const struct findings *f, struct strbuf *out)
{
	html_io_write(&f->model, HTML_IO_PASSTHROUGH, out);
}

static void number_network(const struct findings *f, struct strbuf *out)
{
	html_io_write(&f->model, HTML_IO_NETWORK, out);
}

static void number_footprint(const struct findings *f, struct strbuf *out)
{
	html_footprint_write(&f->footprints, out);
}

static void number_exits(const struct findings *f, struct strbuf *out)
{
	html_micro_write(&f->model, "micro_exit", out);
	html_micro_write(&f->model, "micro_clock", out);
}

struct chapter {
	const char *group, *id, *title;
	size_t (*draw)(const struct findings *f, struct strbuf *out);
	void (*number)(const struct findings *f, struct strbuf *out);
	bool is_drawn_whole; /* DRAW shows the group's series as well */
};

static const struct chapter chapters[] = {
	{"start-up", "start-up", "Start-up", draw_start, number_start, true},
	{"CPU", "cpu", "CPU", NULL, number_cpu, false},
	{"kernel", "kernel", "Kernel paths", NULL, NULL, false},
	{"memory", "memory", "Memory", draw_memory, number_memory, false},
	{"storage", "storage", "Storage (fio)", draw_storage, number_storage,
	 false},
	{"passthrough", "passthrough", "Passthrough (VFIO)", draw_passthrough,
	 number_passthrough, false},
	{"network", "network", "Network (iperf3, request/response)",
	 draw_network, number_network, false},
	{"footprint", "footprint", "Memory footprint", draw_footprint,
	 number_footprint, true},
	{"exit cost", "exit-cost", "Cost of one exit", draw_exits, number_exits,
	 true},
	{"churn", "churn", "Churn", NULL, NULL, false},
	{"restore", "restore", "Restore", NULL, NULL, false},
	{"", "series", "Series", NULL, NULL, false},
};

static void write_grades(const struct model *m,
			 const struct highlight_row *rows, size_t count,
			 struct strbuf *out)
{
	bool has[GRADE_COUNT] = {false};
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < m->runner_count; k++)
			if (rows[i].row->cells[k].boot_count)
				has[rows[i].row->cells[k].grade] = true;
	html_grades(out, has);
}

static void write_words(const struct findings *f,
			const struct highlight_row *rows, size_t count,
			struct strbuf *out)
{
	struct strbuf words = {0};

	if (!count)
		return;
	chapter_words_add(&f->model, rows, count, &words);
	html_cell(out, "<p class=\"says\">", strbuf_str(&words), "");
	write_grades(&f->model, rows, count, out);
	strbuf_puts(out, "</p>\n");
	strbuf_release(&words);
}

/* Returns how many pictures there are. */
static size_t draw(const struct findings *f, const struct chapter *c,
		   const struct highlight_row *rows, size_t count,
		   struct strbuf *out)
{
	struct strbuf own = {0};
	size_t drawn = c->draw ? c->draw(f, &own) : 0;

	if (count && !(c->is_drawn_whole && drawn)) {
		html_figure_begin(out, c->title);
		dot_plot_write(&f->model, rows, count, out);
		strbuf_puts(out, "</figure>\n");
		drawn++;
	}
	strbuf_puts(out, strbuf_str(&own));
	strbuf_release(&own);
	return drawn;
}

static void number(const struct findings *f, const struct chapter *c,
		   const struct highlight_row *rows, size_t count,
		   struct strbuf *out)
{
	if (count)
		html_highlights_write_table(&f->model, rows, count, out);
	if (c->number)
		c->number(f, out);
}

/* A chapter of nothing is not written. */
static void write_chapter(const struct findings *f, const struct chapter *c,
			  const struct highlight_row *rows, size_t count,
			  struct strbuf *out)
{
	struct strbuf pictures = {0}, numbers = {0};
	size_t drawn = draw(f, c, rows, count, &pictures);

	number(f, c, rows, count, &numbers);
	if (drawn || numbers.len) {
		strbuf_printf(
			out,
			"<section class=\"chapter%s\"><h2 id=\"%s\">%s</h2>\n",
			drawn > 1 ? " whole" : "", c->id, c->title);
		write_words(f, rows, count, out);
		strbuf_puts(out, "<div class=\"pictures\">\n");
		strbuf_puts(out, strbuf_str(&pictures));
		strbuf_puts(out, "</div>\n<details><summary>The numbers"
				 "</summary>\n");
		strbuf_puts(out, strbuf_str(&numbers));
		strbuf_puts(out, "</details></section>\n");
	}
	strbuf_release(&pictures);
	strbuf_release(&numbers);
}

void html_chapters_write(const struct findings *f, struct strbuf *out)
{
	struct highlight_row rows[HIGHLIGHTS_ALL];
	size_t count = highlights_all(&f->model, rows), c, at, n;

	strbuf_puts(out, "<div class=\"chapters\">\n");
	for (c = 0; c < ARRAY_SIZE(chapters); c++) {
		for (at = 0; at < count; at += n) {
			n = highlights_group(&rows[at], count - at);
			if (!strcmp(rows[at].group, chapters[c].group))
				break;
		}
		if (at == count)
			n = 0;
		write_chapter(f, &chapters[c], &rows[at < count ? at : 0], n,
			      out);
	}
	strbuf_puts(out, "</div>\n");
}
