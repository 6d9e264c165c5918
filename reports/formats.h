/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_FORMATS_H
#define REPORTS_FORMATS_H

/*
 * formats - the table of all kinds of output that a stored run has. A new one
 * is a row of formats.c; 'report', 'run' and 'serve' find it there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct err;
struct findings;
struct strbuf;

/* Of a report as text; all are borrowed, and NULL where there are none. */
struct format_places {
	const char *command; /* that shows every row */
	const char *store;
	const char *page;
	bool wants_all; /* every row, in place of one screen */
};

struct format {
	const char *name;
	/* One of the two is there, but for text: for those that are made
	 * whole, and for those that are printed as they come. */
	void (*build)(const struct findings *f, struct strbuf *out);
	void (*print)(const struct findings *f, FILE *out);
	bool has_verdicts;
	bool is_text; /* for people at a terminal: may be one screen */
	/* It shows samples, or each boot's series: findings_init()'s, not
	 * findings_read()'s. */
	bool wants_samples;
};

#define FORMAT_TEXT "text"
#define FORMAT_HTML "html"

/* "text, json, html", for messages and usage: what people and CI read, and what
 * other systems take in. */
#define FORMAT_NAMES_SHOWN \
	"text, json, html, csv, markdown, junit, explain, power, samples"
#define FORMAT_NAMES_EXPORT "openmetrics, prometheus, virtualclient, kusto"
#define FORMAT_NAMES FORMAT_NAMES_SHOWN ", " FORMAT_NAMES_EXPORT

/* NULL if no format has that name. */
const struct format *format_find(const char *name);

/* -EINVAL, with all names, if no format has that name. */
int format_parse(const char *name, const struct format **out, struct err *err);

/* PLACES may be NULL. */
void format_write(const struct format *format, const struct findings *f,
		  const struct format_places *places, FILE *out);

#endif
