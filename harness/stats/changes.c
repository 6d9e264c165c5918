// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/stats/changes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"
#include "harness/stats/split_test.h"

const struct change_options change_defaults = {
	.window = 50,
	.max_p = 0.02,
	.least_magnitude = 0,
	.least_values = 3,
	.seed = 1,
};

/* What a search goes through. */
struct search {
	const struct change_options *opts;
	struct split_test test;
	struct found {
		size_t index;
		struct split_p p; /* in the window that is surest of it */
	} * found;                /* in order, without twins */
	size_t found_count;
};

static void note(struct search *s, size_t index, struct split_p p)
{
	size_t at = s->found_count;

	while (at && s->found[at - 1].index > index)
		at--;
	if (at && s->found[at - 1].index == index) {
		if (s->found[at - 1].p.is_undecided)
			s->found[at - 1].p = p;
		return;
	}
	memmove(s->found + at + 1, s->found + at,
		(s->found_count - at) * sizeof(*s->found));
	s->found[at] = (struct found){index, p};
	s->found_count++;
}

/* Most changes are seen by two windows, and a clear one costs the most draws. */
static bool is_found(const struct search *s, size_t index)
{
	size_t i;

	for (i = s->found_count; i-- > 0 && s->found[i].index >= index;)
		if (s->found[i].index == index && !s->found[i].p.is_undecided)
			return true;
	return false;
}

static void divide(struct search *s, const double *values, size_t from,
		   size_t to)
{
	struct split best = energy_best_split(values + from, to - from,
					      s->opts->least_values);
	struct split_p p;

	if (isnan(best.q) || best.q <= 0)
		return;
	if (!is_found(s, from + best.tau)) {
		p = split_test_best(&s->test, values + from, to - from, best.q);
		if (p.low > s->test.level)
			return;
		note(s, from + best.tau, p);
	}
	divide(s, values, from, from + best.tau);
	divide(s, values, from + best.tau, to);
}

/* Of the change that stands at AT among those found. */
static struct change measure(struct search *s, const double *values, size_t n,
			     size_t at)
{
	size_t index = s->found[at].index;
	size_t from = at ? s->found[at - 1].index : 0;
	size_t to = at + 1 < s->found_count ? s->found[at + 1].index : n;
	size_t reach = (s->opts->window + 1) / 2;
	struct split_p p = {.p = 1, .low = 1, .high = 1};
	struct change c = {.index = index};

	/* What lies far away says nothing more, and costs its square. */
	if (index - from > reach)
		from = index - reach;
	if (to - index > reach)
		to = index + reach;
	c.before = quantile_median(values + from, index - from);
	c.after = quantile_median(values + index, to - index);
	c.magnitude = c.after / c.before - 1;
	if (index - from >= s->opts->least_values &&
	    to - index >= s->opts->least_values)
		p = split_test_place(&s->test, values + from, to - from,
				     index - from);
	/* What is open is told. */
	if (s->found[at].p.is_undecided && p.high <= s->test.level)
		p = s->found[at].p;
	c.p = p.p;
	c.p_low = p.low;
	c.p_high = p.high;
	c.draws = p.draws;
	c.is_undecided = p.is_undecided;
	return c;
}

/* The one to be taken back; COUNT: none. */
static size_t worst_of(const struct search *s, const struct change *all,
		       size_t count)
{
	size_t i, worst = count;

	for (i = 0; i < count; i++)
		if (all[i].p_low > s->test.level &&
		    (worst == count || all[i].p > all[worst].p))
			worst = i;
	for (i = 0; i < count && worst == count; i++)
		if (fabs(all[i].magnitude) < s->opts->least_magnitude)
			worst = i;
	return worst;
}

/* Two windows may see one change at two places, and chance one at none. */
static size_t prune(struct search *s, const double *values, size_t n,
		    struct change *all)
{
	size_t i, worst;

	for (i = 0; i < s->found_count; i++)
		all[i] = measure(s, values, n, i);
	while ((worst = worst_of(s, all, s->found_count)) < s->found_count) {
		s->found_count--;
		memmove(s->found + worst, s->found + worst + 1,
			(s->found_count - worst) * sizeof(*s->found));
		memmove(all + worst, all + worst + 1,
			(s->found_count - worst) * sizeof(*all));
		if (worst)
			all[worst - 1] = measure(s, values, n, worst - 1);
		if (worst < s->found_count)
			all[worst] = measure(s, values, n, worst);
	}
	return s->found_count;
}

size_t changes_find(const double *values, size_t n,
		    const struct change_options *opts, struct change **changes)
{
	size_t half = opts->window / 2 ? opts->window / 2 : 1;
	size_t windows =
		n > opts->window ? 1 + (n - opts->window + half - 1) / half : 1;
	struct search s;
	size_t i, count;

	*changes = NULL;
	if (n < 2 * opts->least_values || !n)
		return 0;
	s = (struct search){.opts = opts,
			    .found = xcalloc(n, sizeof(*s.found))};
	split_test_init(&s.test, n, opts->max_p / (double)windows,
			opts->least_values, opts->seed);
	for (i = 0; i < windows; i++) {
		size_t to = i * half + opts->window;

		divide(&s, values, i * half, to < n ? to : n);
	}
	*changes = xcalloc(s.found_count + 1, sizeof(**changes));
	count = prune(&s, values, n, *changes);
	split_test_release(&s.test);
	free(s.found);
	return count;
}
