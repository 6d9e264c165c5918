// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/sections.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/findings/findings.h"

void sections_write_implausible(const struct findings *f, FILE *out)
{
	const struct plausibility *p = &f->plausibility;
	const struct implausible *row;

	if (p->count)
		fputs("\nImplausible results:\n", out);
	for (row = p->rows; row < p->rows + p->count; row++)
		fprintf(out, "  %s%s%s: %s%s\n", row->runner,
			row->workload[0] ? ", " : "", row->workload, row->text,
			row->is_blocking ? "; no PASS may rely on it" : "");
}

void sections_write_oddities(const struct findings *f, FILE *out)
{
	const struct oddity *odd;
	size_t told = 0, outliers_alone = 0;
	char name[80];

	for (odd = f->oddities.rows; odd < f->oddities.rows + f->oddities.count;
	     odd++) {
		if (!model_row_is_summary(odd->row))
			continue;
		if (odd->is_outliers_alone) {
			outliers_alone++;
			continue;
		}
		if (!told++)
			fputs("\nUnusual series, at p below 0.01; flagged, never left out (drift: second half of\n"
			      "the boots over the first):\n",
			      out);
		fprintf(out, "  %s under %s: %s\n",
			model_row_name(odd->row, name, sizeof(name)),
			f->model.runners[odd->runner], odd->text);
	}
	if (outliers_alone)
		fprintf(out,
			"%s%zu series have only outliers; JSON lists them.\n",
			told ? "  " : "", outliers_alone);
}

static void write_suite(const struct model *m, const struct suite *s, FILE *out)
{
	char name[64], why[32];
	size_t k;

	snprintf(name, sizeof(name), "%s (%zu series)", s->group,
		 s->series_count);
	fprintf(out, "  %-24s", name);
	for (k = 1; k < m->runner_count; k++) {
		const struct ratio *r = &s->worse[k];

		fprintf(out, "  %s ", m->runners[k]);
		if (isnan(r->ratio))
			fputs("-", out);
		else if (isnan(r->low))
			fprintf(out, "%.3f (%s)", r->ratio,
				model_no_interval(s->block_counts[k], why,
						  sizeof(why)));
		else
			fprintf(out, "%.3f [%.3f, %.3f]", r->ratio, r->low,
				r->high);
	}
	fputc('\n', out);
}

void sections_write_suites(const struct findings *f, FILE *out)
{
	const struct model *m = &f->model;
	size_t i;

	if (m->runner_count < 2 || !model_has_base(m))
		return;
	if (f->suites.count)
		fputs("\nGeometric mean of all series of a group; above 1 is worse than native:\n",
		      out);
	for (i = 0; i < f->suites.count; i++)
		write_suite(m, &f->suites.rows[i], out);
}
