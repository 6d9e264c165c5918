// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/virtualclient.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/core/fleet_keys.h"
#include "harness/core/metric.h"
#include "harness/findings/findings.h"
#include "harness/store/stored_json.h"
#include "harness/verdict/claims.h"
#include "reports/data/json.h"
#include "reports/data/verdicts_json.h"

#define UNKNOWN "unknown"
#define PRODUCT "l1vh-bench"
/* Its reader cuts the text there, even within a string. */
#define DELIMITER "-----"

/* Microsoft.Extensions.Logging.LogLevel. */
enum severity { INFORMATION = 2, WARNING = 3, ERROR = 4 };

/* MetricVerbosity: what matters, and details. */
enum verbosity { STANDARD = 1, DETAILED = 2 };

struct writer {
	const struct findings *f;
	FILE *out;
	bool has_begun;
	json_t *fingerprint; /* owned, as is the plan; NULL if damaged */
	json_t *plan;
	bool *is_told; /* owned; of each claim: it stands with a figure */
};

/* A figure, or the want of one. */
struct point {
	const char *metric;
	const char *runner;
	const struct model_row *row;   /* NULL: of a claim alone */
	const struct model_cell *cell; /* NULL: nothing was measured */
	const char *status, *reason;
};

static const char *unit_name(const char *unit)
{
	/* MetricUnit.cs, and in its manner where it has none. */
	static const struct {
		const char *unit, *name;
	} names[] = {
		{"ns", "nanoseconds"},
		{"bytes", "bytes"},
		{"bytes_per_s", "bytes/sec"},
		{"ops_per_s", "operations/sec"},
		{"per_op", "count/operation"},
		{"s_per_gib", "seconds/gibibyte"},
		{"s_per_kop", "seconds/1000 operations"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(unit, names[i].unit))
			return names[i].name;
	return unit;
}

/* A field that must not be blank is "unknown". */
static json_t *known(const char *text)
{
	return json_text(text && *text ? text : UNKNOWN);
}

static const char *member(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void put(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static void put_instant(json_t *o, const char *key, uint64_t unix_ns)
{
	char text[40];

	put(o, key,
	    json_string(units_format_instant(unix_ns, text, sizeof(text))));
}

/* Of the boots of RUNNER; of all where it has none. */
static void put_times(const struct writer *w, const char *runner, json_t *o)
{
	const struct run_data *run = w->f->run;
	uint64_t first_ns = 0, last_ns = 0;
	size_t i;

	for (i = 0; i < run->boot_count; i++) {
		const struct result *res = &run->boots[i].res;
		uint64_t end_ns = res->started_unix_ns + res->elapsed_ns;

		if (strcmp(run->boots[i].bc.runner, runner) ||
		    !res->started_unix_ns)
			continue;
		if (!first_ns || res->started_unix_ns < first_ns)
			first_ns = res->started_unix_ns;
		if (end_ns > last_ns)
			last_ns = end_ns;
	}
	if (!first_ns) {
		first_ns = run->started_unix_ns;
		last_ns = run->ended_unix_ns ? run->ended_unix_ns : first_ns;
	}
	put_instant(o, "timestamp", last_ns);
	put_instant(o, "scenarioStartTime", first_ns);
	put_instant(o, "scenarioEndTime", last_ns);
}

static enum severity severity_of(const struct point *p)
{
	if (!strcmp(p->status, "ok"))
		return INFORMATION;
	if (!strcmp(p->status, "partial") || !strcmp(p->status, "skipped") ||
	    !strcmp(p->status, "disturbed") ||
	    !strcmp(p->status, "not measured"))
		return WARNING;
	return ERROR;
}

/* Part A and B of the contract: who says it, and of what. */
static void put_origin(const struct writer *w, const struct point *p, json_t *o)
{
	const struct run_data *run = w->f->run;
	const char *node = member(w->fingerprint, FLEET_NODE);
	const char *host = member(w->fingerprint, "host");
	const char *engine = member(w->fingerprint, FLEET_ENGINE);
	const char *plan = member(w->plan, "name");

	put(o, "appHost", known(host));
	put(o, "appName", json_string(PRODUCT));
	put(o, "appVersion", known(run->revision));
	put(o, "severityLevel", json_integer(severity_of(p)));
	put_times(w, p->runner, o);
	put(o, "clientId", known(node && *node ? node : host));
	put(o, "experimentId", known(run->uuid));
	put(o, "profileName", json_text(plan && *plan ? plan : PRODUCT));
	if (engine && *engine)
		put(o, "executionSystem", json_text(engine));
	put(o, "operatingSystemPlatform", json_string("Unix"));
	put(o, "platformArchitecture", json_string("linux-x64"));
}

static bool has_value(const struct point *p)
{
	return p->cell && isfinite(p->cell->median);
}

static bool is_graded(const struct point *p)
{
	return p->cell && model_cell_is_measured(p->cell);
}

/* Whoever groups by scenario must not mix an emulated figure with others. */
static void put_scenario(const struct point *p, json_t *o)
{
	static const char *const marks[GRADE_COUNT] = {
		[GRADE_HARDWARE] = "",
		[GRADE_SOFTWARE] = "SOFTWARE",
		[GRADE_EMULATED] = "EMULATED",
	};
	const char *mark = is_graded(p) ? marks[p->cell->grade] : "";
	char text[80];

	snprintf(text, sizeof(text), "%s%s%s", mark, *mark ? " " : "",
		 p->runner);
	put(o, "scenarioName", known(text));
	snprintf(text, sizeof(text), PRODUCT "%s%s", *mark ? ";" : "", mark);
	put(o, "tags", json_string(text));
}

static json_t *description(const struct point *p)
{
	const struct metric *m = p->row ? metric_of_point(p->row->point) : NULL;
	char text[512];

	if (has_value(p))
		snprintf(text, sizeof(text), "%s%smedian of %zu boot%s",
			 m ? m->text : "", m ? "; " : "", p->cell->boot_count,
			 p->cell->boot_count == 1 ? "" : "s");
	else
		snprintf(text, sizeof(text), "no value: %s%s%s", p->status,
			 *p->reason ? ": " : "", p->reason);
	return json_text(text);
}

/* Part C. */
static void put_metric(const struct point *p, json_t *o)
{
	const char *relativity = "Undefined";

	if (p->row)
		relativity = p->row->lower_is_better ? "LowerIsBetter"
						     : "HigherIsBetter";
	put(o, "metricName", known(p->metric));
	put(o, "metricValue", json_number(p->cell ? p->cell->median : NAN));
	put(o, "metricUnit", json_text(p->row ? unit_name(p->row->unit) : ""));
	put(o, "metricRelativity", json_string(relativity));
	put(o, "metricCategorization",
	    json_text(p->row ? p->row->workload : "claim"));
	put(o, "metricDescription", description(p));
	put(o, "metricVerbosity",
	    json_integer(p->row && !model_row_is_summary(p->row) ? DETAILED
								 : STANDARD));
	put(o, "toolName", json_string(PRODUCT));
	put_scenario(p, o);
}

/* What is claimed of this figure, and what became of it. */
static void put_claims(struct writer *w, const struct point *p, json_t *o)
{
	const struct judgement *j = &w->f->judgement;
	struct claim_verdict *mine = xcalloc(j->count + 1, sizeof(*mine));
	json_t *list = json_array();
	size_t i, count = 0;

	for (i = 0; i < j->count; i++) {
		const struct claim_verdict *v = &j->v[i];

		if (!v->measured || strcmp(v->measured, p->runner) ||
		    strcmp(v->claim->metric, p->metric))
			continue;
		w->is_told[i] = true;
		mine[count++] = *v;
		json_array_append_new(list, verdict_json(v));
	}
	put(o, "verdict",
	    count ? json_string(verdict_name(verdicts_together(mine, count)))
		  : json_null());
	put(o, "claims", list);
	free(mine);
}

static void put_fleet(const struct writer *w, json_t *o)
{
	static const struct {
		const char *name, *key;
	} fields[] = {
		{"fleet", FLEET_NAME},      {"node", FLEET_NODE},
		{"arm", FLEET_ARM},         {"index", FLEET_INDEX},
		{"attempt", FLEET_ATTEMPT},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *text = member(w->fingerprint, fields[i].key);

		if (text)
			put(o, fields[i].name, json_text(text));
	}
}

/* For all of which it has no field. */
static json_t *metadata(const struct writer *w, const struct point *p)
{
	const struct run_data *run = w->f->run;
	const struct model_cell *c = p->cell;
	json_t *o = json_object();

	put(o, "run_uuid", json_text(run->uuid));
	put(o, "run_status", json_text(run->status));
	put(o, "runner", json_text(p->runner));
	put(o, "workload", json_text(p->row ? p->row->workload : ""));
	put(o, "point", json_text(p->row ? p->row->point : ""));
	put(o, "grade",
	    is_graded(p) ? json_string(grade_name(c->grade)) : json_null());
	put(o, "is_emulated",
	    json_boolean(is_graded(p) && c->grade == GRADE_EMULATED));
	put(o, "status", json_text(p->status));
	put(o, "reason", json_text(p->reason));
	put(o, "boot_count", json_integer(c ? (json_int_t)c->boot_count : 0));
	put(o, "disturbed_count",
	    json_integer(c ? (json_int_t)c->disturbed_count : 0));
	put(o, "ratio_to_native", json_number(c ? c->ratio.ratio : NAN));
	put(o, "ratio_low", json_number(c ? c->ratio.low : NAN));
	put(o, "ratio_high", json_number(c ? c->ratio.high : NAN));
	put(o, "ratio_block_count",
	    json_integer(c ? (json_int_t)c->ratio_count : 0));
	put(o, "verdict", json_null());
	put(o, "claims", json_array());
	put_fleet(w, o);
	return o;
}

/* With no delimiter in it: every fifth dash of a row is escaped. In JSON's own
 * syntax there are no two. */
static void put_line(const char *text, FILE *out)
{
	size_t dashes = 0;

	for (; *text; text++) {
		dashes = *text == '-' ? dashes + 1 : 0;
		if (dashes < strlen(DELIMITER)) {
			fputc(*text, out);
			continue;
		}
		fputs("\\u002d", out);
		dashes = 0;
	}
	fputc('\n', out);
}

/* O is consumed. */
static void put_point(struct writer *w, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	if (w->has_begun)
		fputs(DELIMITER "\n", w->out);
	w->has_begun = true;
	put_line(text, w->out);
	free(text);
	json_decref(o);
}

static json_t *begin_point(const struct writer *w, const struct point *p)
{
	json_t *o = json_object();

	put_origin(w, p, o);
	put_metric(p, o);
	put(o, "toolVersion", known(w->f->run->revision));
	put(o, "metadata", metadata(w, p));
	put(o, "metadata_host",
	    json_is_object(w->fingerprint) ? json_incref(w->fingerprint)
					   : json_object());
	return o;
}

static void write_cell(struct writer *w, const struct model_row *row,
		       size_t runner)
{
	const struct model *m = &w->f->model;
	struct model_outcome outcome = model_outcome(m, row, runner);
	char name[80];
	const struct point p = {
		.metric = model_row_name(row, name, sizeof(name)),
		.runner = m->runners[runner],
		.row = row,
		.cell = &row->cells[runner],
		.status = outcome.status,
		.reason = outcome.reason,
	};
	json_t *o = begin_point(w, &p);

	put_claims(w, &p, json_object_get(o, "metadata"));
	put_point(w, o);
}

/* What no boot of the runner was to measure is no failure. */
static bool was_wanted(const struct model *m, const struct model_row *row,
		       size_t runner)
{
	return model_cell_is_measured(&row->cells[runner]) ||
	       model_outcome(m, row, runner).reason[0];
}

static void write_cells(struct writer *w, bool with_value)
{
	const struct model *m = &w->f->model;
	size_t i, k;

	for (i = 0; i < m->row_count; i++)
		for (k = 0; k < m->runner_count; k++) {
			const struct model_cell *c = &m->rows[i].cells[k];

			if (isfinite(c->median) == with_value &&
			    was_wanted(m, &m->rows[i], k))
				write_cell(w, &m->rows[i], k);
		}
}

/* Where no boot came to a series, each runner has its reason all the same; and
 * a run without boots is no empty file. */
static void write_failed_runners(struct writer *w)
{
	static const struct model_row none = {.workload = "boot"};
	static const struct point no_boot = {.metric = "boot",
					     .runner = "",
					     .status = "not measured",
					     .reason = "the run has no boots"};
	const struct model *m = &w->f->model;
	size_t k;

	for (k = 0; !m->row_count && k < m->runner_count; k++)
		write_cell(w, &none, k);
	if (!m->runner_count)
		put_point(w, begin_point(w, &no_boot));
}

/* A claim whose figure is missing must not be missing as well. */
static void write_other_claims(struct writer *w)
{
	const struct judgement *j = &w->f->judgement;
	size_t i;

	for (i = 0; i < j->count; i++) {
		const struct claim_verdict *v = &j->v[i];
		const struct point p = {.metric = v->claim->metric,
					.runner = v->claim->candidate,
					.status = "not measured",
					.reason = v->reason};
		json_t *o, *meta;

		if (w->is_told[i])
			continue;
		o = begin_point(w, &p);
		meta = json_object_get(o, "metadata");
		put(meta, "verdict", json_string(verdict_name(v->verdict)));
		put(meta, "claims", json_pack("[o]", verdict_json(v)));
		put_point(w, o);
	}
}

void virtualclient_write(const struct findings *f, FILE *out)
{
	struct writer w = {
		.f = f,
		.out = out,
		.fingerprint = stored_json(f->run->fingerprint),
		.plan = stored_json(f->run->plan),
		.is_told = xcalloc(f->judgement.count + 1, sizeof(bool)),
	};

	write_cells(&w, true);
	write_cells(&w, false);
	write_failed_runners(&w);
	write_other_claims(&w);
	json_decref(w.fingerprint);
	json_decref(w.plan);
	free(w.is_told);
}
