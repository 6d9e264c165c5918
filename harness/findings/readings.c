// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/readings.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/stats/regression.h"

void readings_add(struct readings *all, const char *name, double ratio)
{
	struct reading *r;

	all->rows = xrealloc(all->rows, all->count + 1, sizeof(*all->rows));
	r = &all->rows[all->count++];
	r->ratio = ratio;
	snprintf(r->name, sizeof(r->name), "%s", name);
}

void readings_release(struct readings *all)
{
	free(all->rows);
	*all = (struct readings){.rows = NULL};
}

/* VALUES has room for all readings. */
static struct population population_of(const struct readings *all,
				       const char *name, double *values)
{
	struct population p = {.name = name, .mean = NAN, .sd = NAN};
	size_t i;

	for (i = 0; i < all->count; i++) {
		if (isnan(all->rows[i].ratio) ||
		    strcmp(all->rows[i].name, name) != 0)
			continue;
		values[p.count++] = all->rows[i].ratio;
		p.most = fmax(p.most, all->rows[i].ratio);
	}
	if (p.count)
		p.mean = gsl_stats_mean(values, 1, p.count);
	if (p.count > 1)
		p.sd = gsl_stats_sd(values, 1, p.count);
	return p;
}

static bool has_population(const struct populations *all, const char *name)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!strcmp(all->rows[i].name, name))
			return true;
	return false;
}

void populations_init(struct populations *all, const struct readings *readings)
{
	double *values = xcalloc(readings->count + 1, sizeof(*values));
	size_t i;

	*all = (struct populations){.rows = NULL};
	for (i = 0; i < readings->count; i++) {
		const char *name = readings->rows[i].name;
		struct population *p;

		if (has_population(all, name))
			continue;
		all->rows =
			xrealloc(all->rows, all->count + 1, sizeof(*all->rows));
		p = &all->rows[all->count++];
		*p = population_of(readings, name, values);
		all->judged_count += p->count > 1;
	}
	free(values);
}

void populations_release(struct populations *all)
{
	free(all->rows);
	*all = (struct populations){.rows = NULL};
}

double population_limit(const struct population *p, double coverage,
			double confidence)
{
	if (p->count < 2)
		return NAN;
	return p->mean + p->sd * tolerance_factor(coverage, confidence,
						  (double)p->count,
						  (double)p->count - 1);
}

bool population_is_beyond(const struct population *p, double confidence,
			  size_t judged_count)
{
	double level = 1 - (1 - confidence) / (double)judged_count;

	if (p->count < 2)
		return false;
	return p->mean - gsl_cdf_tdist_Pinv(level, (double)p->count - 1) *
				 p->sd / sqrt((double)p->count) >
	       1;
}
