// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/pilot_text.h"

#include <math.h>

#include "harness/findings/findings.h"
#include "harness/findings/pilot.h"
#include "harness/store/run_data.h"

static void write_row(const struct pilot_row *r, FILE *out)
{
	const struct levels *l = &r->levels;
	char name[80];

	fprintf(out, "%-34s %-12s %5zu %7zu %8.2f %% %8.2f %% %6.2f %7.0f\n",
		model_row_name(r->row, name, sizeof(name)), r->runner,
		r->boot_count, r->sample_count, 100 * sqrt(l->within) / l->mean,
		100 * sqrt(l->between_alone) / l->mean, l->correlation,
		ceil(r->wanted));
}

void pilot_text_write(const struct findings *f, FILE *out)
{
	struct pilot p;
	size_t i;

	pilot_init(&p, &f->model);
	fprintf(out,
		"The noise that samples and boots add to run %lld, and the number of samples per\n"
		"boot that this noise and the cost of both suggest:\n\n"
		"%-34s %-12s %5s %7s %10s %10s %6s %7s\n",
		(long long)f->run->id, "series", "runner", "boots", "samples",
		"samples", "boots", "alike", "wanted");
	for (i = 0; i < p.count; i++)
		write_row(&p.rows[i], out);
	if (p.best_samples)
		fprintf(out,
			"\nHalf of the series need at most %u: l1vh-bench run --samples %u\n",
			p.best_samples, p.best_samples);
	else
		fputs("\nNo series has two boots of two undisturbed samples.\n",
		      out);
	pilot_release(&p);
}
