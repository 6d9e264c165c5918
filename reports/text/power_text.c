// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/power_text.h"

#include <math.h>

#include "harness/base/base.h"
#include "harness/findings/findings.h"
#include "harness/stats/margin.h"
#include "harness/store/run_data.h"

#define ONE_SIDED 0.95
#define POWER 0.9
/* Two may be alike by chance. */
#define MIN_BLOCKS 3

static const double margins[] = {0.03, 0.05, 0.10};

/* Of the log ratio of one block; NaN where too few say it. */
static double noise_of(const struct model_cell *c)
{
	return c->ratio_count < MIN_BLOCKS
		       ? NAN
		       : c->ratio.log.se * sqrt((double)c->ratio_count);
}

static void write_cell(const struct model_row *row, const char *runner,
		       const struct model_cell *c, FILE *out)
{
	double sd = noise_of(c);
	char name[80];
	size_t i;

	fprintf(out, "%-40s %-10s %6zu %7.1f %%",
		model_row_name(row, name, sizeof(name)), runner, c->ratio_count,
		100 * expm1(sd));
	for (i = 0; i < ARRAY_SIZE(margins); i++) {
		double n = margin_pairs(sd, margins[i], 0, ONE_SIDED, POWER);

		if (isnan(n))
			fprintf(out, " %7s", "never");
		else
			fprintf(out, " %7.0f", n);
	}
	fputc('\n', out);
}

void power_text_write(const struct findings *f, FILE *out)
{
	const struct model *m = &f->model;
	size_t i, k, unknown = 0, known = 0;

	fprintf(out,
		"Blocks needed to decide each margin in %g %% of cases if there is no difference,\n"
		"by the noise of run %lld (one-sided %g %%):\n\n"
		"%-40s %-10s %6s %9s",
		100 * POWER, (long long)m->run->id, 100 * ONE_SIDED, "series",
		"runner", "blocks", "noise");
	for (i = 0; i < ARRAY_SIZE(margins); i++)
		fprintf(out, " %5.0f %%", 100 * margins[i]);
	fputc('\n', out);
	for (i = 0; i < m->row_count; i++)
		for (k = 1; k < m->runner_count; k++) {
			const struct model_cell *c = &m->rows[i].cells[k];

			if (!c->ratio_count ||
			    !model_row_is_summary(&m->rows[i]))
				continue;
			if (isnan(noise_of(c))) {
				unknown++;
				continue;
			}
			known++;
			write_cell(&m->rows[i], m->runners[k], c, out);
		}
	if (unknown)
		fprintf(out,
			"\n%zu more have fewer than three blocks, or equal blocks: their noise is unknown.\n",
			unknown);
	if (known)
		fputs("\nThe noise estimate of few blocks is uncertain: with four blocks, the true noise\n"
		      "may be three times as high.\n",
		      out);
}
