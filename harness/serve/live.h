/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_LIVE_H
#define HARNESS_SERVE_LIVE_H

/*
 * live - the progress of the newest unfinished run. Events follow EventSource,
 * one per answer: the browser asks again every second, so the server keeps no
 * connection open. Each function serves a route (http.h).
 */
struct err;
struct http_reply;
struct http_request;
struct store;
struct strbuf;

#define LIVE_EVENTS "text/event-stream"
#define LIVE_SCRIPT "text/javascript; charset=utf-8"

/* The runs under way, as a part of a page. */
int live_write(struct store *store, struct strbuf *out, struct err *err);
int live_page(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);
int live_event(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err);
int live_script(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err);

#endif
