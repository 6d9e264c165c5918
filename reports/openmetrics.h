/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_OPENMETRICS_H
#define REPORTS_OPENMETRICS_H

/*
 * openmetrics - the figures as gauges, for Prometheus and what reads its
 * format (OpenMetrics 1.0, text). What is absent has no sample.
 */

struct model;
struct strbuf;

void openmetrics_write(const struct model *m, struct strbuf *out);

#endif
