// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/formats.h"

#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/strbuf.h"
#include "harness/findings/findings.h"
#include "reports/data/csv.h"
#include "reports/data/json.h"
#include "reports/data/junit.h"
#include "reports/data/kusto.h"
#include "reports/data/markdown.h"
#include "reports/data/openmetrics.h"
#include "reports/data/virtualclient.h"
#include "reports/html/html.h"
#include "reports/text/explain_text.h"
#include "reports/text/lines.h"
#include "reports/text/pilot_text.h"
#include "reports/text/power_text.h"
#include "reports/text/screen.h"
#include "reports/text/text.h"
#include "reports/text/verdicts_text.h"

static void write_screen(const struct findings *f,
			 const struct format_places *p, FILE *out)
{
	struct line_style style = line_style_of(out);
	const struct screen_places places = {p->page, p->store, p->command};

	screen_write(f, &style, &places, out);
}

/* One screen, or every row and every claim, or the claims that were named. */
static void write_text(const struct findings *f, const struct format_places *p,
		       FILE *out)
{
	if (!p->wants_all && !f->has_named_claims) {
		write_screen(f, p, out);
		return;
	}
	if (p->wants_all) {
		text_write(f, out);
		if (f->judgement.claims)
			fputc('\n', out);
	}
	verdicts_text_write(f, out);
}

/* In the order of FORMAT_NAMES. */
static const struct format formats[] = {
	{.name = FORMAT_TEXT, .has_verdicts = true, .is_text = true},
	{.name = "json",
	 .print = json_report_write,
	 .has_verdicts = true,
	 .wants_samples = true},
	{.name = FORMAT_HTML,
	 .build = html_write,
	 .has_verdicts = true,
	 .wants_samples = true},
	{.name = "csv", .build = csv_write, .has_verdicts = true},
	{.name = "markdown", .build = markdown_write, .has_verdicts = true},
	{.name = "junit",
	 .build = junit_write,
	 .has_verdicts = true,
	 .wants_samples = true},
	{.name = "explain", .print = explain_text_write, .wants_samples = true},
	{.name = "power", .print = power_text_write},
	{.name = "samples", .print = pilot_text_write, .wants_samples = true},
	{.name = "openmetrics",
	 .build = openmetrics_write,
	 .has_verdicts = true},
	{.name = "prometheus", .build = prometheus_write, .has_verdicts = true},
	{.name = "virtualclient",
	 .print = virtualclient_write,
	 .has_verdicts = true},
	{.name = "kusto", .print = kusto_write, .wants_samples = true},
};

const struct format *format_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

int format_parse(const char *name, const struct format **out, struct err *err)
{
	*out = format_find(name);
	return *out ? 0
		    : err_set(err, -EINVAL,
			      "unknown format '%s'; there are " FORMAT_NAMES,
			      name);
}

void format_write(const struct format *format, const struct findings *f,
		  const struct format_places *places, FILE *out)
{
	static const struct format_places none = {.command = NULL};
	struct strbuf text = {0};

	if (format->is_text) {
		write_text(f, places ? places : &none, out);
		return;
	}
	if (format->print) {
		format->print(f, out);
		return;
	}
	format->build(f, &text);
	fwrite(strbuf_str(&text), 1, text.len, out);
	strbuf_release(&text);
}
