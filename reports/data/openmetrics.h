/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_OPENMETRICS_H
#define REPORTS_DATA_OPENMETRICS_H

/*
 * openmetrics - the figures as gauges, for Prometheus and other readers of its
 * formats (exposition.h). An absent figure has no sample.
 */

#include <stddef.h>

#include "reports/data/exposition.h"

struct findings;
struct model;
struct strbuf;

void openmetrics_write(const struct findings *f, struct strbuf *out);
void prometheus_write(const struct findings *f, struct strbuf *out);

/*
 * The samples of one run for openmetrics_write_runs(), one line each: the
 * format does not matter to them, so they may be kept. HOST is a label of each;
 * NULL: none. Fleet, node and arm are labels where the fingerprint has them.
 */
void openmetrics_run_samples(const struct model *m, const char *host,
			     struct strbuf *out);

/* Runs in one text, each as openmetrics_run_samples() made it. The caller may
 * add more families and must add exposition_end(). */
void openmetrics_write_runs(enum exposition format, const char *const *runs,
			    size_t count, struct strbuf *out);

#endif
