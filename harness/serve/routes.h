/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_ROUTES_H
#define HARNESS_SERVE_ROUTES_H

/* routes - which route of a table (http.h) a request has. Pure. */
#include <stdbool.h>

struct err;
struct http_route;
struct query;

/* A name of a node has up to 253. */
#define ROUTES_ITEM_BYTES 256
#define ROUTES_ALLOW_BYTES 40 /* "GET, HEAD, POST, OPTIONS" */

struct routed {
	const struct http_route *route; /* NULL: there is none */
	char item[ROUTES_ITEM_BYTES];   /* what its '*' stands for */
	char allow[ROUTES_ALLOW_BYTES]; /* for Allow; "": no such header */
	unsigned int status; /* without a route, or 0: of what is returned */
};

/*
 * 0 with a route, or without one for OPTIONS. -EINVAL for another method or no
 * path, -ENOENT: there is no such page. ERR stays as it is for a Q that could
 * not be parsed, if the method is known.
 */
int routes_find(const struct http_route *routes, const char *method,
		const struct query *q, struct routed *out, struct err *err);

bool route_is_get(const struct http_route *r);

#endif
