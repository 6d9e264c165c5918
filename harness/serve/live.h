/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_LIVE_H
#define HARNESS_SERVE_LIVE_H

/*
 * live - how far the newest run is that did not end. The events are those of
 * EventSource, one an answer: the browser asks again each second, so that
 * nobody's connection has to be kept. Each is a route's function (http.h).
 */
struct err;
struct http_reply;
struct http_request;
struct store;

#define LIVE_EVENTS "text/event-stream"
#define LIVE_SCRIPT "text/javascript; charset=utf-8"

int live_page(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);
int live_event(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err);
int live_script(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err);

#endif
