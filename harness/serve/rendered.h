/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_RENDERED_H
#define HARNESS_SERVE_RENDERED_H

/*
 * rendered - answers made from the store, cached while they stay valid: until a
 * write to the store, or until their run has another boot. Any thread may call.
 */
#include <stdbool.h>

struct cache;
struct err;
struct http_reply;
struct http_request;
struct http_route;
struct store;
struct stores;

/* How long the answer of a route stays valid. */
enum keep {
	KEEP_NOT,
	KEEP_VERSION, /* until the store is written to */
	KEEP_RUN,     /* as long as the run does not go on */
};

/*
 * The handler of a dashboard route. A cached answer keeps only the body that
 * SHOW makes. STORE is open for reading, or NULL if the route needs none. Several
 * threads call SHOW at once; http.h reports its error.
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

/* The answer of ROUTE; -EIO if the store cannot be read. */
int rendered_show(const struct rendered *r, const struct http_route *route,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err);

#endif
