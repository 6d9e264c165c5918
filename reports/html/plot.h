/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PLOT_H
#define REPORTS_HTML_PLOT_H

/*
 * plot - SVG drawn by gnuplot, to be put into a page. What was drawn is kept, up
 * to a bound, and not drawn again from the same script and data. Any thread may
 * call.
 */
#include <stdint.h>

struct err;
struct model;
struct strbuf;

/* Plots so far that gnuplot did not draw for this thread: a page that it made
 * meanwhile is without one that it may have tomorrow. */
uint64_t plot_failure_count(void);

/* Memory latency over the working set, a curve a runner and page size. -ENOENT
 * without gnuplot. */
int plot_latency(const struct model *m, struct strbuf *svg, struct err *err);

/* How many requests took at most so long, a curve a runner. */
int plot_cdf(const struct model *m, const char *workload, const char *point,
	     struct strbuf *svg, struct err *err);

#endif
