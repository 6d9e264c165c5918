/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_RENDERED_H
#define HARNESS_SERVE_RENDERED_H

/*
 * rendered - answers that are made of the store, and kept for as long as they
 * would be made the same: until the store is written to, or until the run that
 * they are of has another boot. Any thread may call.
 */
#include <stdbool.h>

struct cache;
struct err;
struct http_reply;
struct http_request;
struct http_route;
struct store;
struct stores;

/* How long the answer of a route would be the same. */
enum keep {
	KEEP_NOT,
	KEEP_VERSION, /* until the store is written to */
	KEEP_RUN,     /* as long as the run does not go on */
};

/*
 * What a route of the dashboard leads to. Where it is kept the body is all that
 * SHOW gives. STORE is open for reading, or NULL where none is needed. Called by
 * several threads at once; what it fails with is http.h's to tell.
 */
struct answer {
	bool needs_store;
	enum keep keep;
	int (*show)(struct store *store, const struct http_request *rq,
		    struct http_reply *re, struct err *err);
};

struct rendered {
	struct cache *cache;   /* borrowed, as is the other */
	struct stores *stores; /* what SHOW of a route is called with */
};

/* What ROUTE answers; -EIO where the store cannot be read. */
int rendered_show(const struct rendered *r, const struct http_route *route,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err);

#endif
