/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_RUN_CURVES_H
#define REPORTS_HTML_PICTURES_RUN_CURVES_H

/* run_curves - the curves of a run: memory latency over the working set, and
 * distributions of request latencies. */
#include <stdbool.h>

struct model;
struct model_group;
struct strbuf;

/* A curve per runner and page size; false: no latency was measured, and nothing is
 * written. */
bool run_curves_latency(const struct model *m, struct strbuf *out);

/* The share of G's requests that took no longer, a curve per runner; false: no
 * latencies were kept. */
bool run_curves_shares(const struct model *m, const struct model_group *g,
		       struct strbuf *out);

#endif
