/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_METRICS_H
#define HARNESS_SERVE_METRICS_H

/* metrics - the latest run of every host and the server's own counters, as
 * OpenMetrics 1.0. */
struct err;
struct http;
struct store;
struct strbuf;

#define METRICS_TYPE \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

int metrics_write(struct store *store, const struct http *http,
		  struct strbuf *out, struct err *err);

#endif
