/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_HTTP_H
#define HARNESS_SERVE_HTTP_H

/*
 * http - a small HTTP server over libmicrohttpd. It matches addresses with a
 * table of routes and limits sizes, times and connections. It does not know
 * the content.
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
	const char *accept; /* of all such headers, joined; NULL: absent */
	const char *content_type, *content_encoding; /* NULL: absent */
	uint8_t address[16]; /* the client's; only the first half of IPv6 */
	int body_fd;         /* of a route that takes one; borrowed */
	void *arg;           /* of the configuration */
};

/* The caller of a route zeroes it, and releases the body. */
struct http_reply {
	unsigned int status;     /* 0: by what was returned */
	const char *type;        /* NULL: the route's */
	const char *vary;        /* what it depends on; or NULL */
	const char *retry_after; /* seconds, or NULL */
	char location[96];       /* of a redirection; "": none */
	struct strbuf body;
};

/* What a browser or a cache may keep of a successful answer. */
enum http_keep {
	HTTP_REVALIDATE, /* it asks each time, and gets 304 for the same bytes */
	HTTP_NO_STORE,   /* of this moment */
	HTTP_ASSET,      /* a day */
};

/*
 * METHOD is GET, which includes HEAD, or POST, which takes a body. One '*' in
 * PATTERN matches one part of the path; the first match wins.
 */
struct http_route {
	const char *method;
	const char *pattern;
	const char *type;
	const void *answer; /* the configuration's own: what CALL makes of it */
	enum http_keep keep;
};

struct http_config {
	const char *listen; /* "127.0.0.1:8080", "[::1]:0" */
	unsigned int timeout_s;
	const struct http_route *routes; /* one without a pattern ends them */
	uint64_t max_upload_bytes;       /* of what is sent with POST */
	const char *cert, *key;          /* PEM; NULL: without TLS */
	const char
		*hosts; /* names of this server, by commas; or NULL (hosts.h) */
	const char *style; /* the text of the pages' style element; or NULL */
	/* Access check, before the body is read. */
	int (*admit)(void *arg, const struct http_route *route,
		     const struct http_request *rq, struct err *err);
	/* Opens a file for a body; http closes it. Or an error. */
	int (*open_body)(void *arg, struct err *err);
	/*
	 * Answers a route. The client gets its error: -EINVAL as 400, -EACCES
	 * 401, -EPERM 403, -ENOENT 404, -ENOTSUP 415, -EAGAIN and -EDQUOT 429
	 * for a minute and a second, -ENOSPC 507, all else as 503. Several threads call it at
	 * once.
	 */
	int (*call)(void *arg, const struct http_route *route,
		    const struct http_request *rq, struct http_reply *re,
		    struct err *err);
	/* Writes the error body of RE, which has its status, as TYPE. */
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

/* The number of answers so far whose status begins with that digit. */
uint64_t http_reply_count(const struct http *http, unsigned int digit);

#endif
