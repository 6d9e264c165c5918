// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/views.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/serve/query.h"

#define DAY_NS (86400 * NS_PER_S)
#define MAX_PAGE 1000000

/* 0 of nothing; "2026-11-25", and no day that a calendar lacks. */
static int parse_day(const struct query *q, const char *name, uint64_t *unix_ns,
		     struct err *err)
{
	const char *text = query_get(q, name);
	struct tm tm = {.tm_year = 0}, back;
	char again[16];
	const char *end;
	time_t seconds;

	*unix_ns = 0;
	if (!text)
		return 0;
	end = strptime(text, "%Y-%m-%d", &tm);
	seconds = timegm(&tm);
	if (!end || *end || seconds <= 0 || tm.tm_year > 300 ||
	    !gmtime_r(&seconds, &back) ||
	    !strftime(again, sizeof(again), "%Y-%m-%d", &back) ||
	    strcmp(again, text))
		return err_set(err, -EINVAL, "'%s' is not a day: 2026-11-25",
			       name);
	*unix_ns = (uint64_t)seconds * NS_PER_S;
	return 0;
}

/* From the one day to the other, both included. */
static int parse_span(const struct query *q, uint64_t *from_ns, uint64_t *to_ns,
		      struct err *err)
{
	int ret = parse_day(q, "from", from_ns, err);

	if (!ret)
		ret = parse_day(q, "to", to_ns, err);
	if (!ret && *to_ns)
		*to_ns += DAY_NS;
	return ret;
}

int view_page_of(const struct query *q, size_t *page, struct err *err)
{
	const char *number = query_get(q, "page");
	uint64_t value = 1;
	int ret =
		number ? units_parse_uint(number, 1, MAX_PAGE, &value, err) : 0;

	*page = (size_t)value;
	return ret;
}

static int parse_filter(const struct query *q, struct run_filter *f,
			size_t *page, struct err *err)
{
	static const char *const names[] = {
		"host", "runner", "workload", "from", "to", "q", "page", NULL};
	int ret = query_only(q, names, err);

	*f = (struct run_filter){.host = query_get(q, "host"),
				 .runner = query_get(q, "runner"),
				 .workload = query_get(q, "workload"),
				 .words = query_get(q, "q"),
				 .max_count = VIEW_PAGE_RUNS};
	if (!ret)
		ret = parse_span(q, &f->from_unix_ns, &f->to_unix_ns, err);
	if (!ret)
		ret = view_page_of(q, page, err);
	f->skip_count = (*page - 1) * VIEW_PAGE_RUNS;
	return ret;
}

int view_runs_load(struct store *store, const struct query *q,
		   struct view_runs *v, struct err *err)
{
	struct run_filter f;
	int ret = parse_filter(q, &f, &v->page, err);

	return ret ? ret : run_list_load(store, &f, &v->list, err);
}

void view_runs_release(struct view_runs *v)
{
	run_list_release(&v->list);
}

static int load_run(struct store *store, const char *uuid, struct run_data *run,
		    struct err *err)
{
	int64_t id;
	int ret = run_list_find(store, uuid, &id, err);

	return ret ? ret : run_data_load(store, id, run, err);
}

int view_run_load(struct store *store, const char *uuid, struct view_run *v,
		  struct err *err)
{
	int ret = load_run(store, uuid, &v->run, err);

	if (!ret)
		findings_init(&v->findings, &v->run, NULL);
	return ret;
}

void view_run_release(struct view_run *v)
{
	findings_release(&v->findings);
	run_data_release(&v->run);
}

int view_figures_load(struct store *store, const char *uuid,
		      struct view_figures *v, struct err *err)
{
	int ret = load_run(store, uuid, &v->run, err);

	if (!ret)
		model_init(&v->model, &v->run);
	return ret;
}

void view_figures_release(struct view_figures *v)
{
	model_release(&v->model);
	run_data_release(&v->run);
}

int view_pair_load(struct store *store, const struct query *q,
		   struct view_pair *v, struct err *err)
{
	static const char *const names[] = {"a", "b", NULL};
	const struct run_pair_options options = {.margin = 0};
	const char *a = query_get(q, "a"), *b = query_get(q, "b");
	int ret = query_only(q, names, err);

	if (!ret && (!a || !b))
		ret = err_set(err, -EINVAL,
			      "the address must name two runs, a and b");
	if (!ret && !strcmp(a, b))
		ret = err_set(err, -EINVAL, "both are the same run");
	if (!ret)
		ret = view_figures_load(store, a, &v->a, err);
	if (ret)
		return ret;
	ret = view_figures_load(store, b, &v->b, err);
	if (ret) {
		view_figures_release(&v->a);
		return ret;
	}
	run_pair_init(&v->pair, &v->a.model, &v->b.model, &options);
	return 0;
}

void view_pair_release(struct view_pair *v)
{
	run_pair_release(&v->pair);
	view_figures_release(&v->b);
	view_figures_release(&v->a);
}

int view_trend_load(struct store *store, const struct query *q,
		    struct view_trend *v, struct err *err)
{
	static const char *const names[] = {"workload", "point", "runner",
					    "host",     "from",  "to",
					    "page",     NULL};
	const char *point = query_get(q, "point");
	struct history_query hq = {.workload = query_get(q, "workload"),
				   .point = point ? point : "",
				   .runner = query_get(q, "runner"),
				   .host = query_get(q, "host"),
				   .max_runs = VIEW_PAGE_TREND_RUNS};
	int ret = query_only(q, names, err);

	if (!ret && (!hq.workload || !hq.runner))
		ret = err_set(err, -EINVAL,
			      "the address must name a workload and a runner");
	if (!ret)
		ret = parse_span(q, &hq.from_unix_ns, &hq.to_unix_ns, err);
	if (!ret)
		ret = view_page_of(q, &v->page, err);
	hq.skip_runs = (v->page - 1) * VIEW_PAGE_TREND_RUNS;
	if (!ret)
		ret = history_load(store, &hq, &v->history, err);
	if (ret)
		return ret;
	trend_init(&v->trend, &v->history, &change_defaults);
	snprintf(v->title, sizeof(v->title), "%s%s%s under %s%s%s", hq.workload,
		 *hq.point ? " " : "", hq.point, hq.runner,
		 hq.host ? " on " : "", hq.host ? hq.host : "");
	return 0;
}

void view_trend_release(struct view_trend *v)
{
	trend_release(&v->trend);
	history_release(&v->history);
}

int view_hosts_load(struct store *store, const struct query *q,
		    struct view_runs *v, struct err *err)
{
	static const char *const names[] = {"page", NULL};
	struct run_filter f = {.is_latest_of_host = true,
			       .max_count = VIEW_PAGE_RUNS};
	int ret = query_only(q, names, err);

	if (!ret)
		ret = view_page_of(q, &v->page, err);
	f.skip_count = (v->page - 1) * VIEW_PAGE_RUNS;
	return ret ? ret : run_list_load(store, &f, &v->list, err);
}

int view_all_hosts_load(struct store *store, struct run_list *list,
			struct err *err)
{
	const struct run_filter f = {.is_latest_of_host = true};

	return run_list_load(store, &f, list, err);
}
