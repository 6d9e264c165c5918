/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_OPENMETRICS_H
#define REPORTS_DATA_OPENMETRICS_H

/*
 * openmetrics - the figures as gauges, for Prometheus and other readers of its
 * format (OpenMetrics 1.0, text). An absent figure has no sample.
 */

#include <stddef.h>

struct findings;
struct model;
struct strbuf;

void openmetrics_write(const struct findings *f, struct strbuf *out);

struct openmetrics_run {
	const struct model *model;
	const char *host; /* a label of each sample; NULL: none */
};

/* Runs in one text. The caller may add more families and must add "# EOF". */
void openmetrics_write_runs(const struct openmetrics_run *runs, size_t count,
			    struct strbuf *out);
void openmetrics_family(const char *name, const char *type, const char *unit,
			const char *help, struct strbuf *out);

#endif
