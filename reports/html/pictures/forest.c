// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/html/pictures/forest.h"

#include <math.h>
#include <stdbool.h>

#include "harness/base/strbuf.h"
#include "harness/findings/verdicts.h"
#include "harness/verdict/claims.h"
#include "reports/html/pictures/axis.h"

#define WIDTH 260.0
#define HEIGHT 22.0
#define AXIS_HEIGHT 16.0
#define MIDDLE (HEIGHT / 2)
/* Of what is twice as slow, the picture need not tell how much slower. */
#define MOST 0.7
#define LEAST 0.05

/* Of too few blocks there is none to show, though the verdict has one. */
static bool has_interval(const struct claim_verdict *v)
{
	return !isnan(v->ratio.low);
}

struct forest forest_of(const struct claim_verdict *v, size_t count)
{
	struct forest f = {LEAST};
	size_t i;

	/* fmax() takes the other one where there is no number. */
	for (i = 0; i < count; i++) {
		struct worse w = verdict_worse(&v[i]);

		if (v[i].is_limit)
			continue;
		f.extent = fmax(f.extent, 1.2 * log1p(v[i].claim->margin));
		if (!isnan(w.estimate))
			f.extent = fmax(f.extent, 1.1 * fabs(w.estimate));
		if (!has_interval(&v[i]))
			continue;
		f.extent = fmax(f.extent, 1.1 * fabs(w.low));
		f.extent = fmax(f.extent, 1.1 * fabs(w.high));
	}
	f.extent = fmin(f.extent, MOST);
	return f;
}

/* Of logarithms: of how many times worse. */
static double x_of(const struct forest *f, double log)
{
	const struct axis a = {
		.low = -f->extent, .high = f->extent, .to = WIDTH};

	return axis_at(&a, log);
}

void forest_axis(const struct forest *f, struct strbuf *out)
{
	double times = exp(f->extent);

	strbuf_printf(
		out,
		"<svg class=\"forest\" role=\"img\" aria-label=\"axis: from %.2f times better by way of the same to %.2f times worse\""
		" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" font-size=\"11\" fill=\"currentColor\">"
		"<text x=\"0\" y=\"12\">&larr; %.2f&times; better</text>"
		"<text x=\"%.0f\" y=\"12\" text-anchor=\"middle\">same</text>"
		"<text x=\"%.0f\" y=\"12\" text-anchor=\"end\">%.2f&times; worse &rarr;</text></svg>",
		times, times, WIDTH, AXIS_HEIGHT, WIDTH, AXIS_HEIGHT, times,
		WIDTH / 2, WIDTH, times);
}

/* Where the claim holds. */
static void write_region(const struct forest *f, const struct claim *c,
			 struct strbuf *out)
{
	double margin = log1p(c->margin);
	double from = c->kind == MARGIN_EQUIVALENT ? x_of(f, -margin) : 0;
	double to = x_of(f, c->kind == MARGIN_SUPERIOR ? -margin : margin);

	strbuf_printf(
		out,
		"<rect x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%.0f\" class=\"holds\"/>"
		"<path class=\"margin\" d=\"M%.1f 0V%.0f",
		from, to - from, HEIGHT, to, HEIGHT);
	if (c->kind == MARGIN_EQUIVALENT)
		strbuf_printf(out, "M%.1f 0V%.0f", from, HEIGHT);
	strbuf_puts(out, "\"/>");
}

/* An interval that the picture has no room for ends in a point. */
static void write_end(const struct forest *f, double log, struct strbuf *out)
{
	double x = x_of(f, log);
	double back = log < 0 ? 7 : -7;

	if (fabs(log) <= f->extent)
		strbuf_printf(out, "M%.1f %.0fv8", x, MIDDLE - 4);
	else
		strbuf_printf(out, "M%.1f %.0fL%.1f %.0fL%.1f %.0f", x + back,
			      MIDDLE - 5, x, MIDDLE, x + back, MIDDLE + 5);
}

/* One that the picture has no room for points to where it is. */
static void write_estimate(const struct forest *f, double log,
			   struct strbuf *out)
{
	double x = x_of(f, log), back = log < 0 ? 11 : -11;

	if (fabs(log) <= f->extent)
		strbuf_printf(
			out,
			"<circle cx=\"%.1f\" cy=\"%.0f\" r=\"4\" fill=\"currentColor\"/>",
			x, MIDDLE);
	else
		strbuf_printf(out,
			      "<path fill=\"currentColor\""
			      " d=\"M%.1f %.0fL%.1f %.0fL%.1f %.0fz\"/>",
			      x + back, MIDDLE - 6, x, MIDDLE, x + back,
			      MIDDLE + 6);
}

static void write_effect(const struct forest *f, const struct worse *w,
			 bool is_shown, struct strbuf *out)
{
	if (is_shown) {
		strbuf_printf(out,
			      "<path fill=\"none\" stroke=\"currentColor\""
			      " stroke-width=\"2\" d=\"M%.1f %.0fH%.1f",
			      x_of(f, w->low), MIDDLE, x_of(f, w->high));
		write_end(f, w->low, out);
		write_end(f, w->high, out);
		strbuf_puts(out, "\"/>");
	}
	/* The end of an interval that goes on shows that already. */
	if (!isnan(w->estimate) &&
	    (!is_shown || fabs(w->estimate) <= f->extent))
		write_estimate(f, w->estimate, out);
}

/* For who cannot see it, and for who points at it. */
static void describe(const struct claim_verdict *v, struct strbuf *out)
{
	struct ratio worse = verdict_worse_ratio(v);

	if (isnan(worse.ratio))
		strbuf_puts(out, "no figure");
	else
		strbuf_printf(out, "%.3f times worse", worse.ratio);
	if (!isnan(worse.low))
		strbuf_printf(out, ", interval %.3f to %.3f", worse.low,
			      worse.high);
	strbuf_printf(out, ", %zu blocks; claimed: %s %.1f percent",
		      v->block_count, margin_kind_words(v->claim->kind),
		      100 * v->claim->margin);
}

void forest_strip(const struct forest *f, const struct claim_verdict *v,
		  const char *colour, struct strbuf *out)
{
	struct worse w = verdict_worse(v);
	struct strbuf words = {0};

	describe(v, &words);
	strbuf_printf(out,
		      "<svg class=\"forest %s\" role=\"img\" aria-label=\"%s\"",
		      colour, words.str);
	strbuf_printf(
		out,
		" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\"><title>%s</title>",
		WIDTH, HEIGHT, WIDTH, HEIGHT, words.str);
	strbuf_release(&words);
	write_region(f, v->claim, out);
	strbuf_printf(out, "<path d=\"M%.1f 0V%.0f\" class=\"same\"/>",
		      WIDTH / 2, HEIGHT);
	write_effect(f, &w, has_interval(v), out);
	strbuf_puts(out, "</svg>");
}
