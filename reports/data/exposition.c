// SPDX-License-Identifier: GPL-3.0-or-later
#include "reports/data/exposition.h"

#include <stddef.h>

#include "harness/base/portable.h"
#include "harness/base/strbuf.h"

static const struct {
	const char *name;   /* of the type, in OpenMetrics */
	const char *as;     /* 0.0.4 has fewer types */
	const char *suffix; /* of samples */
} types[] = {
	[FAMILY_GAUGE] = {"gauge", "gauge", ""},
	[FAMILY_COUNTER] = {"counter", "counter", "_total"},
	[FAMILY_INFO] = {"info", "gauge", "_info"},
};

/* 0.0.4 names the samples where OpenMetrics names their family, and knows no
 * units. */
void exposition_head(enum exposition format, const struct family *f,
		     struct strbuf *out)
{
	bool is_openmetrics = format == EXPOSITION_OPENMETRICS;
	const char *suffix = is_openmetrics ? "" : types[f->type].suffix;

	strbuf_printf(out, "# TYPE %s%s %s\n", f->name, suffix,
		      is_openmetrics ? types[f->type].name : types[f->type].as);
	if (f->unit && is_openmetrics)
		strbuf_printf(out, "# UNIT %s %s\n", f->name, f->unit);
	strbuf_printf(out, "# HELP %s%s %s\n", f->name, suffix, f->help);
}

void exposition_sample(const struct family *f, struct strbuf *out)
{
	strbuf_printf(out, "%s%s{", f->name, types[f->type].suffix);
}

void exposition_label(const char *name, const char *value, struct strbuf *out)
{
	/* The formats end lines with a newline alone, their readers often with
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

void exposition_value(double value, struct strbuf *out)
{
	char text[32];

	strbuf_printf(out, "} %s\n",
		      portable_number(value, text, sizeof(text)));
}

void exposition_end(enum exposition format, struct strbuf *out)
{
	if (format == EXPOSITION_OPENMETRICS)
		strbuf_puts(out, "# EOF\n");
}
