// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/runs/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"
#include "harness/stats/ttest.h"
#include "harness/store/history.h"
#include "harness/store/stored_json.h"
#include "harness/verdict/comparable.h"

/* Runs before a change that show the difference between runs. */
#define RUNS_BEFORE 10
#define RUNS_CONFIDENCE .95

/* A and B are the fingerprints of the run before and of RUN. */
static bool is_break(const struct history *h, size_t run, json_t *a, json_t *b)
{
	return differences_are_fatal(a, b) ||
	       strcmp(h->runs[run].grade, h->runs[run - 1].grade);
}

/* Each fingerprint is parsed once: a history has a thousand of some KiB. */
static void find_breaks(struct trend *t)
{
	const struct history *h = t->h;
	json_t *before = NULL;
	size_t run;

	t->breaks = xcalloc(h->run_count + 1, sizeof(*t->breaks));
	for (run = 0; run < h->run_count; run++) {
		json_t *now = stored_json(h->runs[run].fingerprint);

		if (run && is_break(h, run, before, now))
			t->breaks[t->break_count++] = run;
		json_decref(before);
		before = now;
	}
	json_decref(before);
}

static size_t run_of(const struct history *h, size_t index)
{
	size_t run = h->run_count;

	while (run && h->runs[run - 1].first > index)
		run--;
	return run - 1;
}

static void add_stretch(struct trend *t, size_t first, size_t end,
			const struct change_options *opts)
{
	const struct history *h = t->h;
	struct change *found;
	size_t i, count = changes_find(h->values + first, end - first, opts,
				       &found);

	t->changes = xrealloc(t->changes, t->change_count + count + 1,
			      sizeof(*t->changes));
	for (i = 0; i < count; i++) {
		struct trend_change *c = &t->changes[t->change_count++];

		c->c = found[i];
		c->c.index += first;
		c->run = run_of(h, c->c.index);
		c->is_worse = (c->c.after > c->c.before) == h->lower_is_better;
	}
	free(found);
}

void trend_init(struct trend *t, const struct history *h,
		const struct change_options *opts)
{
	size_t i, first = 0;

	*t = (struct trend){.h = h};
	find_breaks(t);
	for (i = 0; i < t->break_count; i++) {
		size_t end = h->runs[t->breaks[i]].first;

		add_stretch(t, first, end, opts);
		first = end;
	}
	add_stretch(t, first, h->value_count, opts);
}

void trend_release(struct trend *t)
{
	free(t->changes);
	free(t->breaks);
	*t = (struct trend){.h = NULL};
}

double trend_run_median(const struct history *h, size_t run)
{
	return quantile_median(h->values + h->runs[run].first,
			       h->runs[run].count);
}

/* Whether C made the series worse by SHARE in one of the last RECENT runs, on the
 * machine that it still is. */
static bool is_regression(const struct trend *t, const struct trend_change *c,
			  double share, size_t recent)
{
	/* Figures before a break say nothing about figures after it. */
	if (t->break_count && t->breaks[t->break_count - 1] > c->run)
		return false;
	return c->is_worse && fabs(c->c.magnitude) >= share &&
	       c->run + recent >= t->h->run_count;
}

const struct trend_change *trend_regression(const struct trend *t, double share,
					    size_t recent, bool *is_open)
{
	const struct trend_change *open = NULL;
	bool lasts = true; /* whichever of the undecided ones happened */
	size_t i;

	*is_open = true;
	for (i = t->change_count; i-- > 0;) {
		const struct trend_change *c = &t->changes[i];
		bool is_one = is_regression(t, c, share, recent);

		if (c->c.is_undecided) {
			lasts = lasts && is_one;
			if (is_one && !open)
				open = c;
			continue;
		}
		if (!is_one)
			return open;
		*is_open = !lasts;
		return open && !lasts ? open : c;
	}
	return open;
}

/* The first of the runs that RUN is compared with: on the same machine, not too
 * long before it. */
static size_t first_run(const struct trend *t, size_t run)
{
	size_t first = run > RUNS_BEFORE ? run - RUNS_BEFORE : 0;
	size_t i;

	for (i = 0; i < t->break_count; i++)
		if (t->breaks[i] > first && t->breaks[i] <= run)
			first = t->breaks[i];
	return first;
}

bool trend_stands_out(const struct trend *t, const struct trend_change *c)
{
	double before[RUNS_BEFORE] = {0};
	size_t first = first_run(t, c->run), n = c->run - first, i;
	struct ttest further;

	for (i = 0; i < n; i++)
		before[i] = trend_run_median(t->h, first + i);
	further = ttest_further(c->c.after, before, n, RUNS_CONFIDENCE);
	/* Runs that are all alike have no deviation. */
	if (isnan(further.t))
		return n > 1 && further.difference != 0;
	return c->c.after > c->c.before ? further.low > 0 : further.high < 0;
}

void trend_differences(const struct trend *t, size_t run, struct differences *d)
{
	json_t *a = stored_json(t->h->runs[run - 1].fingerprint);
	json_t *b = stored_json(t->h->runs[run].fingerprint);

	differences_init(d, a, b);
	json_decref(a);
	json_decref(b);
}

bool trend_is_cause(const struct difference *d)
{
	return d->class != DIFFERENCE_HARMLESS &&
	       strcmp(d->key, "l1vh.revision") != 0;
}
