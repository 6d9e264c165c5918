// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/openmetrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/verdict/claims.h"

static double median(const struct model_cell *c)
{
	return c->median;
}

static double ratio(const struct model_cell *c)
{
	return c->ratio.ratio;
}

static double ratio_low(const struct model_cell *c)
{
	return c->ratio.low;
}

static double ratio_high(const struct model_cell *c)
{
	return c->ratio.high;
}

static double ratio_blocks(const struct model_cell *c)
{
	return isnan(c->ratio.ratio) ? NAN : (double)c->ratio_count;
}

static double boots(const struct model_cell *c)
{
	return (double)c->boot_count;
}

static double refused_boots(const struct model_cell *c)
{
	return (double)c->refused_count;
}

static double disturbed_samples(const struct model_cell *c)
{
	return (double)c->disturbed_count;
}

/* Gauges with a sample for each series and runner. A unit is legal only where
 * the name ends in it, and the median's differs from series to series. */
static const struct family {
	const char *name;
	const char *unit; /* NULL: none */
	const char *help;
	double (*value)(const struct model_cell *c);
	bool has_unit_label;
} families[] = {
	{"l1vh_median", NULL, "Median of boots, in the unit of its label.",
	 median, true},
	{"l1vh_ratio", "ratio",
	 "Guest over native, geometric mean over blocks.", ratio, false},
	{"l1vh_ratio_low", NULL, "Lower end of its 95 % interval.", ratio_low,
	 false},
	{"l1vh_ratio_high", NULL, "Upper end of its 95 % interval.", ratio_high,
	 false},
	{"l1vh_ratio_blocks", "blocks",
	 "Blocks in the ratio; fewer than four have no interval.", ratio_blocks,
	 false},
	{"l1vh_boots", "boots", "Boots that have a figure.", boots, false},
	{"l1vh_refused_boots", "boots", "Boots that did not measure it.",
	 refused_boots, false},
	{"l1vh_disturbed_samples", "samples",
	 "Disturbed samples, which no figure includes.", disturbed_samples,
	 false},
};

static void add_label(const char *name, const char *value, struct strbuf *out)
{
	/* The format ends lines with a newline alone, its readers often with
	 * the other as well. */
	static const struct escape escapes[] = {
		{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"},
		{"\r", " "},    {NULL, NULL},
	};
	bool is_first = out->str[out->len - 1] == '{';

	strbuf_printf(out, "%s%s=\"", is_first ? "" : ",", name);
	portable_text(out, value, escapes);
	strbuf_puts(out, "\"");
}

static void add_value(double value, struct strbuf *out)
{
	char text[32];

	strbuf_printf(out, "} %s\n",
		      portable_number(value, text, sizeof(text)));
}

/* Several runs in one text differ by their hosts, if by nothing else. */
static void add_host(const struct openmetrics_run *r, struct strbuf *out)
{
	if (r->host)
		add_label("host", r->host, out);
}

void openmetrics_family(const char *name, const char *type, const char *unit,
			const char *help, struct strbuf *out)
{
	strbuf_printf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		strbuf_printf(out, "# UNIT %s %s\n", name, unit);
	strbuf_printf(out, "# HELP %s %s\n", name, help);
}

static void write_run(const struct openmetrics_run *r, struct strbuf *out)
{
	const struct model *m = r->model;
	char text[64];

	strbuf_puts(out, "l1vh_run_info{");
	add_label("uuid", m->run->uuid, out);
	add_label("revision", m->run->revision, out);
	add_label("grade", model_grades(m, text, sizeof(text)), out);
	add_label("status", m->run->status, out);
	snprintf(text, sizeof(text), "%" PRIu64, m->run->seed);
	add_label("seed", text, out);
	add_host(r, out);
	add_value(1, out);
}

static void write_sample(const struct openmetrics_run *r,
			 const struct model_row *row, size_t runner,
			 const struct family *f, struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];
	double value = f->value(c);

	if (!model_cell_is_measured(c) || !isfinite(value))
		return;
	strbuf_printf(out, "%s{", f->name);
	add_label("workload", row->workload, out);
	add_label("point", row->point, out);
	add_label("runner", r->model->runners[runner], out);
	add_label("grade", grade_name(c->grade), out);
	if (f->has_unit_label)
		add_label("unit", row->unit, out);
	add_host(r, out);
	add_value(value, out);
}

static void write_samples(const struct openmetrics_run *r,
			  const struct family *f, struct strbuf *out)
{
	const struct model *m = r->model;
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			write_sample(r, &m->rows[i], k, f, out);
}

static void write_failed_boots(const struct openmetrics_run *r,
			       struct strbuf *out)
{
	const struct model *m = r->model;
	size_t i, k;

	for (k = 0; k < m->runner_count; k++) {
		size_t count = 0;

		for (i = 0; i < m->run->boot_count; i++) {
			const struct boot_data *b = &m->run->boots[i];

			count += b->res.status != RUN_OK &&
				 !strcmp(b->bc.runner, m->runners[k]);
		}
		strbuf_puts(out, "l1vh_failed_boots{");
		add_label("runner", m->runners[k], out);
		add_host(r, out);
		add_value((double)count, out);
	}
}

/* All samples of a family stand together (OpenMetrics 1.0, MetricFamily). */
void openmetrics_write_runs(const struct openmetrics_run *runs, size_t count,
			    struct strbuf *out)
{
	size_t i, k;

	openmetrics_family("l1vh_run", "info", NULL,
			   "The run of these metrics.", out);
	for (k = 0; k < count; k++)
		write_run(&runs[k], out);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];

		openmetrics_family(f->name, "gauge", f->unit, f->help, out);
		for (k = 0; k < count; k++)
			write_samples(&runs[k], f, out);
	}
	openmetrics_family("l1vh_failed_boots", "gauge", "boots",
			   "Boots that were skipped, failed or did not end.",
			   out);
	for (k = 0; k < count; k++)
		write_failed_boots(&runs[k], out);
}

static double verdict_ratio(const struct claim_verdict *v)
{
	return v->ratio.ratio;
}

static double verdict_low(const struct claim_verdict *v)
{
	return v->ratio.low;
}

static double verdict_high(const struct claim_verdict *v)
{
	return v->ratio.high;
}

/* 1 of the verdict in the label: a state may have a name, no number. */
static double verdict_is(const struct claim_verdict *v)
{
	(void)v;
	return 1;
}

static const struct verdict_family {
	const char *name;
	const char *unit;
	const char *help;
	double (*value)(const struct claim_verdict *v);
} verdict_families[] = {
	{"l1vh_claim_verdict", NULL, "1 for the verdict in the label.",
	 verdict_is},
	{"l1vh_claim_ratio", "ratio", "Candidate over baseline of a claim.",
	 verdict_ratio},
	{"l1vh_claim_ratio_low", NULL, "Lower end of its interval.",
	 verdict_low},
	{"l1vh_claim_ratio_high", NULL, "Upper end of its interval.",
	 verdict_high},
};

static void write_verdict(const struct judgement *j,
			  const struct claim_verdict *v,
			  const struct verdict_family *f, struct strbuf *out)
{
	double value = f->value(v);

	if (!isfinite(value))
		return;
	strbuf_printf(out, "%s{", f->name);
	add_label("claims", j->claims->name, out);
	add_label("claim", v->claim->id, out);
	add_label("registered", j->is_registered ? "true" : "false", out);
	add_label("verdict", verdict_name(v->verdict), out);
	add_value(value, out);
}

static void write_verdicts(const struct judgement *j, struct strbuf *out)
{
	size_t i, k;

	for (k = 0; j->claims && k < ARRAY_SIZE(verdict_families); k++) {
		const struct verdict_family *family = &verdict_families[k];

		openmetrics_family(family->name, "gauge", family->unit,
				   family->help, out);
		for (i = 0; i < j->count; i++)
			write_verdict(j, &j->v[i], family, out);
	}
}

void openmetrics_write(const struct findings *f, struct strbuf *out)
{
	const struct openmetrics_run run = {.model = &f->model};

	openmetrics_write_runs(&run, 1, out);
	write_verdicts(&f->judgement, out);
	strbuf_puts(out, "# EOF\n");
}
