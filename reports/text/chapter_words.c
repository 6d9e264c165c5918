// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/chapter_words.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/core/runner.h"
#include "harness/findings/highlights.h"
#include "harness/findings/model.h"
#include "harness/findings/passthrough.h"

struct group {
	const struct model *m;
	const struct highlight_row *rows;
	size_t count;
};

/* --- ratios to native --- */

static void add_interval(const struct ratio *r, size_t blocks,
			 struct strbuf *out)
{
	char why[32];

	if (!blocks)
		strbuf_puts(out, " (no block has all of them)");
	else if (isnan(r->low))
		strbuf_printf(out, " (%s, no interval)",
			      model_no_interval(blocks, why, sizeof(why)));
	else
		strbuf_printf(out, " (95 %%: %.2f to %.2f)", r->low, r->high);
}

/* "kvm takes 1.11 times as long as native (95 %: ...), mshv 1.07 times (...)." */
static bool add_means(const struct group *g, struct strbuf *out)
{
	size_t k, blocks;
	bool has_any = false;

	for (k = 1; k < g->m->runner_count; k++) {
		struct ratio r =
			highlights_mean(g->m, g->rows, g->count, k, &blocks);

		if (isnan(r.ratio))
			continue;
		strbuf_printf(out, "%s%s %.2f times",
			      has_any ? ", " : "Against native, ",
			      g->m->runners[k], r.ratio);
		add_interval(&r, blocks, out);
		has_any = true;
	}
	if (has_any && g->count > 1)
		strbuf_printf(out, ", in the mean of %zu series", g->count);
	if (has_any)
		strbuf_puts(out, "; above 1 is worse.");
	return has_any;
}

/* A difference below a hundredth is none to speak of. */
static void add_furthest(const struct group *g, struct strbuf *out)
{
	const struct highlight_row *worst = NULL;
	struct ratio most = {.ratio = 1.01};
	size_t i, k, runner = 0;

	for (i = 0; i < g->count; i++)
		for (k = 1; k < g->m->runner_count; k++) {
			struct ratio r = highlight_worse(g->m, &g->rows[i], k);

			if (!(r.ratio > most.ratio))
				continue;
			worst = &g->rows[i];
			most = r;
			runner = k;
		}
	if (!worst) {
		strbuf_puts(out, " No series is worse than native by more than "
				 "a hundredth.");
		return;
	}
	strbuf_printf(out, " Furthest from native: %s under %s, %.2f times",
		      worst->label, g->m->runners[runner], most.ratio);
	add_interval(&most, worst->row->cells[runner].ratio_count, out);
	strbuf_puts(out, ".");
}

/* --- figures without a ratio --- */

/* Natively it is another thing, or nothing; a run of native alone has it. */
static bool is_left_out(const struct group *g, const struct highlight_row *h,
			size_t runner)
{
	const struct model_cell *c = &h->row->cells[runner];

	return isnan(c->median) ||
	       (g->m->runner_count > 1 && c == model_base(g->m, h->row));
}

static bool add_figures(const struct group *g, struct strbuf *out)
{
	const struct highlight_row *h = g->rows;
	char value[32];
	bool has_any = false;
	size_t k;

	for (k = 0; k < g->m->runner_count; k++) {
		const struct model_cell *c = &h->row->cells[k];

		if (is_left_out(g, h, k))
			continue;
		strbuf_printf(out, "%s%s%s%s under %s",
			      has_any ? ", " : "Median of '",
			      has_any ? "" : h->label, has_any ? "" : "': ",
			      units_format(c->median, h->row->unit, value,
					   sizeof(value)),
			      g->m->runners[k]);
		has_any = true;
	}
	if (has_any)
		strbuf_puts(out, h->row->lower_is_better
					 ? "; lower is better."
					 : "; higher is better.");
	return has_any;
}

/* The largest over the smallest of a row's medians. */
static double spread_of(const struct group *g, const struct highlight_row *h,
			size_t *low, size_t *high)
{
	const struct model_cell *c = h->row->cells;
	bool has_any = false;
	size_t k;

	for (k = 0; k < g->m->runner_count; k++) {
		if (!(c[k].median > 0) || is_left_out(g, h, k))
			continue;
		if (!has_any || c[k].median < c[*low].median)
			*low = k;
		if (!has_any || c[k].median > c[*high].median)
			*high = k;
		has_any = true;
	}
	return has_any && *low != *high ? c[*high].median / c[*low].median : 1;
}

static void add_spread(const struct group *g, struct strbuf *out)
{
	const struct highlight_row *widest = NULL;
	size_t i, low = 0, high = 0, a = 0, b = 0;
	double most = 1.01;

	for (i = 0; i < g->count; i++) {
		double spread = spread_of(g, &g->rows[i], &a, &b);

		if (!(spread > most))
			continue;
		most = spread;
		widest = &g->rows[i];
		low = a;
		high = b;
	}
	if (widest)
		strbuf_printf(
			out,
			" The medians differ most in %s: %s has %.2f times that of %s.",
			widest->label, g->m->runners[high], most,
			g->m->runners[low]);
}

/* "Passed through and not by virtio-blk, a 4k read takes 0.42 of the time under
 * kvm (0.0 exits each, not 2.1)." */
static void add_gains(const struct model *m, struct strbuf *out)
{
	struct passthrough_gain gain;
	bool has_any = false;
	size_t k;

	for (k = 0; k < m->runner_count; k++) {
		if (!runner_is_guest(m->runners[k]) ||
		    !passthrough_gain_of(m, k, &gain))
			continue;
		strbuf_printf(
			out, "%s %.2f of the time%s under %s",
			has_any ? "," : " On the same disk a 4k read takes",
			gain.latency_ratio,
			has_any ? ""
				: " passed through that it takes by virtio-blk",
			m->runners[k]);
		if (isfinite(gain.exits_passed) &&
		    isfinite(gain.exits_by_virtio))
			strbuf_printf(out, " (%.2f exits each, not %.2f)",
				      gain.exits_passed, gain.exits_by_virtio);
		has_any = true;
	}
	if (has_any)
		strbuf_puts(out, ".");
}

void chapter_words_add(const struct model *m, const struct highlight_row *rows,
		       size_t count, struct strbuf *out)
{
	const struct group g = {m, rows, count};

	if (rows->has_ratio && add_means(&g, out))
		add_furthest(&g, out);
	else if (add_figures(&g, out))
		add_spread(&g, out);
	if (!strcmp(rows->group, "passthrough"))
		add_gains(m, out);
}
