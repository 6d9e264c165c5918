// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/flat.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"
#include "harness/stats/regression.h"

struct span {
	double begin_s;
	double length_s;
};

static struct span span_of(const double *times_s, size_t count)
{
	double low = INFINITY, high = -INFINITY;
	size_t i;

	for (i = 0; i < count; i++) {
		low = fmin(low, times_s[i]);
		high = fmax(high, times_s[i]);
	}
	return (struct span){low, high - low};
}

static size_t window_of(double time_s, struct span span)
{
	double at = (time_s - span.begin_s) / span.length_s * FLAT_WINDOWS;

	return at < FLAT_WINDOWS ? (size_t)at : FLAT_WINDOWS - 1;
}

/* The median of a window's readings, NaN if it has none. */
static double window_median(const double *times_s, const double *values,
			    size_t count, struct span span, size_t window,
			    double *scratch)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++)
		if (window_of(times_s[i], span) == window)
			scratch[n++] = values[i];
	return quantile_median(scratch, n);
}

/* Rows of {1, share of the whole time} and the medians at them. */
static size_t medians(const double *times_s, const double *values, size_t count,
		      double *x, double *y)
{
	struct span span = span_of(times_s, count);
	double *scratch;
	size_t w, n = 0;

	if (!(span.length_s > 0))
		return 0;
	scratch = xcalloc(count, sizeof(*scratch));
	for (w = FLAT_WARM_UP; w < FLAT_WINDOWS; w++) {
		double median =
			window_median(times_s, values, count, span, w, scratch);

		if (isnan(median))
			continue;
		x[2 * n] = 1;
		x[2 * n + 1] = ((double)w + 0.5) / FLAT_WINDOWS;
		y[n++] = median;
	}
	free(scratch);
	return n;
}

/* A line rises more steeply than one step that it goes through: what is more than
 * MARGIN at the end than at the beginning has grown. */
static bool has_grown(const double *medians, size_t count, double margin)
{
	double first = quantile_median(medians, FLAT_ENDS);
	double last = quantile_median(medians + count - FLAT_ENDS, FLAT_ENDS);

	return fabs(last - first) > margin;
}

static enum verdict verdict_of(const struct flat *f, const double *medians,
			       double margin)
{
	if (f->low >= -margin && f->high <= margin)
		return VERDICT_PASS;
	if (f->low <= margin && f->high >= -margin)
		return VERDICT_UNDECIDED;
	return has_grown(medians, f->windows, margin) ? VERDICT_FAIL
						      : VERDICT_UNDECIDED;
}

struct flat flat_judge(const double *times_s, const double *values,
		       size_t count, double margin, double confidence)
{
	struct flat f = {.level = NAN,
			 .growth = NAN,
			 .low = NAN,
			 .high = NAN,
			 .verdict = VERDICT_NOT_EVALUABLE};
	const double begin[] = {1, (double)FLAT_WARM_UP / FLAT_WINDOWS};
	double x[2 * FLAT_WINDOWS], y[FLAT_WINDOWS];
	struct regression r;

	f.windows = medians(times_s, values, count, x, y);
	/* An interval of two sides holds two one-sided bounds. */
	if (f.windows < FLAT_WINDOWS / 2 ||
	    regression_fit(x, y, f.windows, 2, 2 * confidence - 1, &r))
		return f;
	f.level = regression_at(&r, begin);
	f.growth = f.low = f.high = r.value[1];
	if (!isnan(r.low[1])) {
		f.low = r.low[1];
		f.high = r.high[1];
	}
	f.verdict = verdict_of(&f, y, margin);
	return f;
}
