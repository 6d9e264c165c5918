/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_HTTP_H
#define HARNESS_SERVE_HTTP_H

/*
 * http - a small HTTP server over libmicrohttpd: addresses are matched with a
 * table of routes, and what may be answered, refused or waited for is bounded.
 * It knows nothing of what is served.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/strbuf.h"

struct err;
struct http;
struct query;

#define HTTP_HTML "text/html; charset=utf-8"
#define HTTP_JSON "application/json"
#define HTTP_TEXT "text/plain; charset=utf-8"

struct http_request {
	const struct query *query;
	const char *item; /* what the pattern's '*' stands for; borrowed */
	const char *authorization; /* of that header; NULL: absent */
	uint8_t address[16];       /* of who asks; IPv6's first half alone */
	int body_fd;               /* of a route that takes one; borrowed */
	void *arg;                 /* of the configuration */
};

/* Zeroed by who calls a route; the body is released by it too. */
struct http_reply {
	unsigned int status;        /* 0: by what was returned */
	const char *type;           /* NULL: the route's */
	const char *header, *value; /* one more, or NULL */
	const char *retry_after;    /* seconds, or NULL */
	struct strbuf body;
};

/*
 * METHOD is GET, which HEAD is too, or POST, which takes a body. One '*' in
 * PATTERN stands for one part of the path; of two patterns that fit the first is
 * taken.
 */
struct http_route {
	const char *method;
	const char *pattern;
	const char *type;
	const void *answer; /* the configuration's own: what CALL makes of it */
};

struct http_config {
	const char *listen; /* "127.0.0.1:8080", "[::1]:0" */
	unsigned int timeout_s;
	const struct http_route *routes; /* one without a pattern ends them */
	uint64_t max_upload_bytes;       /* of what is sent with POST */
	const char *cert, *key;          /* PEM; NULL: without TLS */
	/* Before any of a body is read: whether a route is for who asks. */
	int (*admit)(void *arg, const struct http_route *route,
		     const struct http_request *rq, struct err *err);
	/* A file for a body, which is closed here; or an error. */
	int (*open_body)(void *arg, struct err *err);
	/*
	 * Answers a route. What it fails with is told to who asked: -EINVAL as
	 * 400, -EACCES 401, -EPERM 403, -ENOENT 404, -EAGAIN and -EDQUOT 429 for
	 * a minute and a second, -ENOSPC 507, all else as 503. Called by several
	 * threads at once.
	 */
	int (*call)(void *arg, const struct http_route *route,
		    const struct http_request *rq, struct http_reply *re,
		    struct err *err);
	/* The body of RE, which has its status, for who would read TYPE. */
	void (*write_error)(const char *reason, const char *type,
			    struct http_reply *re);
	void *arg;
};

/* CFG is copied; what it points to must live until http_stop(). */
int http_start(const struct http_config *cfg, struct http **out,
	       struct err *err);
void http_stop(struct http *http); /* NULL is fine */

/* "http://127.0.0.1:8080/" */
const char *http_url(const struct http *http);

/* Answers so far whose status begins with that digit. */
uint64_t http_reply_count(const struct http *http, unsigned int digit);

#endif
