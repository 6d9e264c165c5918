/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_FLEET_PAGES_H
#define HARNESS_SERVE_FLEET_PAGES_H

/* fleet_pages - fleets, one fleet, and one node, as HTML and as JSON; each function
 * makes an answer (rendered.h). */
struct err;
struct http_reply;
struct http_request;
struct store;

int page_fleets(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err);
int page_fleet(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err);
int page_node(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);

int api_fleets(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err);
int api_fleet(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);
int api_node(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err);

#endif
