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

/* Two runs that follow on one another. */
struct trend_pair {
	int64_t before, run;
	bool is_fatal; /* how their fingerprints differ */
};

/* NULL: it is not known. A history has its runs in the order of the others. */
static struct trend_pair *find_pair(struct trend_memo *memo, int64_t before,
				    int64_t run)
{
	size_t i;

	for (i = 0; i < memo->count; i++) {
		size_t k = (memo->at + i) % memo->count;
		struct trend_pair *p = &memo->pairs[k];

		if (p->run != run || p->before != before)
			continue;
		memo->at = k + 1;
		return p;
	}
	return NULL;
}

/* Of a run that is not known yet; borrowed. */
static json_t *fingerprint_of(struct trend_memo *memo,
			      const struct history_run *run)
{
	if (memo->last && memo->last_id == run->id)
		return memo->last;
	json_decref(memo->last);
	memo->last = stored_json(run->fingerprint);
	memo->last_id = run->id;
	return memo->last;
}

/* In order, so that each run is parsed once: the second of two is the first of the
 * next two. */
static bool differ_fatally(struct trend_memo *memo,
			   const struct history_run *before,
			   const struct history_run *run)
{
	json_t *a = json_incref(fingerprint_of(memo, before));
	bool is_fatal = differences_are_fatal(a, fingerprint_of(memo, run));

	json_decref(a);
	return is_fatal;
}

static bool is_break(const struct history_run *before,
		     const struct history_run *run, struct trend_memo *memo)
{
	struct trend_pair *p = find_pair(memo, before->id, run->id);

	if (!p) {
		if (memo->count == memo->room) {
			memo->room = 2 * memo->room + 64;
			memo->pairs = xrealloc(memo->pairs, memo->room,
					       sizeof(*memo->pairs));
		}
		p = &memo->pairs[memo->count++];
		*p = (struct trend_pair){before->id, run->id,
					 differ_fatally(memo, before, run)};
	}
	return p->is_fatal || strcmp(before->grade, run->grade) != 0;
}

static void find_breaks(struct trend *t, struct trend_memo *memo)
{
	const struct history *h = t->h;
	size_t run;

	t->breaks = xcalloc(h->run_count + 1, sizeof(*t->breaks));
	for (run = 1; run < h->run_count; run++)
		if (is_break(&h->runs[run - 1], &h->runs[run], memo))
			t->breaks[t->break_count++] = run;
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
	struct trend_memo memo = {.count = 0};

	trend_init_by(t, h, opts, &memo);
	trend_memo_release(&memo);
}

void trend_memo_release(struct trend_memo *memo)
{
	free(memo->pairs);
	json_decref(memo->last);
	*memo = (struct trend_memo){.count = 0};
}

void trend_init_by(struct trend *t, const struct history *h,
		   const struct change_options *opts, struct trend_memo *memo)
{
	size_t i, first = 0;

	*t = (struct trend){.h = h};
	find_breaks(t, memo);
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
