// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/store/figure_rows.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/core/result.h"
#include "harness/core/result_field.h"
#include "harness/stats/quantile.h"
#include "harness/store/field_sql.h"
#include "harness/store/sql.h"
#include "harness/store/store_priv.h"

static void add_long(const struct sample *p, struct figure *figure)
{
	if (!p->host_elapsed_ns || p->elapsed_ns < FIGURE_LONG_NS)
		return;
	figure->long_count++;
	figure->long_elapsed_ns += p->elapsed_ns;
	figure->long_host_ns += p->host_elapsed_ns;
}

void figure_of(const struct series *s, struct figure *figure)
{
	double *values = xcalloc(s->sample_count + 1, sizeof(*values));
	size_t i, n = 0;

	*figure = (struct figure){.sample_count = s->sample_count};
	for (i = 0; i < s->sample_count; i++) {
		figure->disturbances |= s->samples[i].disturbances;
		if (s->samples[i].disturbances)
			continue;
		values[n++] = s->samples[i].value;
		add_long(&s->samples[i], figure);
	}
	figure->used_count = n;
	if (n) {
		quantile_sort(values, n);
		figure->median = quantile_of_sorted(values, n, 0.5);
		figure->mean = gsl_stats_mean(values, 1, n);
		figure->stddev = n > 1 ? gsl_stats_sd(values, 1, n) : 0;
		figure->low = values[0];
		figure->high = values[n - 1];
	}
	free(values);
}

/* NaN is null in the database. */
static void bind_figure(struct sql_stmt *s, int64_t series_id,
			const struct figure *figure, struct figure *bound)
{
	*bound = *figure;
	if (!figure->used_count)
		bound->median = bound->mean = bound->stddev = bound->low =
			bound->high = NAN;
	sql_bind_int64(s, 1, series_id);
	field_sql_bind(s, 2, figure_fields, bound);
}

static int write_error(struct store *store, struct err *err)
{
	return store_error(store, "cannot write to", err);
}

int figure_rows_add(struct store *store, const int64_t *series_ids,
		    const struct result *res, struct err *err)
{
	struct figure figure, bound;
	struct sql_stmt *s;
	int count, ret;
	char *columns =
		field_sql_columns("series_id", 1, figure_fields, &count);
	size_t i;

	ret = sql_bulk_begin(store->db, "figure", columns, count, &s);
	free(columns);
	if (ret)
		return write_error(store, err);
	for (i = 0; i < res->series_count && !ret; i++) {
		const struct series *series = &res->series[i];

		if (series->sample_count)
			figure_of(series, &figure);
		else if (series->figure)
			figure = *series->figure;
		else
			continue;
		bind_figure(s, series_ids[i], &figure, &bound);
		ret = sql_bulk_add(s);
	}
	return sql_bulk_end(s, ret) ? write_error(store, err) : 0;
}

/* The samples of one series after the other. */
struct filling {
	struct sql_stmt *from, *to;
	struct series series;
	size_t room;
	int64_t series_id;
};

static int end_series(struct filling *f)
{
	struct figure figure, bound;
	int ret;

	if (!f->series.sample_count)
		return 0;
	figure_of(&f->series, &figure);
	f->series.sample_count = 0;
	bind_figure(f->to, f->series_id, &figure, &bound);
	ret = sql_step(f->to);
	sql_reset(f->to);
	return ret;
}

static int take_sample(struct filling *f)
{
	int64_t id = sql_int64(f->from, 0);
	int ret = id == f->series_id ? 0 : end_series(f);
	struct series *s = &f->series;

	f->series_id = id;
	if (s->sample_count == f->room) {
		f->room = 2 * f->room + 64;
		s->samples = xrealloc(s->samples, f->room, sizeof(*s->samples));
	}
	memset(&s->samples[s->sample_count], 0, sizeof(*s->samples));
	field_sql_read(f->from, 1, sample_fields,
		       &s->samples[s->sample_count++]);
	return ret;
}

/* SAMPLES: which ones, series by series; RUN_ID is for its parameter; 0: it has
 * none. */
static int fill(struct store *store, const char *samples, int64_t run_id,
		struct err *err)
{
	struct filling f = {.series_id = 0};
	char *from = field_sql_select("series_id", sample_fields, samples);
	char *to =
		field_sql_insert("figure", "series_id", 1, figure_fields, "");
	int ret = sql_prepare(store->db, from, &f.from), step = 0;

	if (!ret)
		ret = sql_prepare(store->db, to, &f.to);
	if (!ret && run_id)
		sql_bind_int64(f.from, 1, run_id);
	while (!ret && (step = sql_step(f.from)) > 0)
		ret = take_sample(&f);
	if (!ret && !step)
		ret = end_series(&f);
	sql_finalize(f.from);
	sql_finalize(f.to);
	free(f.series.samples);
	free(from);
	free(to);
	return ret < 0 || step < 0 ? write_error(store, err) : 0;
}

int figure_rows_fill(struct store *store, struct err *err)
{
	return fill(store, "sample ORDER BY series_id, position", 0, err);
}

int figure_rows_fill_run(struct store *store, int64_t run_id, struct err *err)
{
	return fill(store,
		    "sample WHERE series_id IN (SELECT s.id FROM boot b"
		    " JOIN series s ON s.boot_id = b.id"
		    " LEFT JOIN figure f ON f.series_id = s.id"
		    " WHERE b.run_id = ? AND f.series_id IS NULL)"
		    " ORDER BY series_id, position",
		    run_id, err);
}
