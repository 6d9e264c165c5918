/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PLOT_H
#define REPORTS_HTML_PLOT_H

/*
 * plot - SVG drawn by gnuplot, to be put into a page. Any thread may call
 * these functions.
 */
#include <stdint.h>

struct err;
struct model;
struct strbuf;

/* The number of plots that gnuplot failed to draw for this thread. A page with
 * such a failure lacks a plot that a later attempt may draw. */
uint64_t plot_failure_count(void);

/* Memory latency over the working set, a curve per runner and page size. -ENOENT
 * without gnuplot. */
int plot_latency(const struct model *m, struct strbuf *svg, struct err *err);

/* The cumulative distribution of request latencies, a curve per runner. */
int plot_cdf(const struct model *m, const char *workload, const char *point,
	     struct strbuf *svg, struct err *err);

#endif
