// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/plot.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "harness/findings/io_hist.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"

static const char *const colours[] = {"#555555", "#0072b2", "#d55e00",
				      "#009e73", "#cc79a7", "#e69f00",
				      "#56b4e9", "#000000"};

/* A page is made by one thread: what another fails at is not its affair. */
static _Thread_local uint64_t failure_count;

uint64_t plot_failure_count(void)
{
	return failure_count;
}

/* Only what lies between <svg and </svg> belongs into a page. TITLE is for
 * readers who cannot see the plot. */
static int run_gnuplot(const char *script, const char *title,
		       struct strbuf *svg, struct err *err)
{
	static const char *const argv[] = {"gnuplot", NULL};
	struct strbuf out = {0};
	const char *start;
	int ret = proc_capture(argv, script, &out, err);

	start = ret ? NULL : strstr(strbuf_str(&out), "<svg");
	if (!ret && !start)
		ret = err_set(err, -1, "gnuplot drew nothing");
	if (!ret) {
		html_cell(svg, "<svg class=\"plot\" role=\"img\" aria-label=\"",
			  title, "\"");
		strbuf_puts(svg, start + strlen("<svg"));
	} else {
		failure_count++;
	}
	strbuf_release(&out);
	return ret;
}

static void script_head(struct strbuf *s, int width, int height,
			const char *title, const char *name)
{
	strbuf_printf(s,
		      "set terminal svg size %d,%d font 'sans-serif,11' "
		      "background '#ffffff' name '%s'\n"
		      "set title '%s' noenhanced\nset grid\n",
		      width, height, name, title);
}

/* A name for gnuplot, which takes letters, digits and underscores. */
static void make_ident(const char *name, char *buf, size_t size)
{
	size_t i;

	snprintf(buf, size, "cdf_%s", name);
	for (i = 0; buf[i]; i++)
		if (!isalnum((unsigned char)buf[i]))
			buf[i] = '_';
}

static size_t latency_data(const struct model *m, size_t runner,
			   uint64_t page_bytes, struct strbuf *s)
{
	size_t count = 0;
	size_t i;

	for (i = 0; i < m->row_count; i++) {
		const struct model_row *row = &m->rows[i];
		const struct model_cell *c = &row->cells[runner];

		if (strcmp(row->workload, "mem_latency") ||
		    row->page_bytes != page_bytes || isnan(c->median))
			continue;
		strbuf_printf(s, "%.0f %.6g\n", (double)row->set_bytes,
			      c->median);
		count++;
	}
	return count;
}

int plot_latency(const struct model *m, struct strbuf *svg, struct err *err)
{
	static const uint64_t pages[] = {4 * KIB, 2 * MIB};
	static const char title[] =
		"memory latency over the working set (lower is better)";
	struct strbuf s = {0}, plot = {0};
	size_t i, p;
	int ret;

	script_head(&s, 860, 430, title, "latency");
	strbuf_puts(&s, "set logscale xy 2\nset xlabel 'working set'\n"
			"set ylabel 'ns per dependent load'\n"
			"set format x '%.0b %BB'\nset format y '%g'\n"
			"set key top left\nset rmargin 6\n");
	for (i = 0; i < m->runner_count; i++)
		for (p = 0; p < ARRAY_SIZE(pages); p++) {
			struct strbuf data = {0};

			if (latency_data(m, i, pages[p], &data)) {
				strbuf_printf(&s, "$c%zu << EOD\n%sEOD\n",
					      2 * i + p, data.str);
				strbuf_printf(
					&plot,
					"%s$c%zu using 1:2 with linespoints pt %d lw 1.6 dt %zu lc rgb '%s' title '%s, %s pages'",
					plot.len ? ", " : "plot ", 2 * i + p,
					p ? 6 : 7, p + 1,
					colours[i % ARRAY_SIZE(colours)],
					m->runners[i], p ? "2 MiB" : "4 KiB");
			}
			strbuf_release(&data);
		}
	strbuf_printf(&s, "%s\n", strbuf_str(&plot));
	ret = plot.len ? run_gnuplot(s.str, title, svg, err)
		       : err_set(err, -1, "no memory latency was measured");
	strbuf_release(&plot);
	strbuf_release(&s);
	return ret;
}

/* Of the height of a curve: less than half of what a screen shows. */
#define LEAST_STEP 0.002

/*
 * Cumulated shares at each bin, from 0 on; nothing without latencies. A bin is
 * left out that lifts the curve by less than LEAST_STEP over the last one that
 * is drawn; those that are drawn stand where they are, the first and the last
 * among them.
 */
static bool cdf_data(const struct io_doc *doc, struct strbuf *s)
{
	uint64_t total = 0, seen = 0;
	double drawn = -1;
	size_t i;

	for (i = 0; i < doc->bin_count; i++)
		total += doc->bins[i].count;
	for (i = 0; total && i < doc->bin_count; i++) {
		double share =
			(double)(seen += doc->bins[i].count) / (double)total;

		if (share - drawn < LEAST_STEP && i + 1 < doc->bin_count)
			continue;
		strbuf_printf(s, "%.6g %.6g\n", doc->bins[i].ns / 1e3, share);
		drawn = share;
	}
	return total;
}

int plot_cdf(const struct model *m, const char *workload, const char *point,
	     struct strbuf *svg, struct err *err)
{
	struct strbuf s = {0}, plot = {0};
	char title[160], name[96], ident[128];
	size_t i;
	int ret;

	snprintf(name, sizeof(name), "%s %s", workload, point);
	snprintf(title, sizeof(title), "%s: latency (left is better)", name);
	make_ident(name, ident, sizeof(ident));
	script_head(&s, 760, 280, title, ident);
	strbuf_puts(&s, "set logscale x 10\nset xlabel 'us'\n"
			"set ylabel 'share of requests'\nset yrange [0:1.02]\n"
			"set key outside right top\n");
	for (i = 0; i < m->runner_count; i++) {
		struct strbuf data = {0};
		struct io_doc doc;

		io_hist_collect(m, m->runners[i], workload, point, &doc);
		if (cdf_data(&doc, &data)) {
			strbuf_printf(&s, "$c%zu << EOD\n%sEOD\n", i, data.str);
			strbuf_printf(
				&plot,
				"%s$c%zu using 1:2 with steps lw 1.6 lc rgb '%s' title '%s'",
				plot.len ? ", " : "plot ", i,
				colours[i % ARRAY_SIZE(colours)],
				m->runners[i]);
		}
		strbuf_release(&data);
		io_doc_release(&doc);
	}
	strbuf_printf(&s, "%s\n", strbuf_str(&plot));
	ret = plot.len ? run_gnuplot(s.str, title, svg, err)
		       : err_set(err, -1, "no latencies were kept");
	strbuf_release(&plot);
	strbuf_release(&s);
	return ret;
}
