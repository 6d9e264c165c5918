// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/serve/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/cache.h"
#include "harness/base/err.h"
#include "harness/base/xmalloc.h"
#include "harness/serve/deadlines.h"
#include "harness/serve/entity.h"
#include "harness/serve/gate.h"
#include "harness/serve/hosts.h"
#include "harness/serve/listener.h"
#include "harness/serve/query.h"
#include "harness/serve/reply_head.h"
#include "harness/serve/routes.h"
#include "harness/serve/wire.h"

/* Each has a thread, so a slow client or request delays no other. */
#define MAX_CONNECTIONS 256
#define MAX_CONNECTIONS_EACH 64
/* Less than a huge page, which the kernel would back a larger one with. */
#define STACK_BYTES (1 * MIB)
/* Memory per connection: the address and the headers must fit. */
#define CONNECTION_BYTES (32 * KIB)
/* For a request whose body is not used. */
#define MAX_BODY_BYTES (64 * KIB)
/* Of compressed answers, about a tenth of what they are of. */
#define PACKED_BYTES (8 * MIB)
/* A client that sends something all the time, but little, has so much more. */
#define GRACE_FACTOR 2

/*
 * Version 1 is strict itself, and moves what it parses. The strict option of
 * those before it refuses two things that wire_check() refuses as well, but it
 * answers a request without Host twice.
 */
static bool is_old_library(void)
{
	return !strncmp(MHD_get_version(), "0.", 2);
}

struct http {
	struct http_config cfg;
	struct MHD_Daemon *daemon;
	char url[128], policy[REPLY_POLICY_BYTES];
	struct hosts hosts;
	struct cache *packed;        /* owned; by what they are packed of */
	struct deadlines *deadlines; /* owned */
	atomic_uint_fast64_t reply_counts[6]; /* no order is needed */
};

/* One request, from its address to the end of its answer. */
struct exchange {
	struct http_request rq;
	struct query query;
	struct wire wire;
	struct deadline *deadline; /* of the connection */
	struct routed routed;
	struct strbuf accept;
	struct entity entity;
	uint64_t body_bytes;
	bool is_begun;
	int ret;        /* of what went wrong so far */
	struct err err; /* with it */
};

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
		{-ENOTSUP, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE},
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

/* RE is released. IS_LAST: a body may still be to come, which would be taken
 * for the next request. */
static enum MHD_Result send_reply(struct http *h, struct MHD_Connection *c,
				  struct exchange *x, struct http_reply *re,
				  bool is_last)
{
	/* strbuf's bytes are for free(); without any there is nothing to. */
	struct MHD_Response *r = MHD_create_response_from_buffer(
		re->body.len, re->body.str,
		re->body.str ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	const struct reply_head head = {.reply = re,
					.route = x->routed.route,
					.entity = &x->entity,
					.allow = x->routed.allow,
					.policy = h->policy,
					.is_last = is_last};
	enum MHD_Result ret = MHD_NO;

	if (r) {
		deadline_set(x->deadline, re->body.len);
		re->body = (struct strbuf){0};
		reply_head_add(r, &head);
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
	if (x->routed.route)
		return !strcmp(x->routed.route->type, HTTP_JSON);
	return x->query.path && !strncmp(x->query.path, "/api/", 5);
}

static enum MHD_Result refuse_request(struct http *h, struct MHD_Connection *c,
				      struct exchange *x, struct http_reply *re,
				      bool is_last)
{
	if (!re->status)
		re->status = status_of(x->ret);
	if (re->status == MHD_HTTP_TOO_MANY_REQUESTS)
		re->retry_after = x->ret == -EDQUOT ? "1" : "60";
	strbuf_release(&re->body);
	h->cfg.write_error(x->err.msg, wants_json(x) ? HTTP_JSON : HTTP_HTML,
			   re);
	x->entity = (struct entity){.is_gzip = false};
	return send_reply(h, c, x, re, is_last);
}

static uint64_t announced_bytes(const struct exchange *x)
{
	const char *length = wire_get(&x->wire, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length ? strtoull(length, NULL, 10) : 0;
}

static bool has_chunks(const struct exchange *x)
{
	return wire_get(&x->wire, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
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

static enum MHD_Result add_field(void *cls, enum MHD_ValueKind kind,
				 const char *name, const char *value)
{
	(void)kind;
	wire_add(cls, name, value);
	return MHD_YES;
}

static void take_head(struct MHD_Connection *c, const char *method,
		      const char *version, struct wire *w)
{
	w->method = method;
	w->version = version;
	w->is_in_place = is_old_library();
	w->bytes = MHD_get_connection_info(
			   c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
			   ->header_size;
	MHD_get_connection_values(c, MHD_HEADER_KIND, add_field, w);
}

static void take_request(const struct http *h, struct MHD_Connection *c,
			 struct exchange *x)
{
	struct http_request *rq = &x->rq;

	rq->query = &x->query;
	rq->item = x->routed.item;
	rq->arg = h->cfg.arg;
	rq->authorization = wire_get(&x->wire, MHD_HTTP_HEADER_AUTHORIZATION);
	rq->content_type = wire_get(&x->wire, MHD_HTTP_HEADER_CONTENT_TYPE);
	rq->content_encoding =
		wire_get(&x->wire, MHD_HTTP_HEADER_CONTENT_ENCODING);
	wire_join(&x->wire, MHD_HTTP_HEADER_ACCEPT, &x->accept);
	rq->accept = x->accept.str;
	take_address(c, rq->address);
}

static int open_body(struct http *h, struct exchange *x)
{
	if (strcmp(x->routed.route->method, MHD_HTTP_METHOD_POST))
		return 0;
	x->rq.body_fd = h->cfg.open_body(h->cfg.arg, &x->err);
	if (x->rq.body_fd >= 0)
		return 0;
	/* The server process lacks the permission, not the client. */
	return x->rq.body_fd == -ENOSPC ? -ENOSPC : -EIO;
}

static int admit(struct http *h, struct exchange *x)
{
	int ret = h->cfg.admit(h->cfg.arg, x->routed.route, &x->rq, &x->err);

	if (!ret)
		ret = open_body(h, x);
	if (!ret && announced_bytes(x) > max_bytes(h, x))
		ret = err_set(&x->err, -EFBIG, "the body is too large");
	return ret;
}

/* Checks that need no body run before it is read. */
static enum MHD_Result begin_request(struct http *h, struct MHD_Connection *c,
				     const char *method, struct exchange *x)
{
	struct http_reply re = {.status = 0};
	struct err err = {0};
	int ret = gate_check(&h->hosts, &x->wire, &x->query, &re.status, &err);

	take_request(h, c, x);
	deadline_set(x->deadline, announced_bytes(x));
	if (ret) {
		x->ret = ret;
		x->err = err;
	} else {
		/* An address that is none has no path, and its reason already. */
		x->ret = routes_find(h->cfg.routes, method, &x->query,
				     &x->routed, &x->err);
		re.status = x->routed.status;
		if (!x->ret && x->routed.route)
			x->ret = admit(h, x);
	}
	if (x->ret)
		return refuse_request(h, c, x, &re, true);
	return x->routed.route ? MHD_YES : send_reply(h, c, x, &re, true);
}

/* RFC 9110, 13.2.2; there are no dates to compare. */
static int check_conditions(struct exchange *x, struct http_reply *re)
{
	struct strbuf known = {0}, wanted = {0};
	int ret = 0;

	wire_join(&x->wire, MHD_HTTP_HEADER_IF_MATCH, &wanted);
	wire_join(&x->wire, MHD_HTTP_HEADER_IF_NONE_MATCH, &known);
	if (wanted.len && !entity_is_wanted(wanted.str, x->entity.tag)) {
		re->status = MHD_HTTP_PRECONDITION_FAILED;
		ret = err_set(&x->err, -EINVAL,
			      "the page is not the one of If-Match");
	} else if (known.len && entity_is_known(known.str, x->entity.tag)) {
		re->status = MHD_HTTP_NOT_MODIFIED;
	}
	strbuf_release(&known);
	strbuf_release(&wanted);
	return ret;
}

/* The form in which the client gets it. A body of 304 is only measured. */
static int dress(struct http *h, struct exchange *x, struct http_reply *re)
{
	bool is_kept = x->routed.route->keep != HTTP_NO_STORE;
	struct strbuf codings = {0};

	if (re->status != MHD_HTTP_OK || !route_is_get(x->routed.route))
		return 0;
	wire_join(&x->wire, MHD_HTTP_HEADER_ACCEPT_ENCODING, &codings);
	entity_make(is_kept ? h->packed : NULL, accept_coding(codings.str),
		    &re->body, &x->entity);
	strbuf_release(&codings);
	return is_kept ? check_conditions(x, re) : 0;
}

/* Where chunks end is what readers disagree about most: nothing that comes
 * behind them is taken for a request. */
static enum MHD_Result finish(struct http *h, struct MHD_Connection *c,
			      struct exchange *x)
{
	struct http_reply re = {.type = x->routed.route->type};

	deadline_clear(x->deadline);
	if (!x->ret)
		x->ret = h->cfg.call(h->cfg.arg, x->routed.route, &x->rq, &re,
				     &x->err);
	if (!x->ret && !re.status)
		re.status = MHD_HTTP_OK;
	if (!x->ret)
		x->ret = dress(h, x, &re);
	if (x->ret)
		return refuse_request(h, c, x, &re, has_chunks(x));
	return send_reply(h, c, x, &re, has_chunks(x));
}

/* What does not fit is read all the same: an answer is possible only behind
 * it. But not without an end. */
static enum MHD_Result take_body(struct http *h, struct exchange *x,
				 const char *data, size_t size)
{
	uint64_t max = max_bytes(h, x);

	x->body_bytes += size;
	if (has_chunks(x))
		deadline_extend(x->deadline, size);
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
	if (!x)
		return MHD_NO;
	if (!x->is_begun) {
		x->is_begun = true;
		take_head(c, method, version, &x->wire);
		return begin_request(cls, c, method, x);
	}
	*size = 0;
	/* Behind 100 (Continue) a piece of a body may be empty. */
	return data ? take_body(cls, x, data, len) : finish(cls, c, x);
}

/* The address as it was sent: what libmicrohttpd makes of it forgives more
 * than query_parse() does. */
static void *on_address(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	(void)cls;
	x->deadline =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			->socket_context;
	x->wire.target = uri;
	x->wire.target_len = strlen(uri);
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
		deadline_set(x->deadline, 0);
		query_release(&x->query);
		strbuf_release(&x->accept);
		wire_release(&x->wire);
	}
	free(x);
	*context = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *h = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		int fd = MHD_get_connection_info(
				 c, MHD_CONNECTION_INFO_CONNECTION_FD)
				 ->connect_fd;

		*context = deadline_add(h->deadlines, fd);
		deadline_set(*context, 0);
	} else {
		deadline_remove(*context);
	}
}

/* The library takes bytes of the address apart where they stand, and its own
 * decoding would move those behind: query_parse() does it. */
static size_t keep_escapes(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strlen(text);
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
		MHD_OPTION_STRICT_FOR_CLIENT, is_old_library() ? 0 : 1,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, on_address, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_ARRAY,
		h->cfg.cert ? tls : tls + ARRAY_SIZE(tls) - 1, MHD_OPTION_END);
}

/* With TLS, a certificate that has none of the names is what protects. */
static void init_hosts(struct http *h, bool is_loopback)
{
	enum hosts_check check = is_loopback ? HOSTS_ALL : HOSTS_BROWSERS;

	hosts_init(&h->hosts, h->cfg.hosts, h->cfg.cert ? HOSTS_ANY : check);
}

int http_start(const struct http_config *cfg, struct http **out,
	       struct err *err)
{
	struct http *h = xcalloc(1, sizeof(*h));
	struct listener listener = {.fd = -1};
	int ret = cfg->hosts ? hosts_check_list(cfg->hosts, err) : 0;

	h->cfg = *cfg;
	reply_policy(cfg->style, h->policy);
	h->packed = cache_create(PACKED_BYTES);
	if (!ret)
		ret = deadlines_start(GRACE_FACTOR * cfg->timeout_s,
				      &h->deadlines, err);
	if (!ret)
		ret = listener_open(cfg->listen, &listener, err);
	if (ret)
		goto fail;
	snprintf(h->url, sizeof(h->url), "%s://%s/",
		 cfg->cert ? "https" : "http", listener.at);
	init_hosts(h, listener.is_loopback);
	h->daemon = start_daemon(h, listener.fd);
	if (!h->daemon) {
		close(listener.fd);
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
	deadlines_stop(http->deadlines);
	cache_destroy(http->packed);
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
