// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/run_curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/io_hist.h"
#include "harness/findings/model.h"
#include "reports/html/html_parts.h"
#include "reports/html/pictures/curves.h"
#include "reports/html/pictures/picture.h"

/* --- memory latency --- */

static const uint64_t page_sizes[] = {4 * KIB, 2 * MIB};

static char *point_title(const struct model *m, const struct model_row *row,
			 size_t runner)
{
	struct strbuf s = {0};
	char name[80];

	picture_say(m, model_row_name(row, name, sizeof(name)), row, runner,
		    &s);
	return s.str;
}

static void add_latencies(struct picture *p, size_t runner, size_t size,
			  struct curves *c)
{
	struct curve *curve = NULL;
	size_t i;

	for (i = 0; i < p->m->row_count; i++) {
		const struct model_row *row = &p->m->rows[i];
		const struct model_cell *cell = &row->cells[runner];

		if (strcmp(row->workload, "mem_latency") ||
		    row->page_bytes != page_sizes[size] || !row->set_bytes ||
		    !(cell->median > 0))
			continue;
		if (!curve)
			curve = curves_add(c, runner);
		curve_add(curve, (double)row->set_bytes, cell->median,
			  point_title(p->m, row, runner));
		p->has_grade[cell->grade] = true;
	}
	if (curve)
		curve->is_dashed = size != 0;
}

bool run_curves_latency(const struct model *m, struct strbuf *out)
{
	struct picture p = picture_of(m, 0);
	struct curves c = {.x_unit = "bytes",
			   .y_unit = "ns",
			   .is_log_y = true,
			   .note = "solid: 4 KiB pages; dashed: 2 MiB pages"};
	size_t k, s;
	bool has_any;

	p.label = "memory latency over the working set";
	p.says = "time per dependent load, by working set; lower is better";
	for (k = 0; k < m->runner_count; k++)
		for (s = 0; s < ARRAY_SIZE(page_sizes); s++)
			add_latencies(&p, k, s, &c);
	has_any = c.count != 0;
	if (has_any)
		curves_write(&p, &c, out);
	curves_release(&c);
	return has_any;
}

/* --- distributions --- */

/* Of the height of a curve: less than half of what a screen shows. */
#define LEAST_STEP 0.002

struct distribution {
	const struct model *m;
	const struct model_group *g;
	size_t runner;
	struct io_doc doc;
	uint64_t total;
};

/* A mark at the median and at the 99th percentile, and what they are. */
static char *share_title(const struct distribution *d, double before,
			 double share, double ns)
{
	const struct model_row *row = d->g->rows;
	struct strbuf s = {0};
	double mark = before < .5 && share >= .5     ? .5
		      : before < .99 && share >= .99 ? .99
						     : 0;
	char text[32];

	if (!(mark > 0))
		return NULL;
	html_cell(&s, "", d->m->runners[d->runner], "");
	strbuf_printf(&s, ": %.0f %% of %" PRIu64 " requests within %s, ",
		      100 * mark, d->total,
		      units_format(ns, "ns", text, sizeof(text)));
	strbuf_printf(&s, "%zu boots, %s", row->cells[d->runner].boot_count,
		      grade_name(row->cells[d->runner].grade));
	return s.str;
}

/*
 * Cumulated shares at each bin. A bin is left out that lifts the curve by less than
 * LEAST_STEP over the last one that is drawn; those that are drawn stand where they
 * are, the first, the last and the marked ones among them.
 */
static void add_shares(const struct distribution *d, struct curve *c)
{
	uint64_t seen = 0;
	double drawn = -1, before = 0;
	size_t i;

	for (i = 0; i < d->doc.bin_count; i++) {
		double ns = d->doc.bins[i].ns, share;
		char *title;

		seen += d->doc.bins[i].count;
		share = (double)seen / (double)d->total;
		title = share_title(d, before, share, ns);
		before = share;
		if (!title && share - drawn < LEAST_STEP &&
		    i + 1 < d->doc.bin_count)
			continue;
		curve_add(c, fmax(ns, 1), share, title);
		drawn = share;
	}
}

static void add_distribution(struct picture *p, const struct model_group *g,
			     size_t runner, struct curves *c)
{
	struct distribution d = {.m = p->m, .g = g, .runner = runner};
	size_t i;

	io_hist_collect(p->m, p->m->runners[runner], g->rows->workload,
			g->point, &d.doc);
	for (i = 0; i < d.doc.bin_count; i++)
		d.total += d.doc.bins[i].count;
	if (d.total) {
		struct curve *curve = curves_add(c, runner);

		curve->is_stair = true;
		add_shares(&d, curve);
		p->has_grade[g->rows->cells[runner].grade] = true;
	}
	io_doc_release(&d.doc);
}

bool run_curves_shares(const struct model *m, const struct model_group *g,
		       struct strbuf *out)
{
	char label[128], says[128];
	struct picture p = picture_of(m, 0);
	struct curves c = {.x_unit = "ns", .y_unit = ""};
	bool has_any;
	size_t k;

	p.label = label;
	p.says = says;
	snprintf(label, sizeof(label), "%s %s", g->rows->workload, g->point);
	snprintf(says, sizeof(says),
		 "%s: share within a latency; left is better", g->point);
	for (k = 0; k < m->runner_count; k++)
		add_distribution(&p, g, k, &c);
	has_any = c.count != 0;
	if (has_any)
		curves_write(&p, &c, out);
	curves_release(&c);
	return has_any;
}
