// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/http.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/query.h"
#include "reports/html.h"
#include "reports/html_parts.h"

#define THREAD_COUNT 4
#define MAX_CONNECTIONS 256
#define MAX_CONNECTIONS_EACH 32
/* Of one connection: its address and headers must fit. */
#define CONNECTION_BYTES (32 * KIB)
/* Of a request that needs no body at all. */
#define MAX_BODY_BYTES (64 * KIB)

struct http {
	struct http_config cfg;
	struct MHD_Daemon *daemon;
	char url[128];
	atomic_uint_fast64_t reply_counts[6]; /* no order is needed */
};

/* One request, from its address to the end of its answer. */
struct exchange {
	struct query query;
	struct err err; /* of the address */
	uint64_t body_bytes;
	bool is_begun;
};

static const struct {
	const char *name, *value;
} headers[] = {
	{"X-Content-Type-Options", "nosniff"},
	{"Content-Security-Policy",
	 "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;"
	 " connect-src 'self'; script-src 'self'"},
	{"Referrer-Policy", "no-referrer"},
	{"Cache-Control", "no-store"},
};

/* Borrowed of PATH is what the '*' stands for; NULL: they do not match. */
static bool matches(const char *pattern, const char *path, char *item,
		    size_t size)
{
	size_t head = strcspn(pattern, "*");
	size_t tail, len = strlen(path);

	item[0] = '\0';
	if (!pattern[head])
		return !strcmp(pattern, path);
	tail = strlen(pattern + head + 1);
	if (len <= head + tail || len - head - tail >= size ||
	    strncmp(pattern, path, head) ||
	    strcmp(pattern + head + 1, path + len - tail))
		return false;
	snprintf(item, size, "%.*s", (int)(len - head - tail), path + head);
	return !strchr(item, '/');
}

/* NULL: no route has that path; *IS_PATH: one has it, for another method. */
static const struct http_route *find(const struct http *h, const char *method,
				     const char *path, char *item, size_t size,
				     bool *is_path)
{
	const struct http_route *r;

	if (!strcmp(method, "HEAD"))
		method = "GET";
	*is_path = false;
	for (r = h->cfg.routes; r->pattern; r++) {
		if (!matches(r->pattern, path, item, size))
			continue;
		*is_path = true;
		if (!strcmp(r->method, method))
			return r;
	}
	return NULL;
}

static unsigned int status_of(int ret)
{
	if (ret == -EINVAL)
		return MHD_HTTP_BAD_REQUEST;
	return ret == -ENOENT ? MHD_HTTP_NOT_FOUND
			      : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* What went wrong, in the form that was asked for. */
static void write_error(struct http_reply *re, bool is_json, const char *reason)
{
	strbuf_release(&re->body);
	re->type = is_json ? HTTP_JSON : HTTP_HTML;
	if (is_json) {
		json_t *o = json_pack("{s:s}", "error", reason);
		char *text = json_dumps(o, JSON_COMPACT);

		strbuf_printf(&re->body, "%s\n", text ? text : "{}");
		free(text);
		json_decref(o);
		return;
	}
	html_begin(&re->body, "l1vh-bench");
	strbuf_printf(&re->body, "<h1>%u</h1>\n", re->status);
	html_cell(&re->body, "<p>", reason,
		  "</p>\n<p><a href=\"/\">all runs</a></p>\n");
	html_end(&re->body);
}

static enum MHD_Result send_reply(struct http *h, struct MHD_Connection *c,
				  const struct http_reply *re)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		re->body.len, (void *)strbuf_str(&re->body),
		MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ret;
	size_t i;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, re->type);
	for (i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(r, headers[i].name, headers[i].value);
	if (re->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	/* What is still to come of a body would be taken for a request. */
	if (re->status == MHD_HTTP_METHOD_NOT_ALLOWED ||
	    re->status == MHD_HTTP_CONTENT_TOO_LARGE)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	atomic_fetch_add_explicit(&h->reply_counts[re->status / 100 % 6], 1,
				  memory_order_relaxed);
	ret = MHD_queue_response(c, re->status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result refuse(struct http *h, struct MHD_Connection *c,
			      const char *path, unsigned int status,
			      const char *reason)
{
	struct http_reply re = {.status = status};
	enum MHD_Result ret;

	write_error(&re, path && !strncmp(path, "/api/", 5), reason);
	ret = send_reply(h, c, &re);
	strbuf_release(&re.body);
	return ret;
}

static enum MHD_Result answer(struct http *h, struct MHD_Connection *c,
			      const struct http_route *route,
			      const struct http_request *rq)
{
	struct http_reply re = {.type = route->type};
	struct err err = {0};
	int ret = h->cfg.call(h->cfg.arg, route, rq, &re, &err);
	enum MHD_Result sent;

	if (ret) {
		if (!re.status)
			re.status = status_of(ret);
		write_error(&re, !strcmp(route->type, HTTP_JSON), err.msg);
	} else if (!re.status) {
		re.status = MHD_HTTP_OK;
	}
	sent = send_reply(h, c, &re);
	strbuf_release(&re.body);
	return sent;
}

static uint64_t announced_bytes(struct MHD_Connection *c)
{
	const char *length = MHD_lookup_connection_value(
		c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length ? strtoull(length, NULL, 10) : 0;
}

/* Before its body has been read: what needs not be read to be refused. */
static enum MHD_Result begin(struct http *h, struct MHD_Connection *c,
			     const char *method, const struct exchange *x)
{
	bool is_path;
	char item[64];

	if (announced_bytes(c) > MAX_BODY_BYTES)
		return refuse(h, c, x->query.path, MHD_HTTP_CONTENT_TOO_LARGE,
			      "the body is too large");
	if (x->query.path &&
	    !find(h, method, x->query.path, item, sizeof(item), &is_path) &&
	    is_path)
		return refuse(h, c, x->query.path, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "this address does not take that method");
	return MHD_YES;
}

static enum MHD_Result finish(struct http *h, struct MHD_Connection *c,
			      const char *method, struct exchange *x)
{
	struct http_request rq = {.query = &x->query};
	const struct http_route *route;
	bool is_path;
	char item[64];

	if (!x->query.path)
		return refuse(h, c, NULL, MHD_HTTP_BAD_REQUEST, x->err.msg);
	route = find(h, method, x->query.path, item, sizeof(item), &is_path);
	rq.item = item;
	return route ? answer(h, c, route, &rq)
		     : refuse(h, c, x->query.path, MHD_HTTP_NOT_FOUND,
			      "there is no such page");
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *size, void **context)
{
	struct exchange *x = *context;

	(void)url;
	(void)version;
	(void)data;
	if (!x)
		return MHD_NO;
	if (!x->is_begun) {
		x->is_begun = true;
		return begin(cls, c, method, x);
	}
	if (!*size)
		return finish(cls, c, method, x);
	/* Of a length that nobody announced. */
	x->body_bytes += *size;
	*size = 0;
	return x->body_bytes > MAX_BODY_BYTES ? MHD_NO : MHD_YES;
}

/* The address as it was sent: what libmicrohttpd makes of it forgives more
 * than query_parse() does. */
static void *on_address(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	(void)cls;
	(void)c;
	query_parse(uri, &x->query, &x->err);
	return x;
}

static void on_end(void *cls, struct MHD_Connection *c, void **context,
		   enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *context;

	(void)cls;
	(void)c;
	(void)code;
	if (x)
		query_release(&x->query);
	free(x);
	*context = NULL;
}

/* "ADDR:PORT" in two; an address of IPv6 is in brackets. */
static int split(const char *text, char *address, size_t size,
		 const char **port, struct err *err)
{
	const char *colon = strrchr(text, ':');
	bool is_v6 = *text == '[';
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (is_v6 && len >= 2 && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (is_v6 || (len && memchr(text, ':', len))) {
		len = 0;
	}
	if (!len || len >= size || !colon[1])
		return err_set(err, -EINVAL,
			       "'%s' is no address to listen on: "
			       "127.0.0.1:8080, [::1]:8080",
			       text);
	snprintf(address, size, "%.*s", (int)len, text);
	*port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *ai)
{
	const int on = 1;
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, SOMAXCONN))
		return fd;
	close(fd);
	return -errno;
}

static int listen_on(struct http *h, int *fd, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICHOST |
						   AI_NUMERICSERV};
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char address[64], number[16];
	struct addrinfo *ai;
	const char *port = NULL;
	int ret = split(h->cfg.listen, address, sizeof(address), &port, err);

	if (ret)
		return ret;
	ret = getaddrinfo(address, port, &hints, &ai);
	if (ret)
		return err_set(err, -EINVAL, "cannot listen on '%s': %s",
			       h->cfg.listen, gai_strerror(ret));
	*fd = bind_to(ai);
	freeaddrinfo(ai);
	if (*fd < 0)
		return err_sys(err, *fd, "cannot listen on '%s'",
			       h->cfg.listen);
	getsockname(*fd, (struct sockaddr *)&bound, &len);
	getnameinfo((struct sockaddr *)&bound, len, NULL, 0, number,
		    sizeof(number), NI_NUMERICSERV);
	snprintf(h->url, sizeof(h->url),
		 strchr(address, ':') ? "http://[%s]:%s/" : "http://%s:%s/",
		 address, number);
	return 0;
}

int http_start(const struct http_config *cfg, struct http **out,
	       struct err *err)
{
	struct http *h = xcalloc(1, sizeof(*h));
	int fd = -1;
	int ret;

	h->cfg = *cfg;
	ret = listen_on(h, &fd, err);
	if (ret)
		goto fail;
	h->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL,
		on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned int)THREAD_COUNT,
		MHD_OPTION_CONNECTION_TIMEOUT, cfg->timeout_s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)MAX_CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned int)MAX_CONNECTIONS_EACH,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, on_address, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
	if (!h->daemon) {
		close(fd);
		ret = err_set(err, -EIO, "cannot start a server on '%s'",
			      cfg->listen);
		goto fail;
	}
	*out = h;
	return 0;

fail:
	http_stop(h);
	return ret;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	free(http);
}

const char *http_url(const struct http *http)
{
	return http->url;
}

uint64_t http_reply_count(const struct http *http, unsigned int digit)
{
	return atomic_load_explicit(&http->reply_counts[digit],
				    memory_order_relaxed);
}
