// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/findings/pilot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/findings/model.h"
#include "harness/stats/quantile.h"

#define MIN_SAMPLES 3.0
#define MAX_SAMPLES 50.0

/* The time of a boot of this kind without samples, and the time of one more
 * sample of every series. */
struct cost {
	double boot_ns, sample_ns;
};

static const struct series *find_series(const struct boot_data *b,
					const struct model_row *row)
{
	size_t i;

	for (i = 0; i < b->res.series_count; i++)
		if (!strcmp(b->res.series[i].workload, row->workload) &&
		    !strcmp(b->res.series[i].point, row->point) &&
		    b->res.series[i].status == RUN_OK)
			return &b->res.series[i];
	return NULL;
}

static double samples_ns(const struct series *s)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < s->sample_count; i++)
		sum += (double)s->samples[i].elapsed_ns;
	return sum;
}

static struct cost cost_of(const struct boot_data *b)
{
	struct cost c = {(double)b->res.elapsed_ns, 0};
	size_t i;

	for (i = 0; i < b->res.series_count; i++) {
		const struct series *s = &b->res.series[i];

		/* A boot's own phases are not its subject. */
		if (s->sample_count < 2)
			continue;
		c.boot_ns -= samples_ns(s);
		c.sample_ns += samples_ns(s) / (double)s->sample_count;
	}
	return c;
}

/* Undisturbed samples of one series under one runner, so many of each boot. */
struct sheet {
	double *values; /* owned */
	size_t boot_count, per_boot;
	struct cost cost; /* mean */
};

static size_t copy_good(const struct series *s, double *out, size_t max)
{
	size_t i, n = 0;

	for (i = 0; i < s->sample_count && n < max; i++)
		if (!s->samples[i].disturbances) {
			if (out)
				out[n] = s->samples[i].value;
			n++;
		}
	return n;
}

static void sheet_init(struct sheet *sh, const struct model *m,
		       const struct model_row *row, const char *runner)
{
	const struct run_data *run = m->run;
	size_t i, k;

	memset(sh, 0, sizeof(*sh));
	sh->per_boot = SIZE_MAX;
	/* First how many all have, then those. */
	for (k = 0; k < 2; k++)
		for (i = 0; i < run->boot_count; i++) {
			const struct boot_data *b = &run->boots[i];
			const struct series *s = find_series(b, row);
			size_t good = s ? copy_good(s, NULL, SIZE_MAX) : 0;

			if (strcmp(b->bc.runner, runner) || good < 2)
				continue;
			if (!k && good < sh->per_boot)
				sh->per_boot = good;
			if (!k)
				continue;
			sh->values = xrealloc(
				sh->values, (sh->boot_count + 1) * sh->per_boot,
				sizeof(*sh->values));
			copy_good(s, sh->values + sh->boot_count * sh->per_boot,
				  sh->per_boot);
			sh->cost.boot_ns += cost_of(b).boot_ns;
			sh->cost.sample_ns += cost_of(b).sample_ns;
			sh->boot_count++;
		}
}

/* Whether it says anything; then also what the series wants. */
static bool judge_levels(const struct sheet *sh, struct levels *l, double *best)
{
	if (sh->boot_count < 2)
		return false;
	*l = levels_of(sh->values, sh->boot_count, sh->per_boot,
		       MODEL_CONFIDENCE);
	*best = levels_best_samples(l, sh->cost.boot_ns, sh->cost.sample_ns);
	/* Boots add nothing: as many samples as one has patience for. */
	if (isnan(*best) && l->within > 0)
		*best = MAX_SAMPLES;
	*best = fmin(fmax(*best, MIN_SAMPLES), MAX_SAMPLES);
	return l->mean > 0 && l->within > 0;
}

static void add_workload(struct pilot *p, const struct model *m,
			 const struct model_row *row, const char *runner)
{
	struct pilot_row r = {.row = row, .runner = runner};
	struct sheet sh;

	sheet_init(&sh, m, row, runner);
	r.boot_count = sh.boot_count;
	r.sample_count = sh.per_boot;
	if (judge_levels(&sh, &r.levels, &r.wanted)) {
		p->rows = xrealloc(p->rows, p->count + 1, sizeof(*p->rows));
		p->rows[p->count++] = r;
	}
	free(sh.values);
}

static uint32_t median_wanted(const struct pilot *p)
{
	double *wanted = xcalloc(p->count + 1, sizeof(*wanted)), median;
	size_t i;

	for (i = 0; i < p->count; i++)
		wanted[i] = p->rows[i].wanted;
	median = quantile_median(wanted, p->count);
	free(wanted);
	return isnan(median) ? 0 : (uint32_t)ceil(median);
}

void pilot_init(struct pilot *p, const struct model *m)
{
	size_t i, k;

	*p = (struct pilot){.rows = NULL};
	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			add_workload(p, m, &m->rows[i], m->runners[k]);
	p->best_samples = median_wanted(p);
}

void pilot_release(struct pilot *p)
{
	free(p->rows);
	*p = (struct pilot){.rows = NULL};
}
