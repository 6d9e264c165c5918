// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/stats/quantile.h"
#include "harness/stats/ttest.h"
#include "harness/store/history.h"
#include "harness/verdict/comparable.h"
#include "reports/json.h"

/* So many differences of the fingerprint are told. */
#define MAX_TOLD 8
#define MAX_VALUE 60
/* Runs before a change that tell how far runs lie apart. */
#define RUNS_BEFORE 10
#define RUNS_CONFIDENCE .95
/* Runs that a sparkline has room for. */
#define SPARK_RUNS 60

/* From the run before to RUN. For differences_release(). */
static void differences_at(const struct history *h, size_t run,
			   struct differences *d)
{
	json_t *a = json_loads(h->runs[run - 1].fingerprint, 0, NULL);
	json_t *b = json_loads(h->runs[run].fingerprint, 0, NULL);

	differences_init(d, a, b);
	json_decref(a);
	json_decref(b);
}

/* A and B are the fingerprints of the run before and of RUN. */
static bool is_break(const struct history *h, size_t run, json_t *a, json_t *b)
{
	struct differences d;
	bool is;

	differences_init(&d, a, b);
	is = d.counts[DIFFERENCE_FATAL] > 0 ||
	     strcmp(h->runs[run].grade, h->runs[run - 1].grade);
	differences_release(&d);
	return is;
}

/* Each fingerprint is parsed once: a history has a thousand of some KiB. */
static void find_breaks(struct trend *t)
{
	const struct history *h = t->h;
	json_t *before = NULL;
	size_t run;

	t->breaks = xcalloc(h->run_count + 1, sizeof(*t->breaks));
	for (run = 0; run < h->run_count; run++) {
		json_t *now = json_loads(h->runs[run].fingerprint, 0, NULL);

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

static double run_median(const struct history *h, size_t run)
{
	return quantile_median(h->values + h->runs[run].first,
			       h->runs[run].count);
}

const struct trend_change *trend_regression(const struct trend *t, double share,
					    size_t recent)
{
	const struct trend_change *last;

	if (!t->change_count)
		return NULL;
	last = &t->changes[t->change_count - 1];
	/* What comes before a break is no news about what comes after it. */
	if (t->break_count && t->breaks[t->break_count - 1] > last->run)
		return NULL;
	return last->is_worse && fabs(last->c.magnitude) >= share &&
			       last->run + recent >= t->h->run_count
		       ? last
		       : NULL;
}

/* The first of those that RUN is held against: of its machine, not too long
 * before it. */
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
		before[i] = run_median(t->h, first + i);
	further = ttest_further(c->c.after, before, n, RUNS_CONFIDENCE);
	/* Runs that are all alike have no deviation. */
	if (isnan(further.t))
		return n > 1 && further.difference != 0;
	return c->c.after > c->c.before ? further.low > 0 : further.high < 0;
}

/* The latest runs, a mark each, from the least to the largest. */
static void write_spark(const struct history *h, FILE *out)
{
	static const char *const marks[] = {"\u2581", "\u2582", "\u2583",
					    "\u2584", "\u2585", "\u2586",
					    "\u2587", "\u2588"};
	size_t first =
		h->run_count > SPARK_RUNS ? h->run_count - SPARK_RUNS : 0;
	double low = INFINITY, high = -INFINITY;
	char from[32], to[32];
	size_t i;

	for (i = first; i < h->run_count; i++) {
		low = fmin(low, run_median(h, i));
		high = fmax(high, run_median(h, i));
	}
	for (i = first; i < h->run_count; i++) {
		double part = high > low
				      ? (run_median(h, i) - low) / (high - low)
				      : 0.5;

		fputs(marks[(int)(part * (ARRAY_SIZE(marks) - 1) + 0.5)], out);
	}
	fprintf(out, "  %s to %s\n",
		units_format(low, h->unit, from, sizeof(from)),
		units_format(high, h->unit, to, sizeof(to)));
}

/* What was not harmless, and is not the same as the night before. */
static void write_causes(const struct history *h, size_t run, FILE *out)
{
	struct differences d;
	size_t i, told = 0;

	if (strcmp(h->runs[run].revision, h->runs[run - 1].revision))
		fprintf(out, "    l1vh-bench: %s -> %s\n",
			h->runs[run - 1].revision, h->runs[run].revision);
	differences_at(h, run, &d);
	for (i = 0; i < d.count && told < MAX_TOLD; i++) {
		if (d.rows[i].class == DIFFERENCE_HARMLESS ||
		    !strcmp(d.rows[i].key, "l1vh.revision"))
			continue;
		/* A run from elsewhere may say anything. */
		text_clean(d.rows[i].key);
		text_clean(d.rows[i].a);
		text_clean(d.rows[i].b);
		fprintf(out, "    %s: %.*s -> %.*s\n", d.rows[i].key, MAX_VALUE,
			d.rows[i].a, MAX_VALUE, d.rows[i].b);
		told++;
	}
	if (!told)
		fputs("    nothing in the host's fingerprint changed with it\n",
		      out);
	differences_release(&d);
}

static void write_change(const struct trend *t, const struct trend_change *c,
			 FILE *out)
{
	const struct history *h = t->h;
	char date[32], before[32], after[32];

	fprintf(out,
		"%s  run %lld  %+.1f %% %s: %s -> %s, confidence %.2f %%\n",
		units_format_date(h->runs[c->run].started_unix_ns, date,
				  sizeof(date)),
		(long long)h->runs[c->run].id, 100 * c->c.magnitude,
		c->is_worse ? "WORSE" : "better",
		units_format(c->c.before, h->unit, before, sizeof(before)),
		units_format(c->c.after, h->unit, after, sizeof(after)),
		100 * (1 - c->c.p));
	if (c->run)
		write_causes(h, c->run, out);
}

static void write_breaks(const struct trend *t, FILE *out)
{
	char date[32];
	size_t i;

	for (i = 0; i < t->break_count; i++) {
		const struct history_run *run = &t->h->runs[t->breaks[i]];

		fprintf(out,
			"%s  run %lld  another machine, guest or measurement: the history begins anew\n",
			units_format_date(run->started_unix_ns, date,
					  sizeof(date)),
			(long long)run->id);
		write_causes(t->h, t->breaks[i], out);
	}
}

void trend_write(const struct trend *t, const char *title, FILE *out)
{
	const struct history *h = t->h;
	const struct history_run *last = &h->runs[h->run_count - 1];
	char from[32], to[32];
	size_t i;

	fprintf(out, "%s: %zu boots of %zu runs, %s to %s, grade %s\n", title,
		h->value_count, h->run_count,
		units_format_date(h->runs[0].started_unix_ns, from,
				  sizeof(from)),
		units_format_date(last->started_unix_ns, to, sizeof(to)),
		last->grade);
	write_spark(h, out);
	write_breaks(t, out);
	for (i = 0; i < t->change_count; i++)
		write_change(t, &t->changes[i], out);
	if (!t->change_count)
		fputs("no change\n", out);
}

static json_t *change_json(const struct trend *t, const struct trend_change *c)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:b}", "index",
			 (json_int_t)c->c.index, "run",
			 (json_int_t)t->h->runs[c->run].id, "started_unix_ns",
			 (json_int_t)t->h->runs[c->run].started_unix_ns,
			 "before", json_number(c->c.before), "after",
			 json_number(c->c.after), "magnitude",
			 json_number(c->c.magnitude), "p", json_number(c->c.p),
			 "is_worse", c->is_worse);
}

json_t *trend_to_json(const struct trend *t)
{
	const struct history *h = t->h;
	json_t *runs = json_array();
	json_t *changes = json_array();
	json_t *breaks = json_array();
	size_t i;

	for (i = 0; i < h->run_count; i++)
		json_array_append_new(
			runs,
			json_pack("{s:I, s:I, s:s, s:s, s:i, s:o}", "run",
				  (json_int_t)h->runs[i].id, "started_unix_ns",
				  (json_int_t)h->runs[i].started_unix_ns,
				  "revision", h->runs[i].revision, "grade",
				  h->runs[i].grade, "boots",
				  (int)h->runs[i].count, "median",
				  json_number(run_median(h, i))));
	for (i = 0; i < t->change_count; i++)
		json_array_append_new(changes, change_json(t, &t->changes[i]));
	for (i = 0; i < t->break_count; i++)
		json_array_append_new(
			breaks,
			json_integer((json_int_t)h->runs[t->breaks[i]].id));
	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "unit", h->unit, "better",
			 h->lower_is_better ? "lower" : "higher", "runs", runs,
			 "changes", changes, "breaks", breaks);
}
