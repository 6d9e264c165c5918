// SPDX-License-Identifier: GPL-3.0-or-later
/* http: a server with routes of its own, whose answers fail in every way. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/serve/http.h"
#include "harness/serve/query.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/web.h"
#include "tests/unit/fixture/scratch.h"

#define UPLOAD_BYTES (200 * KIB)

/* What the server is to do; only the test's thread sets it. */
struct fixture {
	struct http *http;
	int admit_ret;
	int open_ret;     /* below 0: no file for a body */
	bool is_readonly; /* a file that cannot be written */
	int call_ret;
	struct http_reply reply;
	atomic_int open_count, call_count;
};

static int admit(void *arg, const struct http_route *route,
		 const struct http_request *rq, struct err *err)
{
	const struct fixture *f = arg;

	(void)route;
	(void)rq;
	return f->admit_ret ? err_set(err, f->admit_ret, "not <you>") : 0;
}

static int open_body(void *arg, struct err *err)
{
	struct fixture *f = arg;
	char path[] = "/tmp/l1vh-http-XXXXXX";
	int fd;

	atomic_fetch_add(&f->open_count, 1);
	if (f->open_ret)
		return err_set(err, f->open_ret, "no room");
	fd = f->is_readonly ? open("/dev/null", O_RDONLY | O_CLOEXEC)
			    : mkostemp(path, O_CLOEXEC);
	if (!f->is_readonly)
		unlink(path);
	return fd;
}

/* The bytes of a body, by their count and a sum. */
static void tell_body(int fd, struct strbuf *out)
{
	uint8_t buf[4096];
	uint64_t sum = 0;
	off_t at = 0;
	ssize_t n, i;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		for (i = 0; i < n; i++)
			sum = sum * 31 + buf[i];
		at += n;
	}
	strbuf_printf(out, " body %lld %llu", (long long)at,
		      (unsigned long long)sum);
}

static int call(void *arg, const struct http_route *route,
		const struct http_request *rq, struct http_reply *re,
		struct err *err)
{
	struct fixture *f = arg;
	size_t i;

	atomic_fetch_add(&f->call_count, 1);
	*re = (struct http_reply){.status = f->reply.status,
				  .type = route->type,
				  .vary = f->reply.vary};
	snprintf(re->location, sizeof(re->location), "%s", f->reply.location);
	if (!strcmp(route->pattern, "/empty"))
		return 0;
	strbuf_printf(&re->body, "<%s %s [%s]", route->method, route->pattern,
		      rq->item);
	if (rq->authorization)
		strbuf_printf(&re->body, " auth %s", rq->authorization);
	strbuf_puts(&re->body, " from ");
	for (i = 0; i < sizeof(rq->address); i++)
		strbuf_printf(&re->body, "%02x", rq->address[i]);
	if (rq->body_fd >= 0)
		tell_body(rq->body_fd, &re->body);
	if (f->call_ret)
		return err_set(err, f->call_ret, "failed <so>");
	return 0;
}

static void write_error(const char *reason, const char *type,
			struct http_reply *re)
{
	re->type = type;
	strbuf_printf(&re->body, "error %s", reason);
}

static const struct http_route routes[] = {
	{"GET", "/", HTTP_HTML, NULL, HTTP_REVALIDATE},
	{"GET", "/a/*.json", HTTP_JSON, NULL, HTTP_REVALIDATE},
	{"GET", "/a/*", HTTP_HTML, NULL, HTTP_REVALIDATE},
	{"GET", "/x/*/y", HTTP_TEXT, NULL, HTTP_NO_STORE},
	{"GET", "/empty", HTTP_TEXT, NULL, HTTP_REVALIDATE},
	{"GET", "/asset", HTTP_TEXT, NULL, HTTP_ASSET},
	{"POST", "/up", HTTP_JSON, NULL, HTTP_REVALIDATE},
	{"POST", "/both", HTTP_JSON, NULL, HTTP_REVALIDATE},
	{"GET", "/both", HTTP_TEXT, NULL, HTTP_REVALIDATE},
	{0},
};

static int start_on(struct fixture *f, const char *listen)
{
	const struct http_config cfg = {.listen = listen,
					.timeout_s = 1,
					.routes = routes,
					.max_upload_bytes = UPLOAD_BYTES,
					.admit = admit,
					.open_body = open_body,
					.call = call,
					.write_error = write_error,
					.arg = f};
	struct err err = {0};

	return http_start(&cfg, &f->http, &err);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return start_on(*state, "127.0.0.1:0");
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	http_stop(f->http);
	free(f);
	return 0;
}

static int get(const struct fixture *f, const char *target, struct strbuf *out)
{
	return web_ask(http_url(f->http), "GET", target, out);
}

#define SIXTY "012345678901234567890123456789012345678901234567890123456789"
/* As long as a part of an address may be. */
#define LONG SIXTY SIXTY SIXTY SIXTY "abcdefghijklmno"

static void the_first_pattern_that_fits_answers(void **state)
{
	static const struct {
		const char *target, *words; /* NULL: no such page */
	} cases[] = {
		{"/", "<GET / []"},
		{"/?a=b", "<GET / []"},
		{"//", NULL},
		{"/a", NULL},
		{"/a/", NULL},
		{"/a/b", "<GET /a/* [b]"},
		{"/a/b/", NULL},
		{"/a/b/c", NULL},
		{"/a/b.json", "<GET /a/*.json [b]"},
		{"/a/.json", "<GET /a/* [.json]"},
		{"/a/b.json.json", "<GET /a/*.json [b.json]"},
		{"/a/b.jso", "<GET /a/* [b.jso]"},
		{"/a/%2a", "<GET /a/* [*]"},
		{"/a/b%2fc", NULL},
		{"/a/" LONG, "[" LONG "]"},
		{"/a/" LONG "p", NULL},
		{"/a/" SIXTY "abc.json", "<GET /a/*.json [" SIXTY "abc]"},
		{"/x/1/y", "<GET /x/*/y [1]"},
		{"/x//y", NULL},
		{"/x/y", NULL},
		{"/x/1/2/y", NULL},
		{"/x/1/yy", NULL},
		{"/up/", NULL},
	};
	struct fixture *f = *state;
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = get(f, cases[i].target, &out);

		if (status != (cases[i].words ? 200 : 404))
			fail_msg("%s: %d", cases[i].target, status);
		if (cases[i].words)
			assert_contains(web_body(&out), cases[i].words);
	}
	strbuf_release(&out);
}

static void errors_have_their_status(void **state)
{
	static const struct {
		int ret, status;
		const char *header;
	} cases[] = {
		{-EINVAL, 400, "Content-Type: text/html"},
		{-EACCES, 401, "WWW-Authenticate: Bearer\r\n"},
		{-EPERM, 403, "X-Content-Type-Options: nosniff\r\n"},
		{-ENOENT, 404, "Content-Security-Policy: "},
		{-EFBIG, 413, "Cache-Control: no-store\r\n"},
		{-EAGAIN, 429, "Retry-After: 60\r\n"},
		{-EDQUOT, 429, "Retry-After: 1\r\n"},
		{-ENOSPC, 507, "Referrer-Policy: no-referrer\r\n"},
		{-EIO, 503, "Content-Type: text/html"},
		{-EBUSY, 503, "Content-Length: 17\r\n"},
	};
	struct fixture *f = *state;
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		f->call_ret = cases[i].ret;
		assert_int_equal(get(f, "/", &out), cases[i].status);
		assert_contains(out.str, cases[i].header);
		/* Nothing of what the route had written before it failed. */
		assert_string_equal(web_body(&out), "error failed <so>");
		/* The same before anything is read of a body. */
		f->call_ret = 0;
		f->admit_ret = cases[i].ret;
		assert_int_equal(
			web_ask(http_url(f->http), "POST", "/up", &out),
			cases[i].status);
		assert_contains(out.str, "Content-Type: application/json\r\n");
		assert_string_equal(web_body(&out), "error not <you>");
		f->admit_ret = 0;
	}
	assert_int_equal(f->open_count, 0);
	assert_int_equal(f->call_count, ARRAY_SIZE(cases));
	strbuf_release(&out);
}

static void an_answer_has_its_own_status_and_header(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};

	f->reply = (struct http_reply){.status = 201, .location = "/a/new"};
	assert_int_equal(get(f, "/", &out), 201);
	assert_contains(out.str, "Location: /a/new\r\n");
	/* What failed has the route's status, if it set one. */
	f->reply = (struct http_reply){.status = 400};
	f->call_ret = -EIO;
	assert_int_equal(get(f, "/", &out), 400);
	f->call_ret = 0;
	f->reply.status = 0;
	assert_int_equal(get(f, "/empty", &out), 200);
	assert_contains(out.str, "Content-Length: 0\r\n");
	assert_string_equal(web_body(&out), "");
	strbuf_release(&out);
}

static void methods_are_those_of_the_route(void **state)
{
	static const struct {
		const char *method, *target;
		int status;
		const char *words;
	} cases[] = {
		{"POST", "/", 405, "Allow: GET, HEAD, OPTIONS\r\n"},
		{"GET", "/up", 405, "Allow: POST, OPTIONS\r\n"},
		{"HEAD", "/up", 405, "Allow: POST, OPTIONS\r\n"},
		{"PUT", "/up", 405, "Allow: POST, OPTIONS\r\n"},
		{"DELETE", "/both", 405, "Allow: POST, GET, HEAD, OPTIONS\r\n"},
		{"TRACE", "/", 405, "Allow: GET, HEAD, OPTIONS\r\n"},
		{"get", "/", 501, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
		{"BREW", "/none", 501, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
		{"CONNECT", "a:1", 501, "does not know that method"},
		{"OPTIONS", "*", 204, "Allow: GET, HEAD, POST, OPTIONS\r\n"},
		{"OPTIONS", "/a/b", 204, "Allow: GET, HEAD, OPTIONS\r\n"},
		{"OPTIONS", "/up", 204, "Allow: POST, OPTIONS\r\n"},
		{"GET", "*", 400, "has no path"},
		{"GET", "/both", 200, "<GET /both"},
		{"POST", "/both", 200, "<POST /both"},
		{"OPTIONS", "/none", 404, "no such page"},
	};
	struct fixture *f = *state;
	struct strbuf out = {0};
	size_t i, length;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(web_ask(http_url(f->http), cases[i].method,
					 cases[i].target, &out),
				 cases[i].status);
		assert_contains(out.str, cases[i].words);
	}
	/* The head says how long the body would be, and there is none. */
	assert_int_equal(get(f, "/a/b", &out), 200);
	length = strlen(web_body(&out));
	assert_int_equal(web_ask(http_url(f->http), "HEAD", "/a/b", &out), 200);
	assert_string_equal(web_body(&out), "");
	assert_int_equal(
		strtoul(strstr(out.str, "Content-Length: ") + 16, NULL, 10),
		length);
	strbuf_release(&out);
}

/* With HEADERS; the status. */
static int ask_with(const struct fixture *f, const char *method,
		    const char *target, const char *headers, struct strbuf *out)
{
	struct strbuf rq = {0};
	int status;

	strbuf_release(out);
	strbuf_printf(&rq,
		      "%s %s HTTP/1.1\r\nHost: localhost\r\n%s"
		      "Connection: close\r\n\r\n",
		      method, target, headers);
	status = web_send(http_url(f->http), rq.str, rq.len, out);
	strbuf_release(&rq);
	return status;
}

static void keep_tag(const struct strbuf *out, char tag[64])
{
	const char *at = strstr(out->str, "\r\nETag: ");

	assert_non_null(at);
	snprintf(tag, 64, "%.*s", (int)strcspn(at + 8, "\r"), at + 8);
}

static void a_page_that_is_known_is_not_sent(void **state)
{
	static const struct {
		const char *header;
		bool needs_tag;
		int status;
	} cases[] = {
		{"If-None-Match: ", true, 304},
		{"If-None-Match: W/", true, 304},
		{"If-None-Match: *", false, 304},
		{"If-None-Match: \"other\"", false, 200},
		{"If-None-Match: \"other\"\r\nIf-None-Match: ", true, 304},
		{"If-Match: ", true, 200},
		{"If-Match: *", false, 200},
		{"If-Match: W/", true, 412},
		{"If-Match: \"other\"", false, 412},
		{"If-Match: \"other\"\r\nIf-None-Match: *", false, 412},
		/* Without dates of its own a page is not compared by them. */
		{"If-Modified-Since: Mon, 30 Nov 2026 05:00:00 GMT", false,
		 200},
	};
	struct fixture *f = *state;
	struct strbuf out = {0};
	char tag[64], headers[256];
	size_t i;

	assert_int_equal(get(f, "/a/b", &out), 200);
	keep_tag(&out, tag);
	for (i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const char *method = i % 2 ? "HEAD" : "GET";
		int status;

		snprintf(headers, sizeof(headers), "%s%s\r\n",
			 cases[i / 2].header,
			 cases[i / 2].needs_tag ? tag : "");
		status = ask_with(f, method, "/a/b", headers, &out);
		if (status != cases[i / 2].status)
			fail_msg("%s %s: %d", method, headers, status);
		if (status != 304)
			continue;
		assert_string_equal(web_body(&out), "");
		assert_contains(out.str, tag);
		assert_contains(out.str, "Cache-Control: no-cache\r\n");
		assert_contains(out.str, "Vary: Accept-Encoding\r\n");
		assert_null(strstr(out.str, "\r\nContent-Type"));
	}
	/* Errors, uploads and what is of this moment have no tag. */
	assert_int_equal(
		ask_with(f, "GET", "/none", "If-None-Match: *\r\n", &out), 404);
	assert_int_equal(
		ask_with(f, "POST", "/up", "If-None-Match: *\r\n", &out), 200);
	assert_int_equal(
		ask_with(f, "GET", "/x/1/y", "If-None-Match: *\r\n", &out),
		200);
	assert_contains(out.str, "Cache-Control: no-store\r\n");
	assert_null(strstr(out.str, "ETag"));
	assert_int_equal(get(f, "/asset", &out), 200);
	assert_contains(out.str, "Cache-Control: public, max-age=86400\r\n");
	strbuf_release(&out);
}

/* A head is the same whoever asks how, but for the time of day. */
static void a_head_is_that_of_get(void **state)
{
	static const char *const codings[] = {
		"", "Accept-Encoding: gzip\r\n",
		"Accept-Encoding: gzip, identity;q=0\r\n"};
	struct fixture *f = *state;
	struct strbuf one = {0}, two = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codings); i++) {
		const char *end, *from;

		assert_int_equal(ask_with(f, "GET", "/a/b", codings[i], &one),
				 200);
		assert_int_equal(ask_with(f, "HEAD", "/a/b", codings[i], &two),
				 200);
		from = strstr(one.str, "Connection: close");
		end = web_body(&one);
		assert_non_null(from);
		assert_string_equal(web_body(&two), "");
		assert_memory_equal(from, strstr(two.str, "Connection: close"),
				    end - from);
		assert_int_equal(strstr(one.str, "Content-Encoding: gzip") !=
					 NULL,
				 i == 2);
	}
	strbuf_release(&one);
	strbuf_release(&two);
}

/* LEN bytes, announced or in chunks of ODD bytes; the status. */
static int post(const struct fixture *f, const char *target,
		const struct strbuf *body, size_t odd, struct strbuf *out)
{
	struct strbuf rq = {0};
	size_t at, n;
	int status;

	strbuf_release(out);
	strbuf_printf(
		&rq,
		"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
		target);
	if (!odd)
		strbuf_printf(&rq, "Content-Length: %zu\r\n\r\n%s", body->len,
			      strbuf_str(body));
	else
		strbuf_puts(&rq, "Transfer-Encoding: chunked\r\n\r\n");
	for (at = 0; odd && at < body->len; at += n) {
		n = body->len - at < odd ? body->len - at : odd;
		strbuf_printf(&rq, "%zx\r\n%.*s\r\n", n, (int)n,
			      body->str + at);
	}
	strbuf_puts(&rq, odd ? "0\r\n\r\n" : "");
	status = web_send(http_url(f->http), rq.str, rq.len, out);
	strbuf_release(&rq);
	return status;
}

static void bodies_arrive_whole(void **state)
{
	static const size_t sizes[] = {0, 1, 1000, 70000, UPLOAD_BYTES};
	struct fixture *f = *state;
	struct strbuf body = {0}, out = {0};
	char want[80];
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t sum = 0;

		strbuf_release(&body);
		for (k = 0; k < sizes[i]; k++)
			strbuf_printf(&body, "%c", (int)('a' + k * k % 26));
		for (k = 0; k < body.len; k++)
			sum = sum * 31 + (uint8_t)body.str[k];
		snprintf(want, sizeof(want), " body %zu %llu", body.len,
			 (unsigned long long)sum);
		assert_int_equal(post(f, "/up", &body, 0, &out), 200);
		assert_contains(web_body(&out), want);
		assert_int_equal(post(f, "/up", &body, 997, &out), 200);
		assert_contains(web_body(&out), want);
	}
	/* One byte more is too much, said before or found out. */
	strbuf_puts(&body, "x");
	assert_int_equal(post(f, "/up", &body, 0, &out), 413);
	assert_int_equal(post(f, "/up", &body, 997, &out), 413);
	assert_contains(out.str, "error the body is too large");
	strbuf_release(&body);
	strbuf_release(&out);
}

static void bodies_without_a_place_are_refused(void **state)
{
	struct fixture *f = *state;
	struct strbuf body = {0}, out = {0};

	strbuf_puts(&body, "bytes");
	f->open_ret = -ENOSPC;
	assert_int_equal(post(f, "/up", &body, 0, &out), 507);
	/* The server's want of rights is not the client's. */
	f->open_ret = -EACCES;
	assert_int_equal(post(f, "/up", &body, 0, &out), 503);
	assert_null(strstr(out.str, "WWW-Authenticate"));
	assert_contains(web_body(&out), "no room");
	f->open_ret = 0;
	f->is_readonly = true;
	assert_int_equal(post(f, "/up", &body, 0, &out), 503);
	assert_contains(web_body(&out), "cannot store");
	assert_int_equal(f->call_count, 0);
	strbuf_release(&body);
	strbuf_release(&out);
}

/* GET may have one, which is read and not used. */
static void bodies_that_nobody_wants_are_bounded(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: localhost\r\n"
				   "Connection: close\r\nContent-Length: ";
	struct fixture *f = *state;
	struct strbuf rq = {0}, out = {0};

	strbuf_printf(&rq, "%s5\r\n\r\nhello", head);
	assert_int_equal(web_send(http_url(f->http), rq.str, rq.len, &out),
			 200);
	assert_null(strstr(out.str, " body "));
	strbuf_release(&rq);
	strbuf_release(&out);
	strbuf_printf(&rq, "%s65537\r\n\r\n", head);
	assert_int_equal(web_send(http_url(f->http), rq.str, rq.len, &out),
			 413);
	assert_int_equal(f->open_count, 0);
	strbuf_release(&rq);
	strbuf_release(&out);
}

/* On one connection; each has what it asked for, and nothing of the other. */
static void requests_follow_each_other(void **state)
{
	static const char two[] =
		"GET /a/first HTTP/1.1\r\nHost: localhost\r\n"
		"Authorization: Bearer one\r\n\r\n"
		"GET /a/second HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"\r\n";
	struct fixture *f = *state;
	struct strbuf out = {0};
	const char *second;

	web_send(http_url(f->http), two, sizeof(two) - 1, &out);
	assert_int_equal(count_of(out.str, "HTTP/1.1 200"), 2);
	assert_contains(out.str, "[first] auth Bearer one");
	second = strstr(out.str, "[second]");
	assert_non_null(second);
	assert_null(strstr(second, "auth"));
	strbuf_release(&out);
}

/* Never idle for long, and never done: one drips a head, one a body. */
static void who_drips_is_hung_up_on(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: localhost\r\nA: ";
	static const char body[] = "POST /up HTTP/1.1\r\nHost: localhost\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n1000\r\n";
	struct fixture *f = *state;
	int ends[] = {web_dial(http_url(f->http)), web_dial(http_url(f->http))};
	bool is_open[] = {true, true};
	char byte;
	size_t i;

	assert_true(send(ends[0], head, sizeof(head) - 1, 0) > 0);
	assert_true(send(ends[1], body, sizeof(body) - 1, 0) > 0);
	while (is_open[0] || is_open[1]) {
		poll(NULL, 0, 100);
		for (i = 0; i < ARRAY_SIZE(ends); i++)
			if (is_open[i])
				is_open[i] = send(ends[i], "b", 1,
						  MSG_NOSIGNAL) == 1 &&
					     recv(ends[i], &byte, 1,
						  MSG_DONTWAIT) < 0 &&
					     errno == EAGAIN;
	}
	assert_int_equal(f->call_count, 0);
	close(ends[0]);
	close(ends[1]);
}

static void noise_is_no_request(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"\r\n\r\n", 4},
		{"\0\0\0\0\r\n\r\n", 8},
		{"GET\r\n\r\n", 7},
		{"GET  HTTP/1.1\r\n\r\n", 17},
		{"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 27},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
		{"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
		 47},
		{"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: z\r\n\r\n",
		 46},
	};
	struct fixture *f = *state;
	struct strbuf out = {0};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = web_dial(http_url(f->http));

		/* Nothing more comes, so that nobody waits for it. */
		assert_int_equal(
			send(fd, cases[i].bytes, cases[i].len, MSG_NOSIGNAL),
			cases[i].len);
		shutdown(fd, SHUT_WR);
		web_read(fd, &out);
		if (strstr(strbuf_str(&out), " 200 "))
			fail_msg("case %zu is answered", i);
		strbuf_release(&out);
	}
	assert_int_equal(f->call_count, 0);
	assert_int_equal(get(f, "/", &out), 200);
	strbuf_release(&out);
}

static void answers_are_counted_by_their_digit(void **state)
{
	struct fixture *f = *state;
	struct strbuf out = {0};
	int i;

	for (i = 0; i < 3; i++)
		get(f, "/", &out);
	for (i = 0; i < 2; i++)
		get(f, "/none", &out);
	f->call_ret = -EIO;
	get(f, "/", &out);
	assert_int_equal(http_reply_count(f->http, 2), 3);
	assert_int_equal(http_reply_count(f->http, 3), 0);
	assert_int_equal(http_reply_count(f->http, 4), 2);
	assert_int_equal(http_reply_count(f->http, 5), 1);
	strbuf_release(&out);
}

static int dial_v6(const char *url)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6,
				  .sin6_port = htons((uint16_t)strtoul(
					  strrchr(url, ':') + 1, NULL, 10)),
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* An IPv4 address is counted whole, of IPv6 the network alone. */
static void clients_have_their_address(void **state)
{
	static const char rq[] = "GET / HTTP/1.1\r\nHost: localhost\r\n"
				 "Connection: close\r\n\r\n";
	struct fixture *f = *state;
	struct strbuf out = {0};
	int fd;

	assert_int_equal(get(f, "/", &out), 200);
	assert_contains(out.str, " from 7f000001000000000000000000000000");
	strbuf_release(&out);
	http_stop(f->http);
	f->http = NULL;
	if (start_on(f, "[::1]:0")) {
		print_message("skipped: this host has no IPv6\n");
		skip();
	}
	assert_contains(http_url(f->http), "http://[::1]:");
	fd = dial_v6(http_url(f->http));
	assert_int_equal(send(fd, rq, sizeof(rq) - 1, MSG_NOSIGNAL),
			 sizeof(rq) - 1);
	web_read(fd, &out);
	assert_contains(out.str, " from 00000000000000000000000000000000");
	strbuf_release(&out);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(the_first_pattern_that_fits_answers),
		SERVED(errors_have_their_status),
		SERVED(an_answer_has_its_own_status_and_header),
		SERVED(methods_are_those_of_the_route),
		SERVED(a_page_that_is_known_is_not_sent),
		SERVED(a_head_is_that_of_get),
		SERVED(bodies_arrive_whole),
		SERVED(bodies_without_a_place_are_refused),
		SERVED(bodies_that_nobody_wants_are_bounded),
		SERVED(requests_follow_each_other),
		SERVED(who_drips_is_hung_up_on),
		SERVED(noise_is_no_request),
		SERVED(answers_are_counted_by_their_digit),
		SERVED(clients_have_their_address),
	};

	return RUN_TESTS(tests);
}
