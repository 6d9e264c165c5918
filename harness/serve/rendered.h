/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_RENDERED_H
#define HARNESS_SERVE_RENDERED_H

/*
 * rendered - answers that are made of the store, and kept for as long as they
 * would be made the same: until the store is written to, or for good where
 * they are of a run that has ended. Any thread may call.
 */
struct cache;
struct err;
struct http_reply;
struct http_request;
struct http_route;
struct stores;

struct rendered {
	struct cache *cache;   /* borrowed, as is the other */
	struct stores *stores; /* what SHOW of a route is called with */
};

/* What ROUTE answers; -EIO where the store cannot be read. */
int rendered_show(const struct rendered *r, const struct http_route *route,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err);

#endif
