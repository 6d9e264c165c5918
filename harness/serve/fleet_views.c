// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/fleet_views.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/fleet/fleet_load.h"
#include "harness/serve/query.h"
#include "harness/serve/views.h"
#include "harness/stats/quantile.h"

#define MOST_DAYS 36500

static int days_of(const struct query *q, uint32_t *days, struct err *err)
{
	const char *text = query_get(q, "days");
	uint64_t number = FLEET_DAYS;
	int ret = text ? units_parse_uint(text, 0, MOST_DAYS, &number, err) : 0;

	*days = (uint32_t)number;
	return ret ? err_wrap(err, "days") : 0;
}

int view_fleet_load(struct store *store, const char *name,
		    const struct query *q, struct fleet_report *r,
		    struct err *err)
{
	const struct fleet_wish wish = {.claims = NULL};
	uint32_t days;
	int ret = days_of(q, &days, err);

	if (ret)
		return ret;
	fleet_init(&r->fleet, name);
	ret = fleet_load(store, name, days, &r->fleet, err);
	if (ret) {
		fleet_release(&r->fleet);
		return ret;
	}
	fleet_finish(&r->fleet);
	fleet_report_make(r, &wish);
	return 0;
}

/* What a page has room for, as the odd nodes are judged by. */
static bool is_shown(const struct fleet_figure *f)
{
	struct model_row row = {.unit = ""};

	snprintf(row.workload, sizeof(row.workload), "%s", f->workload);
	snprintf(row.point, sizeof(row.point), "%s", f->point);
	return model_row_is_summary(&row);
}

static bool is_series(const struct node_series *s, const struct fleet_figure *f)
{
	return !strcmp(s->runner, f->runner) &&
	       !strcmp(s->workload, f->workload) &&
	       !strcmp(s->point, f->point) && !strcmp(s->unit, f->unit);
}

static struct node_series *series_of(struct view_node *v,
				     const struct fleet_figure *f)
{
	struct node_series *s;
	size_t i;

	for (i = 0; i < v->series_count; i++)
		if (is_series(&v->series[i], f))
			return &v->series[i];
	v->series =
		xrealloc(v->series, v->series_count + 1, sizeof(*v->series));
	s = &v->series[v->series_count++];
	*s = (struct node_series){.lower_is_better = f->lower_is_better};
	snprintf(s->runner, sizeof(s->runner), "%s", f->runner);
	snprintf(s->workload, sizeof(s->workload), "%s", f->workload);
	snprintf(s->point, sizeof(s->point), "%s", f->point);
	snprintf(s->unit, sizeof(s->unit), "%s", f->unit);
	return s;
}

static void add_median(struct node_series *s, double median, const char *grade)
{
	s->medians = xrealloc(s->medians, s->count + 1, sizeof(*s->medians));
	s->medians[s->count++] = median;
	snprintf(s->grade, sizeof(s->grade), "%s", grade);
}

/* One value per run: the median of its boots. */
static void add_run(struct view_node *v, const struct fleet_figures *figures)
{
	double *boots = xcalloc(figures->count + 1, sizeof(*boots));
	size_t i, k;

	for (i = 0; i < figures->count; i++) {
		const struct fleet_figure *f = &figures->rows[i];
		struct node_series *s;
		size_t count = 0;

		if (!is_shown(f) || !isfinite(f->median))
			continue;
		s = series_of(v, f);
		for (k = 0; k < i && !is_series(s, &figures->rows[k]); k++)
			;
		if (k < i)
			continue; /* the run's earlier boot had it already */
		for (k = i; k < figures->count; k++)
			if (is_series(s, &figures->rows[k]))
				boots[count++] = figures->rows[k].median;
		add_median(s, quantile_median(boots, count), f->grade);
	}
	free(boots);
}

/* The oldest first. */
static int load_series(struct store *store, struct view_node *v,
		       struct err *err)
{
	struct fleet_reader reader;
	size_t i = v->runs.count;
	int ret = fleet_reader_begin(store, &reader, err);

	if (ret)
		return ret;
	while (i-- && !ret) {
		struct fleet_figures figures;

		ret = fleet_reader_load(&reader, v->runs.rows[i].id, &figures,
					err);
		if (ret)
			break;
		add_run(v, &figures);
		fleet_figures_release(&figures);
	}
	fleet_reader_end(&reader);
	return ret;
}

static int compare_series(const void *x, const void *y)
{
	const struct node_series *a = x, *b = y;
	int by = strcmp(a->runner, b->runner);

	if (!by)
		by = strcmp(a->workload, b->workload);
	return by ? by : strcmp(a->point, b->point);
}

int view_node_load(struct store *store, const char *name, const struct query *q,
		   struct view_node *v, struct err *err)
{
	static const char *const names[] = {"page", NULL};
	struct fleet_span span = {.max_count = VIEW_NODE_RUNS};
	int ret = query_only(q, names, err);

	*v = (struct view_node){.page = 1};
	if (!ret)
		ret = view_page_of(q, &v->page, err);
	if (ret)
		return ret;
	span.skip_count = (v->page - 1) * VIEW_NODE_RUNS;
	ret = node_runs_load(store, name, &span, &v->runs, err);
	if (ret)
		return ret;
	ret = v->runs.count ? load_series(store, v, err)
			    : err_set(err, -ENOENT,
				      "no stored run is of node '%s'", name);
	if (ret)
		view_node_release(v);
	else if (v->series_count)
		qsort(v->series, v->series_count, sizeof(*v->series),
		      compare_series);
	return ret;
}

void view_node_release(struct view_node *v)
{
	size_t i;

	for (i = 0; i < v->series_count; i++)
		free(v->series[i].medians);
	free(v->series);
	fleet_runs_release(&v->runs);
	*v = (struct view_node){.page = 0};
}
