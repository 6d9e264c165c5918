// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/openmetrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "reports/model.h"
#include "reports/portable.h"

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
	{"l1vh_boots", "boots", "Boots that have a figure.", boots, false},
	{"l1vh_refused_boots", "boots", "Boots that did not measure it.",
	 refused_boots, false},
	{"l1vh_disturbed_samples", "samples",
	 "Samples that were disturbed and are in no figure.", disturbed_samples,
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

static void begin_family(const char *name, const char *type, const char *unit,
			 const char *help, struct strbuf *out)
{
	strbuf_printf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		strbuf_printf(out, "# UNIT %s %s\n", name, unit);
	strbuf_printf(out, "# HELP %s %s\n", name, help);
}

static void write_run(const struct model *m, struct strbuf *out)
{
	char text[64];

	begin_family("l1vh_run", "info", NULL,
		     "The run that all of this is of.", out);
	strbuf_puts(out, "l1vh_run_info{");
	add_label("uuid", m->run->uuid, out);
	add_label("revision", m->run->revision, out);
	add_label("grade", model_grades(m, text, sizeof(text)), out);
	add_label("status", m->run->status, out);
	snprintf(text, sizeof(text), "%" PRIu64, m->run->seed);
	add_label("seed", text, out);
	add_value(1, out);
}

static void write_sample(const struct model *m, const struct model_row *row,
			 size_t runner, const struct family *f,
			 struct strbuf *out)
{
	const struct model_cell *c = &row->cells[runner];
	double value = f->value(c);

	if (!model_cell_is_measured(c) || !isfinite(value))
		return;
	strbuf_printf(out, "%s{", f->name);
	add_label("workload", row->workload, out);
	add_label("point", row->point, out);
	add_label("runner", m->runners[runner], out);
	add_label("grade", grade_name(c->grade), out);
	if (f->has_unit_label)
		add_label("unit", row->unit, out);
	add_value(value, out);
}

static void write_family(const struct model *m, const struct family *f,
			 struct strbuf *out)
{
	size_t i, k;

	begin_family(f->name, "gauge", f->unit, f->help, out);
	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			write_sample(m, &m->rows[i], k, f, out);
}

static void write_failed_boots(const struct model *m, struct strbuf *out)
{
	size_t i, k;

	begin_family("l1vh_failed_boots", "gauge", "boots",
		     "Boots that were skipped, failed or came to no end.", out);
	for (k = 0; k < m->runner_count; k++) {
		size_t count = 0;

		for (i = 0; i < m->run->boot_count; i++) {
			const struct boot_data *b = &m->run->boots[i];

			count += b->res.status != RUN_OK &&
				 !strcmp(b->bc.runner, m->runners[k]);
		}
		strbuf_puts(out, "l1vh_failed_boots{");
		add_label("runner", m->runners[k], out);
		add_value((double)count, out);
	}
}

void openmetrics_write(const struct model *m, struct strbuf *out)
{
	size_t i;

	write_run(m, out);
	for (i = 0; i < ARRAY_SIZE(families); i++)
		write_family(m, &families[i], out);
	write_failed_boots(m, out);
	strbuf_puts(out, "# EOF\n");
}
