// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/standing.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/findings.h"
#include "harness/findings/headline.h"
#include "harness/findings/highlights.h"
#include "harness/findings/runs/trend.h"
#include "harness/store/history.h"
#include "harness/store/run_data.h"
#include "harness/store/run_list.h"
#include "harness/verdict/claims.h"

/* --- verdicts --- */

static void copy_claims(const struct judgement *j, struct standing_run *r)
{
	size_t i;

	if (!j->claims)
		return;
	r->claims = xstrdup(j->claims->name);
	r->together = j->together;
	r->verdicts = xcalloc(j->count + 1, sizeof(*r->verdicts));
	for (i = 0; i < j->count; i++)
		r->verdicts[r->verdict_count++] = (struct standing_claim){
			.id = xstrdup(j->v[i].claim->id),
			.text = xstrdup(j->v[i].claim->text),
			.verdict = j->v[i].verdict};
}

static void judge(const struct findings *f, struct standing_run *r)
{
	char sentence[HEADLINE_SIZE];

	r->sentence = xstrdup(
		headline(&f->model, &f->judgement, sentence, sizeof(sentence)));
	copy_claims(&f->judgement, r);
}

static void run_release(struct standing_run *r)
{
	size_t i;

	for (i = 0; i < r->verdict_count; i++) {
		free(r->verdicts[i].id);
		free(r->verdicts[i].text);
	}
	free(r->verdicts);
	free(r->status);
	free(r->grades);
	free(r->runners);
	free(r->claims);
	free(r->sentence);
}

static struct standing_run run_copy(const struct standing_run *from)
{
	struct standing_run r = *from;
	size_t i;

	r.status = xstrdup(from->status);
	r.grades = xstrdup(from->grades);
	r.runners = xstrdup(from->runners);
	r.claims = from->claims ? xstrdup(from->claims) : NULL;
	r.sentence = xstrdup(from->sentence);
	r.verdicts = xcalloc(from->verdict_count + 1, sizeof(*r.verdicts));
	for (i = 0; i < from->verdict_count; i++)
		r.verdicts[i] = (struct standing_claim){
			.id = xstrdup(from->verdicts[i].id),
			.text = xstrdup(from->verdicts[i].text),
			.verdict = from->verdicts[i].verdict};
	return r;
}

/* What a run says does not change once it has ended. */
static const struct standing_run *find_before(const struct standing *before,
					      const struct run_line *line)
{
	size_t i;

	for (i = 0; before && i < before->shown_count; i++)
		if (!strcmp(before->runs[i].uuid, line->uuid) &&
		    !strcmp(before->runs[i].status, line->status) &&
		    line->ended_unix_ns)
			return &before->runs[i];
	return NULL;
}

static int add_run(struct store *store, const struct run_line *line,
		   const struct standing *before, struct standing *s,
		   struct err *err)
{
	const struct standing_run *known = find_before(before, line);
	struct standing_run *r = &s->runs[s->shown_count];
	struct run_data run;
	struct findings f;
	int ret;

	if (known) {
		*r = run_copy(known);
		s->shown_count++;
		return 0;
	}
	ret = run_data_load(store, line->id, &run, err);
	if (ret)
		return ret;
	findings_init(&f, &run, NULL);
	*r = (struct standing_run){.started_unix_ns = line->started_unix_ns,
				   .status = xstrdup(line->status),
				   .grades = xstrdup(line->grades),
				   .runners = xstrdup(line->runners)};
	snprintf(r->uuid, sizeof(r->uuid), "%s", line->uuid);
	judge(&f, r);
	s->shown_count++;
	findings_release(&f);
	run_data_release(&run);
	return 0;
}

/* --- series --- */

/* What a reader of this tool asks for first. */
static const char *const preferred[] = {"mshv", "kvm", "mshv-emu", "qemu-mshv",
					"qemu-kvm"};

static size_t runner_of(const struct model *m)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(preferred); i++)
		for (k = 0; k < m->runner_count; k++)
			if (!strcmp(m->runners[k], preferred[i]))
				return k;
	return m->runner_count > 1 ? 1 : 0;
}

/* The last one that is decided. */
static void take_change(const struct trend *t, size_t first,
			struct standing_series *out)
{
	const struct trend_change *last = NULL;
	size_t i;

	for (i = t->change_count; i-- > 0 && t->changes[i].run >= first;) {
		last = &t->changes[i];
		if (!last->c.is_undecided)
			break;
		out->is_open = true;
	}
	if (!last || last->c.is_undecided)
		return;
	out->has_change = true;
	out->change = last->run - first;
	out->magnitude = last->c.magnitude;
	out->p = last->c.p;
	out->is_worse = last->is_worse;
	out->changed_unix_ns = t->h->runs[last->run].started_unix_ns;
}

static void take_history(const struct history *h, struct standing_series *out)
{
	size_t first = h->run_count > STANDING_TREND_RUNS
			       ? h->run_count - STANDING_TREND_RUNS
			       : 0;
	struct trend t;
	size_t i;

	trend_init(&t, h, &change_defaults);
	/* Figures before a break say nothing about figures after it. */
	if (t.break_count && t.breaks[t.break_count - 1] > first)
		first = t.breaks[t.break_count - 1];
	snprintf(out->unit, sizeof(out->unit), "%s", h->unit);
	snprintf(out->grade, sizeof(out->grade), "%s",
		 h->runs[h->run_count - 1].grade);
	out->lower_is_better = h->lower_is_better;
	for (i = first; i < h->run_count; i++)
		out->medians[out->count++] = trend_run_median(h, i);
	take_change(&t, first, out);
	trend_release(&t);
}

static int add_series(struct store *store, const struct highlight_row *h,
		      struct standing *s, struct err *err)
{
	struct standing_series *out = &s->series[s->series_count];
	struct history_query q = {.workload = h->row->workload,
				  .point = h->row->point,
				  .runner = s->runner,
				  .host = s->host,
				  .max_runs = STANDING_TREND_RUNS};
	struct history history;
	int ret = history_load(store, &q, &history, err);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	*out = (struct standing_series){.count = 0};
	snprintf(out->label, sizeof(out->label), "%s", h->label);
	snprintf(out->workload, sizeof(out->workload), "%s", h->row->workload);
	snprintf(out->point, sizeof(out->point), "%s", h->row->point);
	take_history(&history, out);
	history_release(&history);
	s->series_count++;
	return 0;
}

/* Those of the latest run that has any boot. */
static int add_all_series(struct store *store, int64_t run_id,
			  struct standing *s, struct err *err)
{
	struct highlight_row rows[HIGHLIGHTS_MOST];
	struct run_data run;
	struct model m;
	size_t i, count, runner;
	int ret = run_data_load(store, run_id, &run, err);

	if (ret)
		return ret;
	model_init(&m, &run);
	s->series = xcalloc(STANDING_SERIES, sizeof(*s->series));
	if (m.runner_count) {
		runner = runner_of(&m);
		snprintf(s->runner, sizeof(s->runner), "%s", m.runners[runner]);
		count = highlights_choose(&m, HIGHLIGHTS_MOST, rows);
		for (i = 0;
		     i < count && !ret && s->series_count < STANDING_SERIES;
		     i++)
			if (!isnan(rows[i].row->cells[runner].median))
				ret = add_series(store, &rows[i], s, err);
	}
	model_release(&m);
	run_data_release(&run);
	return ret;
}

static int fill(struct store *store, const struct run_list *list,
		const struct standing *before, struct standing *s,
		struct err *err)
{
	size_t i;
	int ret = 0;

	s->runs = xcalloc(list->count + 1, sizeof(*s->runs));
	for (i = 0; i < list->count && !ret; i++)
		ret = add_run(store, &list->lines[i], before, s, err);
	for (i = 0; i < list->count && !ret; i++)
		if (list->lines[i].boot_count)
			return add_all_series(store, list->lines[i].id, s, err);
	return ret;
}

int standing_load(struct store *store, const struct run_line *line,
		  const struct standing *before, struct standing *s,
		  struct err *err)
{
	const struct run_filter f = {.host = line->host,
				     .max_count = STANDING_RUNS};
	struct run_list list = {.count = 0};
	int ret = run_list_load(store, &f, &list, err);

	if (ret)
		return ret;
	*s = (struct standing){.host = xstrdup(line->host),
			       .kernel = xstrdup(line->kernel),
			       .cpu = xstrdup(line->cpu),
			       .run_count = line->host_run_count};
	ret = fill(store, &list, before, s, err);
	run_list_release(&list);
	if (ret)
		standing_release(s);
	return ret;
}

static bool has_running(const struct standing *s)
{
	size_t i;

	for (i = 0; i < s->shown_count; i++)
		if (!strcmp(s->runs[i].status, "running"))
			return true;
	return false;
}

bool standing_is_stale(struct store *store, const struct standing *s)
{
	const struct run_filter f = {.host = s->host,
				     .max_count = STANDING_RUNS};
	struct run_list list;
	struct err ignored;
	bool is = false;
	size_t i;

	if (!has_running(s) || run_list_load(store, &f, &list, &ignored))
		return false;
	for (i = 0; i < list.count && i < s->shown_count; i++)
		is |= strcmp(list.lines[i].uuid, s->runs[i].uuid) ||
		      strcmp(list.lines[i].status, s->runs[i].status);
	run_list_release(&list);
	return is;
}

void standing_release(struct standing *s)
{
	size_t i;

	for (i = 0; i < s->shown_count; i++)
		run_release(&s->runs[i]);
	free(s->runs);
	free(s->series);
	free(s->host);
	free(s->kernel);
	free(s->cpu);
	*s = (struct standing){.host = NULL};
}

bool standing_is_regression(const struct standing_series *s,
			    uint64_t since_unix_ns)
{
	return s->has_change && s->is_worse &&
	       s->changed_unix_ns >= since_unix_ns;
}

const struct standing_run *standing_judged(const struct standing *s)
{
	size_t i;

	for (i = 0; i < s->shown_count; i++)
		if (s->runs[i].claims && strcmp(s->runs[i].status, "running"))
			return &s->runs[i];
	return NULL;
}
