/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_DASHBOARD_H
#define HARNESS_SERVE_DASHBOARD_H

/*
 * dashboard - shows a store to browsers and programs. Each request reads the
 * current store; a store that is locked, missing or of a later schema gives 503
 * until it is readable. Clients with a write token may upload bundles.
 */
#include <stdbool.h>
#include <stdint.h>

struct dashboard;
struct err;

struct dashboard_config {
	const char *db;
	const char *listen;     /* "127.0.0.1:8080" */
	unsigned int timeout_s; /* for an idle client */
	const char *tokens;     /* a file; NULL: no uploads */
	bool read_needs_token;
	unsigned int max_per_s;         /* requests per address; 0: no limit */
	uint64_t max_upload_bytes;      /* of a bundle, compressed */
	const char *tls_cert, *tls_key; /* files (tls.h); NULL: no TLS */
	const char *hosts;              /* names of this server; or NULL */
	uint64_t cache_bytes; /* for answers that are kept; 0: 64 MiB */
};

/* CFG is copied; its texts must live until dashboard_stop(). */
int dashboard_start(const struct dashboard_config *cfg, struct dashboard **out,
		    struct err *err);
void dashboard_stop(struct dashboard *d); /* NULL is fine */

const char *dashboard_url(const struct dashboard *d);

#endif
