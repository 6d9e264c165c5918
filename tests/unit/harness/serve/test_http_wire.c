// SPDX-License-Identifier: GPL-3.0-or-later
/* http: bytes of clients that no client should send, each with another's request
 * behind it, which is answered only where the connection may go on. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/strbuf.h"
#include "harness/serve/http.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/web.h"

static struct http *server;
static atomic_int call_count;
static int tried, survived;

static int admit(void *arg, const struct http_route *route,
		 const struct http_request *rq, struct err *err)
{
	(void)arg;
	(void)route;
	(void)rq;
	(void)err;
	return 0;
}

static int open_body(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int call(void *arg, const struct http_route *route,
		const struct http_request *rq, struct http_reply *re,
		struct err *err)
{
	(void)arg;
	(void)route;
	(void)err;
	atomic_fetch_add(&call_count, 1);
	strbuf_printf(&re->body, "this is %s", rq->item);
	return 0;
}

static void write_error(const char *reason, const char *type,
			struct http_reply *re)
{
	re->type = type;
	strbuf_puts(&re->body, reason);
}

static const struct http_route routes[] = {
	{"GET", "/*", HTTP_TEXT, NULL, HTTP_REVALIDATE},
	{"POST", "/*", HTTP_TEXT, NULL, HTTP_REVALIDATE},
	{0},
};

static int setup(void **state)
{
	const struct http_config cfg = {.listen = "127.0.0.1:0",
					.timeout_s = 5,
					.routes = routes,
					.max_upload_bytes = 1000,
					.hosts = "bench.example,.b.example",
					.admit = admit,
					.open_body = open_body,
					.call = call,
					.write_error = write_error};
	struct err err = {0};

	(void)state;
	return http_start(&cfg, &server, &err);
}

static int teardown(void **state)
{
	(void)state;
	http_stop(server);
	printf("# faults: http: %d tried, %d survived\n", tried, survived);
	return survived < tried;
}

#define CANARY                                            \
	"GET /canary HTTP/1.1\r\nHost: bench.example\r\n" \
	"Connection: close\r\n\r\n"
#define CANARY_BODY "this is canary"

/* "400", "200 200+": all final statuses; the canary's is a '+'. */
static void tell_answers(const char *at, struct strbuf *out)
{
	while (!strncmp(at, "HTTP/1.1 ", 9)) {
		const char *body = strstr(at, "\r\n\r\n");
		const char *length = strstr(at, "\r\nContent-Length: ");
		size_t len = 0;

		if (!body)
			break;
		body += 4;
		if (length && length < body)
			len = strtoul(length + 18, NULL, 10);
		if (!strncmp(body, CANARY_BODY, strlen(CANARY_BODY)))
			strbuf_puts(out, "+");
		else if (strncmp(at + 9, "100", 3))
			strbuf_printf(out, "%s%.3s", out->len ? " " : "",
				      at + 9);
		at = body + (strlen(body) < len ? strlen(body) : len);
	}
	if (*at)
		strbuf_puts(out, " and more");
}

static int count_good(const char *told)
{
	return (int)count_of(told, "200") + (strchr(told, '+') != NULL);
}

/* Version 1 of the library refuses more itself, with statuses of its own. */
static bool is_wanted(const char *told, const char *want)
{
	bool is_refusal = !*told || *told == '4' || *told == '5';

	if (!strcmp(told, want))
		return true;
	return strncmp(MHD_get_version(), "0.", 2) && !strchr(want, '+') &&
	       is_refusal && !strchr(told, '+');
}

struct wire_case {
	const char *bytes;
	size_t len; /* 0: up to the zero */
	const char *want;
};

static void try_case(const struct wire_case *c, size_t number)
{
	size_t len = c->len ? c->len : strlen(c->bytes);
	struct strbuf rq = {0}, out = {0}, told = {0};
	int before = atomic_load(&call_count);
	int fd = web_dial(http_url(server));

	strbuf_add(&rq, c->bytes, len);
	strbuf_puts(&rq, CANARY);
	/* It may close before it has everything. */
	send(fd, rq.str, rq.len, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	web_read(fd, &out);
	tell_answers(strbuf_str(&out), &told);
	tried++;
	if (!is_wanted(strbuf_str(&told), c->want) ||
	    atomic_load(&call_count) - before != count_good(strbuf_str(&told)))
		print_message("case %zu, %.60s: '%s' in place of '%s'\n",
			      number, c->bytes, strbuf_str(&told), c->want);
	else
		survived++;
	strbuf_release(&rq);
	strbuf_release(&out);
	strbuf_release(&told);
}

static void try_cases(const struct wire_case *cases, size_t count)
{
	int lost = tried - survived;
	size_t i;

	for (i = 0; i < count; i++)
		try_case(&cases[i], i);
	assert_int_equal(tried - survived, lost);
}

#define H "Host: localhost\r\n"
#define GET "GET /a HTTP/1.1\r\n" H
#define POST "POST /a HTTP/1.1\r\n" H
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define E "\r\n"
#define BYTES(text) text, sizeof(text) - 1

/* RFC 9112, 3 and 5; RFC 9110, 5.5, 5.6 and 9.1. */
static void heads_are_read_strictly(void **state)
{
	static const struct wire_case cases[] = {
		{GET E, 0, "200+"},
		{"\r\n" GET E, 0, "200+"},
		{GET "A:\r\nB: \r\nC:\t c \t\r\nD: \xc3\xa4\r\n" E, 0, "200+"},
		{"GET /a?b=%41&c=d+e HTTP/1.1\r\n" H E, 0, "200+"},
		{"GET /a HTTP/1.2\r\n" H E, 0, "200+"},
		{"HEAD / HTTP/1.1\r\n" H E, 0, "404"},
		{"GET  /a HTTP/1.1\r\n" H E, 0, "400"},
		{"GET /a  HTTP/1.1\r\n" H E, 0, "400"},
		{"GET /a HTTP/1.1 \r\n" H E, 0, "400"},
		{"GET /a b HTTP/1.1\r\n" H E, 0, "400"},
		{"GET\t/a HTTP/1.1\r\n" H E, 0, "400"},
		{" GET /a HTTP/1.1\r\n" H E, 0, ""},
		{"GET /a\tb HTTP/1.1\r\n" H E, 0, "400"},
		{"GET /a#b HTTP/1.1\r\n" H E, 0, "400"},
		{"GET /a\r\n" H E, 0, "400"},
		{"GET /a http/1.1\r\n" H E, 0, "400"},
		{"GET /a HTTP/1.10\r\n" H E, 0, "400"},
		{"GET /a HTTP/2.0\r\n" H E, 0, "505"},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, "505"},
		{"G(T /a HTTP/1.1\r\n" H E, 0, "400"},
		{"get /a HTTP/1.1\r\n" H E, 0, "501"},
		{"GE /a HTTP/1.1\r\n" H E, 0, "501"},
		{"PUT /a HTTP/1.1\r\n" H E, 0, "405"},
		{"CONNECT a:443 HTTP/1.1\r\n" H E, 0, "501"},
		{"OPTIONS * HTTP/1.1\r\n" H E, 0, "204"},
		{BYTES("GET /a\0b HTTP/1.1\r\n" H E), "400"},
		{BYTES("GE\0T /a HTTP/1.1\r\n" H E), "400"},
		{"GET /a HTTP/1.1\n" H E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: localhost\n" E, 0, "400"},
		{GET "\n", 0, "400"},
		{GET "A: b\n" E, 0, "400"},
		{GET "A: b\rc\r\n" E, 0, "400"},
		{GET "A: b\r\r\n" E, 0, "400"},
		{BYTES(GET "A: b\0c\r\n" E), "400"},
		{BYTES(GET "A: b\0\r\n" E), "400"},
		/* As long as two line ends; found by fuzzing. */
		{BYTES(GET "A: .\0-\n\r"), "400"},
		{BYTES(GET "A: .\0-\n\rGET / HTTP/1.1\r\n" H E), "400"},
		{BYTES(GET "A\0: b\r\n" E), "400"},
		{BYTES(GET "\0A: b\r\n" E), "400"},
		{BYTES(GET "\0\r\n" E), "400"},
		{GET "A: b\x01\r\n" E, 0, "400"},
		{GET "A: b\x7f\r\n" E, 0, "400"},
		{GET "A: b\r\n c\r\n" E, 0, "400"},
		{GET "A: b\r\n\tc\r\n" E, 0, "400"},
		{GET "A: b\r\n \r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\n A: b\r\n" H E, 0, "400"},
		{GET "A : b\r\n" E, 0, "400"},
		{GET "A\t: b\r\n" E, 0, "400"},
		{GET "A b: c\r\n" E, 0, "400"},
		{GET ": b\r\n" E, 0, "400"},
		{GET "A(: b\r\n" E, 0, "400"},
		{GET "A\xc3\xa4: b\r\n" E, 0, "400"},
		{GET "no colon\r\n" E, 0, "400"},
		{GET "Expect: 100-continue\r\n" E, 0, "200+"},
		{POST "Expect: 100-continue\r\nContent-Length: 5\r\n" E "hello",
		 0, "200+"},
		{GET "Expect: 100-continue \r\n" E, 0, "200+"},
		{GET "Expect: magic\r\n" E, 0, "417"},
		{GET "Expect: 100-continue\r\nExpect: magic\r\n" E, 0, "417"},
		{GET "Authorization: a\r\nAuthorization: b\r\n" E, 0, "400"},
		{GET "Connection: close\r\n" E, 0, "200"},
		{GET E GET E GET E, 0, "200 200 200+"},
		{GET E "get / HTTP/1.1\r\n" H E GET E, 0, "200 501"},
	};

	(void)state;
	try_cases(cases, ARRAY_SIZE(cases));
}

/* RFC 9112, 3.2; RFC 9110, 4.2 and 7.2. */
static void a_request_is_for_one_host_of_ours(void **state)
{
	static const struct wire_case cases[] = {
		{"GET /a HTTP/1.1\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\n" H H E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost:\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: a b\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: u@localhost\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: localhost/\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: localhost, x\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: localhost:http\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: localhost:65536\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: [::1\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: [::1]x\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: [a]\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: a..b\r\n" E, 0, "400"},
		{"GET /a HTTP/1.1\r\nHost: evil.example\r\n" E, 0, "421"},
		{"GET /a HTTP/1.1\r\nHost: localhost.evil.example\r\n" E, 0,
		 "421"},
		{"GET /a HTTP/1.1\r\nHost: b.example\r\n" E, 0, "421"},
		{"GET /a HTTP/1.1\r\nHost: sbench.example\r\n" E, 0, "421"},
		{"GET /a HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n" E, 0,
		 "421"},
		{"GET /a HTTP/1.1\r\nHost: LocalHost.:8080\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: localhost:\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: localhost \t\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: b.example \r\n" E, 0, "421"},
		{"GET /a HTTP/1.1\r\nhost: 127.0.0.1:1\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: [::1]:80\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: 192.0.2.1\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: Bench.Example\r\n" E, 0, "200+"},
		{"GET /a HTTP/1.1\r\nHost: a.b.example:1\r\n" E, 0, "200+"},
		{"GET http://localhost/a HTTP/1.1\r\n" H E, 0, "200+"},
		{"GET HTTP://LOCALHOST:80/a HTTP/1.1\r\n" H E, 0, "200+"},
		{"GET http://localhost/a HTTP/1.1\r\nHost: evil.example\r\n" E,
		 0, "200+"},
		{"GET http://evil.example/a HTTP/1.1\r\n" H E, 0, "421"},
		{"GET http://localhost/a HTTP/1.1\r\n" E, 0, "400"},
		{"GET http://localhost/a HTTP/1.1\r\nHost: a b\r\n" E, 0,
		 "400"},
		{"GET http://u@localhost/a HTTP/1.1\r\n" H E, 0, "400"},
		{"GET http:///a HTTP/1.1\r\n" H E, 0, "400"},
		{"GET ftp://localhost/a HTTP/1.1\r\n" H E, 0, "400"},
		{"GET localhost:80 HTTP/1.1\r\n" H E, 0, "400"},
		{"GET * HTTP/1.1\r\n" H E, 0, "400"},
		{"GET /a HTTP/1.0\r\n" E, 0, "200"},
		{"GET /a HTTP/1.0\r\nHost: evil.example\r\n" E, 0, "421"},
		{"GET /a HTTP/1.0\r\nHost: localhost\r\nHost: a\r\n" E, 0,
		 "400"},
		{"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n" E, 0, "200+"},
	};

	(void)state;
	try_cases(cases, ARRAY_SIZE(cases));
}

/* RFC 9112, 6 and 7. A length that is none is refused by libmicrohttpd before
 * anybody else sees it, with two heads in front of one body; both close. */
static void a_body_has_one_end(void **state)
{
	static const struct wire_case cases[] = {
		{POST "Content-Length: 5\r\n" E "hello", 0, "200+"},
		{POST E, 0, "200+"},
		{GET "Content-Length: 5\r\n" E "hello", 0, "200+"},
		{POST "Content-Length: 5\r\nContent-Length: 5\r\n" E "hello", 0,
		 "400"},
		{POST "Content-Length: 5\r\nContent-Length: 6\r\n" E "hello", 0,
		 "400"},
		{POST "Content-Length: 5, 5\r\n" E "hello", 0, "400 and more"},
		{POST "Content-Length: +5\r\n" E "hello", 0, "400 and more"},
		{POST "Content-Length: -5\r\n" E "hello", 0, "400 and more"},
		{POST "Content-Length: 0x5\r\n" E "hello", 0, "400 and more"},
		{POST "Content-Length: 5 5\r\n" E "hello", 0, "400 and more"},
		{POST "Content-Length:\r\n" E "hello", 0, "400 and more"},
		{POST "Content-Length: 18446744073709551617\r\n" E "hello", 0,
		 "413 and more"},
		{POST "Content-Length : 5\r\n" E "hello", 0, "400"},
		{POST "Content_Length: 5\r\n" E, 0, "200+"},
		{POST "Content-Length: 2000\r\n" E, 0, "413"},
		{POST "Content-Length: 5\r\n" CHUNKED E "0\r\n\r\n", 0, "400"},
		{POST CHUNKED "Content-Length: 5\r\n" E "0\r\n\r\n", 0, "400"},
		{POST CHUNKED CHUNKED E "0\r\n\r\n", 0, "400"},
		{POST CHUNKED "Transfer-Encoding: identity\r\n" E "0\r\n\r\n",
		 0, "400"},
		{POST "Transfer-Encoding: xchunked\r\n" E "0\r\n\r\n", 0,
		 "400"},
		{POST "Transfer-Encoding: identity\r\n" E, 0, "400"},
		{POST "Transfer-Encoding: chunked, identity\r\n" E, 0, "400"},
		{POST "Transfer-Encoding: gzip, chunked\r\n" E, 0, "501"},
		{POST "Transfer-Encoding: \"chunked\"\r\n" E, 0, "400"},
		{POST "Transfer-Encoding:\r\n" E "0\r\n\r\n", 0, "400"},
		{POST "Transfer-Encoding:\x0b"
		      "chunked\r\n" E,
		 0, "400"},
		{POST "Transfer-Encoding : chunked\r\n" E "0\r\n\r\n", 0,
		 "400"},
		{POST "Transfer-Encoding\r\n : chunked\r\n" E, 0, "400"},
		{POST "X: y\nTransfer-Encoding: chunked\r\n" E "0\r\n\r\n", 0,
		 "400"},
		{"POST /a HTTP/1.0\r\n" CHUNKED E "0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "5\r\nhello\r\n0\r\n\r\n", 0, "200"},
		{POST "Transfer-Encoding: Chunked\r\n" E "0\r\n\r\n", 0, "200"},
		{POST CHUNKED E "5;a=b\r\nhello\r\n0;c\r\nD: e\r\n\r\n", 0,
		 "200"},
		{POST CHUNKED E "0\r\n\r\n" GET E, 0, "200"},
		{GET CHUNKED E "0\r\n\r\n" GET E, 0, "200"},
		{POST CHUNKED E "-5\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "+5\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "0x5\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "5 \r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E " 5\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "g\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "10000000000000005\r\nhello\r\n", 0, "413"},
		{POST CHUNKED E "4\r\nhello\r\n0\r\n\r\n", 0, "400"},
		{POST CHUNKED E "0\r\nno colon\r\n\r\n", 0, "400"},
	};

	(void)state;
	try_cases(cases, ARRAY_SIZE(cases));
}

/* Blanks behind a value are none of it (RFC 9110, 5.5). Version 0.9 of the library does
 * not know the word with them, and would take the body for the next request. */
static void a_coding_may_have_blanks_behind_it(void **state)
{
	const struct wire_case c = {
		POST "Transfer-Encoding: chunked \r\n" E "0\r\n\r\n", 0,
		strncmp(MHD_get_version(), "0.", 2) ? "200" : "400"};

	(void)state;
	try_cases(&c, 1);
}

/* What libmicrohttpd 0.9 forgives and keeps to itself: nothing comes of it, as
 * the connection closes behind each request with chunks. */
static void a_forgiven_chunk_is_the_last(void **state)
{
	static const struct wire_case cases[] = {
		{POST CHUNKED E "5\nhello\n0\n\n" GET E, 0, "200"},
		{POST CHUNKED E "6\r\nhello\r\n0\r\n\r\n" GET E, 0, "200"},
		{POST CHUNKED E "5;\n\r\nxx\r\n0\r\n\r\n" GET E, 0, "200"},
		{POST CHUNKED E "0\r\n A: b\r\n\r\n" GET E, 0, "200"},
		{POST CHUNKED E "0\n\n" GET E, 0, "200"},
	};

	(void)state;
	try_cases(cases, ARRAY_SIZE(cases));
}

static void repeat(struct strbuf *out, const char *text, size_t count)
{
	while (count--)
		strbuf_puts(out, text);
}

/* BEFORE, COUNT times TEXT, AFTER. */
static void try_long(const char *before, const char *text, size_t count,
		     const char *after, const char *want)
{
	struct strbuf rq = {0};
	struct wire_case c;

	strbuf_puts(&rq, before);
	repeat(&rq, text, count);
	strbuf_puts(&rq, after);
	c = (struct wire_case){rq.str, rq.len, want};
	try_cases(&c, 1);
	strbuf_release(&rq);
}

static void lengths_are_bounded(void **state)
{
	(void)state;
	try_long("GET /a?b=", "c", 20000, " HTTP/1.1\r\n" H E, "200+");
	try_long("GET /a?b=", "c", 40000, " HTTP/1.1\r\n" H E, "414");
	try_long("G", "E", 40000, "T /a HTTP/1.1\r\n" H E, "414");
	try_long(GET "A: ", "b", 20000, "\r\n" E, "200+");
	try_long(GET "A: ", "b", 40000, "\r\n" E, "431");
	try_long(GET, "A: b\r\n", 99, E, "200+");
	try_long(GET, "A: b\r\n", 100, E, "431");
	try_long(GET, "A: b\r\n", 5000, E, "431");
	try_long(GET, "A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n", 99,
		 E, "200+");
	/* The library's own status for what leaves it no room. */
	try_long(POST CHUNKED E "5;a=", "b", 60000, "\r\nhello\r\n0\r\n\r\n",
		 "500");
	try_long(POST CHUNKED E "", "1\r\na\r\n", 1001, "0\r\n\r\n", "413");
	try_long(POST CHUNKED E "0\r\nA: ", "b", 60000, "\r\n\r\n", "431");
}

/* What another site's page can make a browser send. */
static void other_sites_post_nothing(void **state)
{
	static const struct wire_case cases[] = {
		{POST "Origin: http://localhost\r\n" E, 0, "200+"},
		{POST "Sec-Fetch-Site: same-origin\r\n" E, 0, "200+"},
		{POST "Sec-Fetch-Site: none\r\n" E, 0, "200+"},
		{POST "Origin: http://evil.example\r\n" E, 0, "403"},
		{POST "Origin: http://localhost:81\r\n" E, 0, "403"},
		{POST "Origin: null\r\n" E, 0, "403"},
		{POST "Origin:\r\n" E, 0, "403"},
		{POST "Sec-Fetch-Site: cross-site\r\n" E, 0, "403"},
		{POST "Sec-Fetch-Site: same-site\r\n" E, 0, "403"},
		{GET "Origin: http://evil.example\r\n" E, 0, "200+"},
		{GET "Sec-Fetch-Site: cross-site\r\n" E, 0, "200+"},
	};

	(void)state;
	try_cases(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_read_strictly),
		cmocka_unit_test(a_request_is_for_one_host_of_ours),
		cmocka_unit_test(a_body_has_one_end),
		cmocka_unit_test(a_coding_may_have_blanks_behind_it),
		cmocka_unit_test(a_forgiven_chunk_is_the_last),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(other_sites_post_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
