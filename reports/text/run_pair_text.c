// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/text/run_pair_text.h"

#include <math.h>
#include <string.h>

#include "harness/findings/model.h"
#include "harness/findings/runs/run_pair.h"
#include "reports/text/lines.h"
#include "reports/text/paint.h"

/* Columns of a difference. */
#define KEY_COLUMNS 32
#define VALUE_COLUMNS 60

static void write_run(const char *letter, const struct model *m, FILE *out)
{
	char grades[64];

	fprintf(out, "%s: run %lld, %s, of %s, grade %s, %s\n", letter,
		(long long)m->run->id, m->run->uuid, m->run->revision,
		model_grades(m, grades, sizeof(grades)), m->run->status);
}

/* A run from elsewhere may say anything. */
static void write_difference(const struct difference *d, FILE *out)
{
	fprintf(out, "%-7s ", difference_class_name(d->class));
	line_print(d->key, KEY_COLUMNS, LINES_COLUMNS, out);
	fputc(' ', out);
	line_print(d->short_a, 0, VALUE_COLUMNS, out);
	fputs(" | ", out);
	line_print(d->short_b, 0, VALUE_COLUMNS, out);
	fputc('\n', out);
}

static void write_differences(const struct differences *d, FILE *out)
{
	size_t i;

	fprintf(out,
		"\nThe runs differ in %zu fatal, %zu marked and %zu harmless points:\n",
		d->counts[DIFFERENCE_FATAL], d->counts[DIFFERENCE_MARKED],
		d->counts[DIFFERENCE_HARMLESS]);
	for (i = 0; i < d->count; i++)
		if (d->rows[i].class != DIFFERENCE_HARMLESS)
			write_difference(&d->rows[i], out);
}

static void write_number(double value, FILE *out)
{
	if (isnan(value))
		fprintf(out, " %8s", "-");
	else
		fprintf(out, " %8.3f", value);
}

/* Of native there are boots, of guests blocks. */
static const char *no_interval(const struct run_pair_row *r, char *buf,
			       size_t size)
{
	size_t count = run_pair_least_count(r);

	if (isnan(r->ratio.ratio))
		return "";
	if (!model_is_base(r->runner_a) || count >= MODEL_LEAST_BLOCKS)
		return model_no_interval(count, buf, size);
	snprintf(buf, size, "%zu boot%s", count, count == 1 ? "" : "s");
	return buf;
}

static void write_row(const struct run_pair *p, const struct run_pair_row *r,
		      FILE *out)
{
	char name[80], runners[40], why[32];

	snprintf(runners, sizeof(runners), "%s%s%s", r->runner_a,
		 strcmp(r->runner_a, r->runner_b) ? "|" : "",
		 strcmp(r->runner_a, r->runner_b) ? r->runner_b : "");
	fprintf(out, "%-34s %-16s", model_row_name(r->row, name, sizeof(name)),
		runners);
	write_number(r->a.ratio, out);
	write_number(r->b.ratio, out);
	write_number(r->ratio.ratio, out);
	if (isnan(r->ratio.low))
		fprintf(out, " %-20s", no_interval(r, why, sizeof(why)));
	else
		fprintf(out, " [%8.3f, %8.3f]", r->ratio.low, r->ratio.high);
	if (isnan(r->p))
		fprintf(out, " %8s", "-");
	else
		fprintf(out, " %8.2g", r->p);
	if (p->options.margin > 0) {
		fputs("  ", out);
		paint_verdict(r->verdict, 0, out);
		fprintf(out, "%s%s", r->reason ? ": " : "",
			r->reason ? r->reason : "");
	}
	fputc('\n', out);
}

void run_pair_text_write(const struct run_pair *p, FILE *out)
{
	size_t i;

	write_run("A", p->a, out);
	write_run("B", p->b, out);
	write_differences(&p->differences, out);
	if (p->is_refused) {
		fputs("\nThe runs are not comparable; --force shows the numbers without a verdict.\n",
		      out);
		return;
	}
	if (!p->row_count) {
		fputs("\nThe runs have no series in common.\n", out);
		return;
	}
	fprintf(out, "\n%-34s %-16s %8s %8s %8s %-20s %8s\n", "series",
		"runner", "A", "B", "B/A", "[95 %]", "p");
	for (i = 0; i < p->row_count; i++)
		write_row(p, &p->rows[i], out);
	fputs("\nA and B: ratio to native of the same run; for native, B/A compares the hosts. p:\n"
	      "for no difference, by Welch, corrected by Benjamini and Hochberg.\n",
	      out);
	if (p->options.margin > 0)
		fprintf(out,
			"EXPLORATORY: the margin of %g %% was not registered before either run.\n",
			100 * p->options.margin);
}
