/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_METRICS_H
#define HARNESS_SERVE_METRICS_H

/*
 * metrics - the latest run of every host and of every node of a fleet, and the
 * server's own counters, in the format that the client prefers: OpenMetrics
 * 1.0.0 or Prometheus' text 0.0.4. Any thread may call.
 */
struct cache;
struct err;
struct http;
struct http_reply;
struct http_request;
struct store;

/* What a client gets that does not say; and who is content with anything. */
#define METRICS_TYPE \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"
#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"

/* Of one answer. The latest runs come first; what does not fit is counted in
 * l1vh_serve_omitted_runs. */
#define METRICS_MAX_SAMPLES 100000
#define METRICS_MAX_RUNS 4000

/* KEPT holds the samples of runs that do not change any more. */
int metrics_show(struct cache *kept, struct store *store,
		 const struct http *http, const struct http_request *rq,
		 struct http_reply *re, struct err *err);

#endif
