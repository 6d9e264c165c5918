/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_EXPOSITION_H
#define REPORTS_DATA_EXPOSITION_H

/*
 * exposition - the two text formats that Prometheus reads: its own 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats) and OpenMetrics 1.0.0.
 * Their samples look the same; only the heads of families and the end differ.
 * It writes no timestamps and no exemplars.
 */
#include <stdbool.h>

struct strbuf;

enum exposition {
	EXPOSITION_OPENMETRICS,
	EXPOSITION_PROMETHEUS,
};

enum family_type {
	FAMILY_GAUGE,
	FAMILY_COUNTER, /* its samples are named NAME_total */
	FAMILY_INFO,    /* and of this NAME_info, always with value 1 */
};

struct family {
	const char *name;
	enum family_type type;
	const char *unit; /* NULL: none; else NAME ends in it */
	const char *help; /* neither quotes, backslashes nor newlines */
};

/* Its samples must follow: no other family may stand between them. */
void exposition_head(enum exposition format, const struct family *f,
		     struct strbuf *out);

/* A sample: its beginning, any number of labels, its value. */
void exposition_sample(const struct family *f, struct strbuf *out);
void exposition_label(const char *name, const char *value, struct strbuf *out);
void exposition_value(double value, struct strbuf *out);

void exposition_end(enum exposition format, struct strbuf *out);

#endif
