// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/units.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/query.h"

/* Each has a thread, so a slow client or request delays no other. */
#define MAX_CONNECTIONS 256
#define MAX_CONNECTIONS_EACH 64
/* Less than a huge page, which the kernel would back a larger one with. */
#define STACK_BYTES (1 * MIB)
/* Memory per connection: the address and the headers must fit. */
#define CONNECTION_BYTES (32 * KIB)
/* For a request whose body is not used. */
#define MAX_BODY_BYTES (64 * KIB)
/* A name of a node has up to 253. */
#define HTTP_ITEM_BYTES 256

struct http {
	struct http_config cfg;
	struct MHD_Daemon *daemon;
	char url[128];
	atomic_uint_fast64_t reply_counts[6]; /* no order is needed */
};

/* One request, from its address to the end of its answer. */
struct exchange {
	struct http_request rq;
	struct query query;
	const struct http_route *route; /* NULL: there is none */
	char item[HTTP_ITEM_BYTES];
	struct strbuf accept;
	uint64_t body_bytes;
	bool is_begun;
	int ret;        /* of what went wrong so far */
	struct err err; /* with it */
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

/* ITEM is what the '*' stands for. */
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

/* NULL: there is none; *OTHER has that path, for another method. */
static const struct http_route *find_route(const struct http *h,
					   const char *method, const char *path,
					   char *item, size_t size,
					   const struct http_route **other)
{
	const struct http_route *r;

	if (!strcmp(method, MHD_HTTP_METHOD_HEAD))
		method = MHD_HTTP_METHOD_GET;
	for (r = h->cfg.routes; r->pattern; r++) {
		if (!matches(r->pattern, path, item, size))
			continue;
		if (!strcmp(r->method, method))
			return r;
		*other = r;
	}
	return NULL;
}

static unsigned int status_of(int ret)
{
	static const struct {
		int ret;
		unsigned int status;
	} known[] = {
		{-EINVAL, MHD_HTTP_BAD_REQUEST},
		{-EACCES, MHD_HTTP_UNAUTHORIZED},
		{-EPERM, MHD_HTTP_FORBIDDEN},
		{-ENOENT, MHD_HTTP_NOT_FOUND},
		{-EFBIG, MHD_HTTP_CONTENT_TOO_LARGE},
		{-EAGAIN, MHD_HTTP_TOO_MANY_REQUESTS},
		{-EDQUOT, MHD_HTTP_TOO_MANY_REQUESTS},
		{-ENOSPC, MHD_HTTP_INSUFFICIENT_STORAGE},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].ret == ret)
			return known[i].status;
	return MHD_HTTP_SERVICE_UNAVAILABLE;
}

static void add_headers(struct MHD_Response *r, const struct http_reply *re,
			bool is_last)
{
	size_t i;

	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, re->type);
	for (i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(r, headers[i].name, headers[i].value);
	if (re->header)
		MHD_add_response_header(r, re->header, re->value);
	if (re->location[0])
		MHD_add_response_header(r, MHD_HTTP_HEADER_LOCATION,
					re->location);
	if (re->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
					"Bearer");
	if (re->retry_after)
		MHD_add_response_header(r, MHD_HTTP_HEADER_RETRY_AFTER,
					re->retry_after);
	if (is_last)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* RE is released. IS_LAST: a body may still be to come, which would be taken
 * for the next request. */
static enum MHD_Result send_reply(struct http *h, struct MHD_Connection *c,
				  struct http_reply *re, bool is_last)
{
	/* strbuf's bytes are for free(); without any there is nothing to. */
	struct MHD_Response *r = MHD_create_response_from_buffer(
		re->body.len, re->body.str,
		re->body.str ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	enum MHD_Result ret = MHD_NO;

	if (r) {
		re->body = (struct strbuf){0};
		add_headers(r, re, is_last);
		atomic_fetch_add_explicit(
			&h->reply_counts[re->status / 100 % 6], 1,
			memory_order_relaxed);
		ret = MHD_queue_response(c, re->status, r);
		MHD_destroy_response(r);
	}
	strbuf_release(&re->body);
	return ret;
}

static bool wants_json(const struct exchange *x)
{
	if (x->route)
		return !strcmp(x->route->type, HTTP_JSON);
	return x->query.path && !strncmp(x->query.path, "/api/", 5);
}

static enum MHD_Result refuse_request(struct http *h, struct MHD_Connection *c,
				      const struct exchange *x,
				      struct http_reply *re, bool is_last)
{
	if (!re->status)
		re->status = status_of(x->ret);
	if (re->status == MHD_HTTP_TOO_MANY_REQUESTS)
		re->retry_after = x->ret == -EDQUOT ? "1" : "60";
	strbuf_release(&re->body);
	h->cfg.write_error(x->err.msg, wants_json(x) ? HTTP_JSON : HTTP_HTML,
			   re);
	return send_reply(h, c, re, is_last);
}

static uint64_t announced_bytes(struct MHD_Connection *c)
{
	const char *length = MHD_lookup_connection_value(
		c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length ? strtoull(length, NULL, 10) : 0;
}

static uint64_t max_bytes(const struct http *h, const struct exchange *x)
{
	return x->rq.body_fd >= 0 ? h->cfg.max_upload_bytes : MAX_BODY_BYTES;
}

/* An IPv6 client has a whole network of addresses: count the network. */
static void take_address(struct MHD_Connection *c, uint8_t address[16])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info ? info->client_addr : NULL;

	if (sa && sa->sa_family == AF_INET)
		memcpy(address, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	else if (sa && sa->sa_family == AF_INET6)
		memcpy(address, &((const struct sockaddr_in6 *)sa)->sin6_addr,
		       8);
}

/* Several headers of one name are one list (RFC 9110, 5.3). */
static enum MHD_Result add_accept(void *cls, enum MHD_ValueKind kind,
				  const char *name, const char *value)
{
	struct strbuf *accept = cls;

	(void)kind;
	if (!strcasecmp(name, MHD_HTTP_HEADER_ACCEPT) && value)
		strbuf_printf(accept, "%s%s", accept->len ? "," : "", value);
	return MHD_YES;
}

static int open_body(struct http *h, struct exchange *x)
{
	if (strcmp(x->route->method, MHD_HTTP_METHOD_POST))
		return 0;
	x->rq.body_fd = h->cfg.open_body(h->cfg.arg, &x->err);
	if (x->rq.body_fd >= 0)
		return 0;
	/* The server process lacks the permission, not the client. */
	return x->rq.body_fd == -ENOSPC ? -ENOSPC : -EIO;
}

static int match(const struct http *h, const char *method, struct exchange *x,
		 struct http_reply *re)
{
	const struct http_route *other = NULL;

	x->route = find_route(h, method, x->query.path, x->item,
			      sizeof(x->item), &other);
	if (x->route)
		return 0;
	if (!other)
		return err_set(&x->err, -ENOENT, "there is no such page");
	re->status = MHD_HTTP_METHOD_NOT_ALLOWED;
	re->header = MHD_HTTP_HEADER_ALLOW;
	re->value = strcmp(other->method, MHD_HTTP_METHOD_GET) ? other->method
							       : "GET, HEAD";
	return err_set(&x->err, -EINVAL,
		       "this address does not accept that method");
}

/* Checks that need no body run before it is read. */
static enum MHD_Result begin_request(struct http *h, struct MHD_Connection *c,
				     const char *method, struct exchange *x)
{
	struct http_reply re = {.status = 0};

	x->rq.query = &x->query;
	x->rq.item = x->item;
	x->rq.arg = h->cfg.arg;
	x->rq.authorization = MHD_lookup_connection_value(
		c, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	MHD_get_connection_values(c, MHD_HEADER_KIND, add_accept, &x->accept);
	x->rq.accept = x->accept.str;
	take_address(c, x->rq.address);
	if (!x->ret)
		x->ret = match(h, method, x, &re);
	if (!x->ret)
		x->ret = h->cfg.admit(h->cfg.arg, x->route, &x->rq, &x->err);
	if (!x->ret)
		x->ret = open_body(h, x);
	if (!x->ret && announced_bytes(c) > max_bytes(h, x))
		x->ret = err_set(&x->err, -EFBIG, "the body is too large");
	return x->ret ? refuse_request(h, c, x, &re, true) : MHD_YES;
}

static enum MHD_Result finish(struct http *h, struct MHD_Connection *c,
			      struct exchange *x)
{
	struct http_reply re = {.type = x->route->type};

	if (!x->ret)
		x->ret =
			h->cfg.call(h->cfg.arg, x->route, &x->rq, &re, &x->err);
	if (x->ret)
		return refuse_request(h, c, x, &re, false);
	if (!re.status)
		re.status = MHD_HTTP_OK;
	return send_reply(h, c, &re, false);
}

/* What does not fit is read all the same: an answer is possible only behind
 * it. But not without an end. */
static enum MHD_Result take_body(struct http *h, struct exchange *x,
				 const char *data, size_t size)
{
	uint64_t max = max_bytes(h, x);

	x->body_bytes += size;
	if (x->body_bytes > max && !x->ret)
		x->ret = err_set(&x->err, -EFBIG, "the body is too large");
	while (!x->ret && x->rq.body_fd >= 0 && size) {
		ssize_t n = write(x->rq.body_fd, data, size);

		if (n < 0) {
			x->ret = err_sys(&x->err, -errno,
					 "cannot store the request body");
			break;
		}
		data += n;
		size -= (size_t)n;
	}
	return x->body_bytes > 2 * max ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *size, void **context)
{
	struct exchange *x = *context;
	size_t len = *size;

	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	if (!x->is_begun) {
		x->is_begun = true;
		return begin_request(cls, c, method, x);
	}
	*size = 0;
	return len ? take_body(cls, x, data, len) : finish(cls, c, x);
}

/* The address as it was sent: what libmicrohttpd makes of it forgives more
 * than query_parse() does. */
static void *on_address(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	(void)cls;
	(void)c;
	x->rq.body_fd = -1;
	x->ret = query_parse(uri, &x->query, &x->err);
	return x;
}

static void on_end(void *cls, struct MHD_Connection *c, void **context,
		   enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *context;

	(void)cls;
	(void)c;
	(void)code;
	if (x && x->rq.body_fd >= 0)
		close(x->rq.body_fd);
	if (x) {
		query_release(&x->query);
		strbuf_release(&x->accept);
	}
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
	uint64_t number;

	if (is_v6)
		len = len >= 2 && text[len - 1] == ']' ? len - 2 : 0;
	else if (memchr(text, ':', len))
		len = 0;
	/* getaddrinfo() would take 65536 for 0. */
	if (!len || len >= size ||
	    units_parse_uint(colon + 1, 0, UINT16_MAX, &number, err))
		return err_set(err, -EINVAL,
			       "'%s' is not an address to listen on: "
			       "127.0.0.1:8080, [::1]:8080",
			       text);
	snprintf(address, size, "%.*s", (int)len, text + is_v6);
	*port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *ai)
{
	const int on = 1;
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, SOMAXCONN))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* The port that FD listens on, which was perhaps any. */
static int bound_port(int fd, char *number, size_t size)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);

	if (getsockname(fd, (struct sockaddr *)&bound, &len))
		return -errno;
	return getnameinfo((struct sockaddr *)&bound, len, NULL, 0, number,
			   (socklen_t)size, NI_NUMERICSERV)
		       ? -EIO
		       : 0;
}

static int listen_on(struct http *h, int *fd, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICHOST |
						   AI_NUMERICSERV};
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
	ret = *fd < 0 ? *fd : bound_port(*fd, number, sizeof(number));
	if (ret) {
		if (*fd >= 0)
			close(*fd);
		return err_sys(err, ret, "cannot listen on '%s'",
			       h->cfg.listen);
	}
	snprintf(h->url, sizeof(h->url),
		 strchr(address, ':') ? "%s://[%s]:%s/" : "%s://%s:%s/",
		 h->cfg.cert ? "https" : "http", address, number);
	return 0;
}

static struct MHD_Daemon *start_daemon(struct http *h, int fd)
{
	/* Nothing older than TLS 1.2, as RFC 9325 asks. */
	static const char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3"
				       ":+VERS-TLS1.2";
	const unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD |
				   MHD_USE_THREAD_PER_CONNECTION |
				   MHD_USE_POLL | MHD_USE_ITC;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)h->cfg.cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)h->cfg.key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)versions},
		{MHD_OPTION_END, 0, NULL}};

	return MHD_start_daemon(
		flags | (h->cfg.cert ? MHD_USE_TLS : 0), 0, NULL, NULL,
		on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, h->cfg.timeout_s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)MAX_CONNECTIONS,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned int)MAX_CONNECTIONS_EACH,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, on_address, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_ARRAY,
		h->cfg.cert ? tls : tls + ARRAY_SIZE(tls) - 1, MHD_OPTION_END);
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
	h->daemon = start_daemon(h, fd);
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
