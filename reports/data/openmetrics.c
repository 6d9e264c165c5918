// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/openmetrics.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"
#include "harness/verdict/claims.h"

/* Ends the samples of a family within those of a run. */
#define PART_END "\x1e"

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

/* Gauges with a sample for each series and runner. The unit of the median
 * differs from series to series, so it is a label. */
static const struct {
	struct family family;
	double (*value)(const struct model_cell *c);
	bool has_unit_label;
} gauges[] = {
	{{"l1vh_median", FAMILY_GAUGE, NULL,
	  "Median of boots, in the unit of its label."},
	 median,
	 true},
	{{"l1vh_ratio", FAMILY_GAUGE, "ratio",
	  "Guest over native, geometric mean over blocks."},
	 ratio,
	 false},
	{{"l1vh_ratio_low", FAMILY_GAUGE, NULL,
	  "Lower end of its 95 % interval."},
	 ratio_low,
	 false},
	{{"l1vh_ratio_high", FAMILY_GAUGE, NULL,
	  "Upper end of its 95 % interval."},
	 ratio_high,
	 false},
	{{"l1vh_ratio_blocks", FAMILY_GAUGE, "blocks",
	  "Blocks in the ratio; fewer than four have no interval."},
	 ratio_blocks,
	 false},
	{{"l1vh_boots", FAMILY_GAUGE, "boots", "Boots that have a figure."},
	 boots,
	 false},
	{{"l1vh_refused_boots", FAMILY_GAUGE, "boots",
	  "Boots that did not measure it."},
	 refused_boots,
	 false},
	{{"l1vh_disturbed_samples", FAMILY_GAUGE, "samples",
	  "Disturbed samples, which no figure includes."},
	 disturbed_samples,
	 false},
};

static const struct family run_family = {"l1vh_run", FAMILY_INFO, NULL,
					 "The run of these metrics."};
static const struct family failed_family = {
	"l1vh_failed_boots", FAMILY_GAUGE, "boots",
	"Boots that were skipped, failed or did not end."};

/* In the order in which they are written. */
#define FAMILY_COUNT (ARRAY_SIZE(gauges) + 2)

static const struct family *family_at(size_t i)
{
	if (!i)
		return &run_family;
	return i <= ARRAY_SIZE(gauges) ? &gauges[i - 1].family : &failed_family;
}

/* Several runs in one text differ by their hosts, or by their nodes. */
struct labelled_run {
	const struct model *model;
	const char *host;    /* NULL: no label */
	json_t *fingerprint; /* owned */
	struct strbuf *out;
};

static void add_place(const struct labelled_run *r)
{
	static const struct {
		const char *label, *key;
	} places[] = {{"fleet", FLEET_NAME},
		      {"node", FLEET_NODE},
		      {"arm", FLEET_ARM}};
	size_t i;

	if (r->host)
		exposition_label("host", r->host, r->out);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		const char *text = json_string_value(
			json_object_get(r->fingerprint, places[i].key));

		if (text && *text)
			exposition_label(places[i].label, text, r->out);
	}
}

static void write_run(const struct labelled_run *r)
{
	const struct model *m = r->model;
	char text[64];

	exposition_sample(&run_family, r->out);
	exposition_label("uuid", m->run->uuid, r->out);
	exposition_label("revision", m->run->revision, r->out);
	exposition_label("grade", model_grades(m, text, sizeof(text)), r->out);
	exposition_label("status", m->run->status, r->out);
	snprintf(text, sizeof(text), "%" PRIu64, m->run->seed);
	exposition_label("seed", text, r->out);
	add_place(r);
	exposition_value(1, r->out);
}

static void write_sample(const struct labelled_run *r,
			 const struct model_row *row, size_t runner,
			 size_t gauge)
{
	const struct model_cell *c = &row->cells[runner];
	double value = gauges[gauge].value(c);

	if (!model_cell_is_measured(c) || !isfinite(value))
		return;
	exposition_sample(&gauges[gauge].family, r->out);
	exposition_label("workload", row->workload, r->out);
	exposition_label("point", row->point, r->out);
	exposition_label("runner", r->model->runners[runner], r->out);
	exposition_label("grade", grade_name(c->grade), r->out);
	if (gauges[gauge].has_unit_label)
		exposition_label("unit", row->unit, r->out);
	add_place(r);
	exposition_value(value, r->out);
}

static void write_samples(const struct labelled_run *r, size_t gauge)
{
	const struct model *m = r->model;
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++)
			write_sample(r, &m->rows[i], k, gauge);
}

static void write_failed_boots(const struct labelled_run *r)
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
		exposition_sample(&failed_family, r->out);
		exposition_label("runner", m->runners[k], r->out);
		add_place(r);
		exposition_value((double)count, r->out);
	}
}

static void write_part(const struct labelled_run *r, size_t family)
{
	if (!family)
		write_run(r);
	else if (family <= ARRAY_SIZE(gauges))
		write_samples(r, family - 1);
	else
		write_failed_boots(r);
}

void openmetrics_run_samples(const struct model *m, const char *host,
			     struct strbuf *out)
{
	const struct labelled_run r = {m, host,
				       stored_json(m->run->fingerprint), out};
	size_t i;

	for (i = 0; i < FAMILY_COUNT; i++) {
		write_part(&r, i);
		/* No label has it: text that XML refuses is replaced. */
		strbuf_puts(out, PART_END);
	}
	json_decref(r.fingerprint);
}

/* All samples of a family stand together, as both formats ask. */
void openmetrics_write_runs(enum exposition format, const char *const *runs,
			    size_t count, struct strbuf *out)
{
	const char **parts = xcalloc(count + 1, sizeof(*parts));
	size_t i, k;

	memcpy(parts, runs, count * sizeof(*parts));
	for (i = 0; i < FAMILY_COUNT; i++) {
		exposition_head(format, family_at(i), out);
		for (k = 0; k < count; k++) {
			size_t len = strcspn(parts[k], PART_END);

			strbuf_add(out, parts[k], len);
			parts[k] += len + strlen(PART_END);
		}
	}
	free(parts);
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

static const struct verdict_gauge {
	struct family family;
	double (*value)(const struct claim_verdict *v);
} verdict_gauges[] = {
	{{"l1vh_claim_verdict", FAMILY_GAUGE, NULL,
	  "1 for the verdict in the label."},
	 verdict_is},
	{{"l1vh_claim_ratio", FAMILY_GAUGE, "ratio",
	  "Candidate over baseline of a claim."},
	 verdict_ratio},
	{{"l1vh_claim_ratio_low", FAMILY_GAUGE, NULL,
	  "Lower end of its interval."},
	 verdict_low},
	{{"l1vh_claim_ratio_high", FAMILY_GAUGE, NULL,
	  "Upper end of its interval."},
	 verdict_high},
};

static void write_verdict(const struct judgement *j,
			  const struct claim_verdict *v,
			  const struct verdict_gauge *g, struct strbuf *out)
{
	double value = g->value(v);

	if (!isfinite(value))
		return;
	exposition_sample(&g->family, out);
	exposition_label("claims", j->claims->name, out);
	exposition_label("claim", v->claim->id, out);
	exposition_label("registered", j->is_registered ? "true" : "false",
			 out);
	exposition_label("verdict", verdict_name(v->verdict), out);
	exposition_value(value, out);
}

static void write_verdicts(const struct judgement *j, enum exposition format,
			   struct strbuf *out)
{
	size_t i, k;

	for (k = 0; j->claims && k < ARRAY_SIZE(verdict_gauges); k++) {
		exposition_head(format, &verdict_gauges[k].family, out);
		for (i = 0; i < j->count; i++)
			write_verdict(j, &j->v[i], &verdict_gauges[k], out);
	}
}

static void write_findings(const struct findings *f, enum exposition format,
			   struct strbuf *out)
{
	struct strbuf run = {0};

	openmetrics_run_samples(&f->model, NULL, &run);
	openmetrics_write_runs(format, (const char *const *)&run.str, 1, out);
	write_verdicts(&f->judgement, format, out);
	exposition_end(format, out);
	strbuf_release(&run);
}

void openmetrics_write(const struct findings *f, struct strbuf *out)
{
	write_findings(f, EXPOSITION_OPENMETRICS, out);
}

void prometheus_write(const struct findings *f, struct strbuf *out)
{
	write_findings(f, EXPOSITION_PROMETHEUS, out);
}
