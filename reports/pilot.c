// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/pilot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/xmalloc.h"
#include "harness/stats/levels.h"
#include "harness/stats/quantile.h"
#include "reports/model.h"

#define MIN_SAMPLES 3.0
#define MAX_SAMPLES 50.0

/* Of a boot that measures as this one's do: what it takes without samples, and
 * what one more sample of every series takes. */
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

		/* A boot's own phases are not what it was booted for. */
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
static bool judge(const struct sheet *sh, struct levels *l, double *best)
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

/* For each series and runner that says anything. */
static void each(const struct model *m,
		 void (*use)(void *arg, const struct model_row *row,
			     const char *runner, const struct sheet *sh,
			     const struct levels *l, double best),
		 void *arg)
{
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			struct levels l;
			struct sheet sh;
			double best;

			sheet_init(&sh, m, &m->rows[i], m->runners[k]);
			if (judge(&sh, &l, &best))
				use(arg, &m->rows[i], m->runners[k], &sh, &l,
				    best);
			free(sh.values);
		}
}

struct wishes {
	double *values;
	size_t count;
};

static void collect(void *arg, const struct model_row *row, const char *runner,
		    const struct sheet *sh, const struct levels *l, double best)
{
	struct wishes *w = arg;

	(void)row;
	(void)runner;
	(void)sh;
	(void)l;
	w->values = xrealloc(w->values, w->count + 1, sizeof(*w->values));
	w->values[w->count++] = best;
}

uint32_t pilot_best_samples(const struct model *m)
{
	struct wishes w = {NULL, 0};
	double median;

	each(m, collect, &w);
	median = quantile_median(w.values, w.count);
	free(w.values);
	return isnan(median) ? 0 : (uint32_t)ceil(median);
}

static void write_row(void *arg, const struct model_row *row,
		      const char *runner, const struct sheet *sh,
		      const struct levels *l, double best)
{
	char name[80];

	fprintf(arg, "%-34s %-12s %5zu %7zu %8.2f %% %8.2f %% %6.2f %7.0f\n",
		model_row_name(row, name, sizeof(name)), runner, sh->boot_count,
		sh->per_boot, 100 * sqrt(l->within) / l->mean,
		100 * sqrt(l->between_alone) / l->mean, l->correlation,
		ceil(best));
}

void pilot_write(const struct model *m, FILE *out)
{
	uint32_t best = pilot_best_samples(m);

	fprintf(out,
		"What samples and boots add to the noise of run %lld, and how many samples a\n"
		"boot should take by that and by what both cost:\n\n"
		"%-34s %-12s %5s %7s %10s %10s %6s %7s\n",
		(long long)m->run->id, "series", "runner", "boots", "samples",
		"samples", "boots", "alike", "wanted");
	each(m, write_row, out);
	if (best)
		fprintf(out,
			"\nHalf of them want no more than %u: l1vh-bench run --samples %u\n",
			best, best);
	else
		fputs("\nNo series has two boots of two undisturbed samples.\n",
		      out);
}
