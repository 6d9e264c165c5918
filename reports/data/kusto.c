// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/kusto.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/portable.h"
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/core/fleet_keys.h"
#include "harness/findings/findings.h"
#include "harness/store/run_data.h"
#include "harness/store/stored_json.h"

/* In the order of write_row(), and of docs/schema/kusto.kql. A new one goes to
 * the end: a table's mapping counts columns. */
static const char head[] =
	"run_uuid,run_status,run_started_at,run_ended_at,revision,is_lab,host,"
	"fleet,node,arm,fleet_index,attempt,boot,block,runner,boot_started_at,"
	"boot_elapsed_ns,vcpu_count,ram_bytes,paravirt,grade,is_emulated,"
	"workload,point,unit,better,value,sample_count,disturbed_count,"
	"iterations,status,reason,fingerprint\r\n";

static void add_text(const char *text, struct strbuf *out)
{
	static const struct escape quotes[] = {{"\"", "\"\""}, {NULL, NULL}};
	bool is_quoted = text[strcspn(text, ",\"\r\n")];

	/* Unlike a spreadsheet, Kusto runs no formulas, and must get the text
	 * as it is. */
	if (is_quoted)
		strbuf_puts(out, "\"");
	portable_text(out, text, quotes);
	strbuf_puts(out, is_quoted ? "\"," : ",");
}

static void add_count(uint64_t count, struct strbuf *out)
{
	strbuf_printf(out, "%" PRIu64 ",", count);
}

static void add_bool(bool value, struct strbuf *out)
{
	strbuf_puts(out, value ? "true," : "false,");
}

/* 0: it is not known. */
static void add_instant(uint64_t unix_ns, struct strbuf *out)
{
	char text[40];

	if (unix_ns)
		strbuf_puts(out,
			    units_format_instant(unix_ns, text, sizeof(text)));
	strbuf_puts(out, ",");
}

/* Not a number is null, which is an empty field. */
static void add_number(double value, struct strbuf *out)
{
	char text[32];

	strbuf_printf(out, "%s,", portable_number(value, text, sizeof(text)));
}

/* The same columns in every row. */
struct run_fields {
	struct strbuf before;      /* run_uuid to attempt */
	struct strbuf fingerprint; /* the last one */
};

static void write_run(const struct run_data *run, json_t *fingerprint,
		      struct strbuf *out)
{
	static const char *const keys[] = {"host",      FLEET_NAME,
					   FLEET_NODE,  FLEET_ARM,
					   FLEET_INDEX, FLEET_ATTEMPT};
	size_t i;

	add_text(run->uuid, out);
	add_text(run->status, out);
	add_instant(run->started_unix_ns, out);
	add_instant(run->ended_unix_ns, out);
	add_text(run->revision, out);
	add_bool(run->is_lab, out);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *text = json_string_value(
			json_object_get(fingerprint, keys[i]));

		add_text(text ? text : "", out);
	}
}

static void fields_init(struct run_fields *fields, const struct run_data *run)
{
	json_t *fingerprint = stored_json(run->fingerprint);
	char *text = json_is_object(fingerprint)
			     ? json_dumps(fingerprint, JSON_COMPACT)
			     : NULL;

	*fields = (struct run_fields){.before = {0}};
	write_run(run, fingerprint, &fields->before);
	add_text(text ? text : "{}", &fields->fingerprint);
	free(text);
	json_decref(fingerprint);
}

static void fields_release(struct run_fields *fields)
{
	strbuf_release(&fields->before);
	strbuf_release(&fields->fingerprint);
}

static void write_boot(const struct boot_data *b, struct strbuf *out)
{
	add_count(b->position, out);
	add_count(b->bc.block, out);
	add_text(b->bc.runner, out);
	add_instant(b->res.started_unix_ns, out);
	add_count(b->res.elapsed_ns, out);
	add_count(b->bc.vcpu_count, out);
	add_count(b->bc.ram_bytes, out);
	add_text(b->bc.paravirt, out);
	add_text(grade_name(b->res.grade), out);
	add_bool(b->res.grade == GRADE_EMULATED, out);
}

struct counts {
	uint64_t all, disturbed;
};

/* As they were taken, also where they have been removed since. */
static struct counts count_samples(const struct series *s)
{
	struct counts c = {s->sample_count, 0};
	size_t i;

	for (i = 0; i < s->sample_count; i++)
		c.disturbed += s->samples[i].disturbances != 0;
	if (!s->sample_count && s->figure)
		c = (struct counts){s->figure->sample_count,
				    s->figure->sample_count -
					    s->figure->used_count};
	return c;
}

static void write_series(const struct series *s, struct strbuf *out)
{
	struct counts samples = count_samples(s);
	bool is_disturbed = s->status == RUN_OK && samples.all &&
			    samples.disturbed == samples.all;

	add_text(s->workload, out);
	add_text(s->point, out);
	add_text(s->unit, out);
	add_text(s->lower_is_better ? "lower" : "higher", out);
	add_number(model_boot_figure(s), out);
	add_count(samples.all, out);
	add_count(samples.disturbed, out);
	add_count(s->iterations, out);
	add_text(is_disturbed ? "disturbed" : run_status_name(s->status), out);
	add_text(is_disturbed ? "every sample was disturbed" : s->reason, out);
}

/* A boot that came to no series has a row all the same. */
static void write_no_series(const struct boot_data *b, struct strbuf *out)
{
	strbuf_puts(out, ",,,,,0,0,0,");
	add_text(run_status_name(b->res.status), out);
	add_text(b->res.reason, out);
}

/* S is NULL where the boot has none. */
static void write_row(const struct run_fields *fields,
		      const struct boot_data *b, const struct series *s,
		      FILE *out)
{
	struct strbuf row = {0};

	strbuf_puts(&row, fields->before.str);
	write_boot(b, &row);
	if (s)
		write_series(s, &row);
	else
		write_no_series(b, &row);
	strbuf_puts(&row, fields->fingerprint.str);
	/* The last field has a line's end in place of its comma. */
	fwrite(row.str, 1, row.len - 1, out);
	fputs("\r\n", out);
	strbuf_release(&row);
}

void kusto_write(const struct findings *f, FILE *out)
{
	const struct run_data *run = f->run;
	struct run_fields fields;
	size_t i, k;

	fields_init(&fields, run);
	fputs(head, out);
	for (i = 0; i < run->boot_count; i++) {
		const struct boot_data *b = &run->boots[i];

		if (!b->res.series_count || b->res.status != RUN_OK)
			write_row(&fields, b, NULL, out);
		for (k = 0; k < b->res.series_count; k++)
			write_row(&fields, b, &b->res.series[k], out);
	}
	fields_release(&fields);
}
