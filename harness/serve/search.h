/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_SEARCH_H
#define HARNESS_SERVE_SEARCH_H

/* search - what one has in hand: part of a uuid, a revision, a host's name or a
 * metric. One uuid leads to its run at once. */
struct err;
struct http_reply;
struct http_request;
struct store;
struct watch;

int search_page(struct watch *w, struct store *store,
		const struct http_request *rq, struct http_reply *re,
		struct err *err);

#endif
