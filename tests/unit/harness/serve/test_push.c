// SPDX-License-Identifier: GPL-3.0-or-later
/* push: what is sent to a server, and what each of its answers means. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/serve/push.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/web.h"
#include "tests/unit/fixture/scratch.h"

#define MAX_ANSWERS 8

/* Answers one request after the other, and keeps what it was sent. */
struct server {
	const char *answers[MAX_ANSWERS]; /* "": hangs up; NULL ends them */
	int fd;
	char url[48];
	int asked; /* so many times */
	struct strbuf requests[MAX_ANSWERS];
	pthread_t thread;
};

/* Headers and body; the body's length is announced. */
static void read_request(int fd, struct strbuf *rq)
{
	char buf[65536];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		const char *length, *body;

		strbuf_add(rq, buf, (size_t)n);
		body = strstr(rq->str, "\r\n\r\n");
		length = strstr(rq->str, "Content-Length: ");
		if (body && length &&
		    rq->len - (size_t)(body + 4 - rq->str) >=
			    strtoull(length + 16, NULL, 10))
			return;
	}
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int i;

	for (i = 0; i < MAX_ANSWERS && s->answers[i]; i++) {
		int fd = accept(s->fd, NULL, NULL);
		size_t len = strlen(s->answers[i]);
		char byte;

		if (fd < 0)
			break; /* the test is over */
		read_request(fd, &s->requests[i]);
		s->asked++;
		if (send(fd, s->answers[i], len, MSG_NOSIGNAL) == (ssize_t)len)
			shutdown(fd, SHUT_WR);
		while (len && recv(fd, &byte, 1, 0) > 0)
			;
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *s)
{
	s->fd = web_listen(s->url, sizeof(s->url));
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* An accept() that waits returns. */
static void server_stop(struct server *s)
{
	int i;

	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	for (i = 0; i < MAX_ANSWERS; i++)
		strbuf_release(&s->requests[i]);
}

#define ANSWER(status, body)                           \
	"HTTP/1.1 " status "\r\nConnection: close\r\n" \
	"Content-Type: application/json\r\n\r\n" body

static const struct {
	const char *answers[MAX_ANSWERS];
	int ret;
	int asked;
	bool is_new;
	const char *says;
} cases[] = {
	{{ANSWER("201 Created", "{}")}, 0, 1, true, ""},
	{{ANSWER("200 OK", "{}")}, 0, 1, false, ""},
	{{ANSWER("200 OK", "")}, 0, 1, false, ""},
	{{ANSWER("400 Bad", "{\"error\": \"no bundle\"}")},
	 -EPROTO,
	 1,
	 false,
	 "400: no bundle"},
	{{ANSWER("401 No", "{\"error\": \"a\\u001b[1mb\\u00e4\"}")},
	 -EPROTO,
	 1,
	 false,
	 "401: a?[1mb??"},
	{{ANSWER("403 No", "<html>")}, -EPROTO, 1, false, "no reason given"},
	{{ANSWER("404 No", "{\"error\": 7}")}, -EPROTO, 1, false, "no reason"},
	{{ANSWER("413 Much", "[]")}, -EPROTO, 1, false, "413"},
	{{ANSWER("204 None", "")}, -EPROTO, 1, false, "204"},
	/* Wherever it points: who has the token is not told of others. */
	{{"HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n"
	  "Connection: close\r\nContent-Length: 0\r\n\r\n"},
	 -EPROTO,
	 1,
	 false,
	 "302"},
	{{ANSWER("503 Busy", ""), ANSWER("500 Oh", ""), "",
	  ANSWER("201 Created", "{}")},
	 0,
	 4,
	 true,
	 ""},
	{{ANSWER("429 Slow", "{}"), ANSWER("201 Created", "{}")},
	 0,
	 2,
	 true,
	 ""},
	{{ANSWER("503 Busy", ""), ANSWER("400 Bad", "")},
	 -EPROTO,
	 2,
	 false,
	 ""},
	{{ANSWER("503 Busy", ""), ANSWER("503 Busy", ""),
	  ANSWER("503 Busy", ""),
	  ANSWER("507 Full", "{\"error\": \"the disk is full\"}"),
	  ANSWER("201 Created", "")},
	 -EHOSTUNREACH,
	 4,
	 false,
	 "507: the disk is full"},
	{{"", "", "", "", ANSWER("201 Created", "")},
	 -EHOSTUNREACH,
	 4,
	 false,
	 "127.0.0.1"},
};

static void answers_have_their_meaning(void **state)
{
	char path[SCRATCH_SIZE];
	size_t i;

	(void)state;
	scratch_file(path, "bundle", 6);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct server s = {.fd = -1};
		struct push p = {.path = path, .retry_ms = 1};
		struct err err = {0};
		struct push_reply reply = {.is_new = true};
		int ret;

		memcpy(s.answers, cases[i].answers, sizeof(s.answers));
		server_start(&s);
		p.url = s.url;
		ret = push_bundle(&p, &reply, &err);
		if (ret != cases[i].ret || s.asked != cases[i].asked)
			fail_msg("case %zu: %d after %d: %s", i, ret, s.asked,
				 err.msg);
		if (!ret)
			assert_int_equal(reply.is_new, cases[i].is_new);
		assert_contains(err.msg, cases[i].says);
		server_stop(&s);
	}
	unlink(path);
}

/* More than a reason needs is not read to its end. */
static void an_endless_answer_is_no_answer(void **state)
{
	struct strbuf big = {0};
	struct server s = {.fd = -1};
	char path[SCRATCH_SIZE];
	struct push p = {.path = path, .retry_ms = 1};
	struct err err = {0};
	struct push_reply reply;
	int i;

	(void)state;
	scratch_file(path, "bundle", 6);
	strbuf_puts(&big, ANSWER("400 Bad", "{\"error\": \""));
	for (i = 0; i < 70000; i++)
		strbuf_puts(&big, "x");
	strbuf_puts(&big, "\"}");
	for (i = 0; i < 4; i++)
		s.answers[i] = big.str;
	server_start(&s);
	p.url = s.url;
	assert_int_equal(push_bundle(&p, &reply, &err), -EHOSTUNREACH);
	server_stop(&s);
	/* One that fits has a reason, of which a line is shown. */
	s = (struct server){.answers = {big.str}};
	big.str[60000] = '"';
	big.str[60001] = '}';
	big.str[60002] = '\0';
	server_start(&s);
	p.url = s.url;
	assert_int_equal(push_bundle(&p, &reply, &err), -EPROTO);
	assert_contains(err.msg, "400: xxx");
	assert_true(strlen(err.msg) < 300);
	server_stop(&s);
	strbuf_release(&big);
	unlink(path);
}

static void check_request(const struct strbuf *rq, const char *path,
			  const char *token, const void *bytes, size_t len)
{
	char line[80];

	snprintf(line, sizeof(line), "POST %s HTTP/1.1\r\n", path);
	assert_int_equal(strncmp(rq->str, line, strlen(line)), 0);
	assert_contains(rq->str, "Content-Type: application/gzip\r\n");
	if (token)
		assert_contains(rq->str, token);
	else
		assert_null(strstr(rq->str, "Authorization"));
	assert_true(rq->len > len);
	assert_memory_equal(rq->str + rq->len - len, bytes, len);
}

/* To the last byte, and again where it must be sent again. */
static void the_whole_bundle_is_sent(void **state)
{
	static const struct {
		const char *behind, *path, *token;
	} ways[] = {
		{"", "/api/v1/bundles", NULL},
		{"/", "/api/v1/bundles", "t0ken"},
		{"///", "/api/v1/bundles", NULL},
		{"/below/", "/below/api/v1/bundles", "t0ken"},
	};
	char path[SCRATCH_SIZE], token[SCRATCH_SIZE], url[80];
	uint8_t bytes[100000];
	struct err err = {0};
	struct push_reply reply;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * i >> 5);
	scratch_file(path, bytes, sizeof(bytes));
	scratch_file(token, "t0ken\n", 6);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct server s = {.answers = {ANSWER("503 Busy", ""),
					       ANSWER("201 Created", "")}};
		struct push p = {.path = path,
				 .url = url,
				 .token_file = ways[i].token ? token : NULL,
				 .retry_ms = 1};

		server_start(&s);
		snprintf(url, sizeof(url), "%s%s", s.url, ways[i].behind);
		if (push_bundle(&p, &reply, &err))
			fail_msg("%s", err.msg);
		check_request(&s.requests[0], ways[i].path, ways[i].token,
			      bytes, sizeof(bytes));
		check_request(&s.requests[1], ways[i].path, ways[i].token,
			      bytes, sizeof(bytes));
		if (ways[i].token)
			assert_contains(s.requests[1].str,
					"Authorization: Bearer t0ken\r\n");
		server_stop(&s);
	}
	unlink(path);
}

/* Somebody who waits: what it is told, and what it does then. */
struct waiter {
	const char *token_file;
	const char *token; /* put there at the first pause; NULL: nothing */
	bool stops;        /* at the first pause */
	volatile bool stop;
	int told;
	uint64_t longest_ns;
	char why[512];
};

static void waits(void *arg, const struct err *why, uint64_t pause_ns)
{
	struct waiter *w = arg;
	struct err err;

	if (!w->told++ && w->token)
		assert_int_equal(file_write(w->token_file, w->token,
					    strlen(w->token), &err),
				 0);
	w->stop = w->stops;
	if (pause_ns > w->longest_ns)
		w->longest_ns = pause_ns;
	snprintf(w->why, sizeof(w->why), "%s", why->msg);
}

#define AN_HOUR_NS (3600 * NS_PER_S)

static int push_patiently(struct server *s, struct waiter *w,
			  uint64_t patience_ns, struct push_reply *reply,
			  struct err *err)
{
	char path[SCRATCH_SIZE], token[SCRATCH_SIZE];
	struct push p = {.path = path,
			 .token_file = token,
			 .retry_ms = 1,
			 .retry_max_ms = 2,
			 .patience_ns = patience_ns,
			 .stop = &w->stop,
			 .waits = waits,
			 .arg = w};
	int ret;

	scratch_file(path, "bundle", 6);
	scratch_file(token, "old\n", 4);
	w->token_file = token;
	server_start(s);
	p.url = s->url;
	ret = push_bundle(&p, reply, err);
	unlink(path);
	unlink(token);
	return ret;
}

/* Each of them stays away longer than the three times of who has no patience. */
static void a_patient_node_comes_again(void **state)
{
	static const struct {
		const char *answers[MAX_ANSWERS];
		int ret, asked;
	} rows[] = {
		{{"", "", "", "", "", "", ANSWER("201 Created", "{}")}, 0, 7},
		{{ANSWER("500 Oh", ""), ANSWER("503 Busy", ""),
		  ANSWER("507 Full", ""), "", ANSWER("429 Slow", ""),
		  ANSWER("408 Late", ""), ANSWER("201 Created", "{}")},
		 0,
		 7},
		{{ANSWER("401 No", ""), ANSWER("403 No", ""),
		  ANSWER("404 No", ""), ANSWER("421 Who", ""),
		  ANSWER("200 OK", "{}")},
		 0,
		 5},
		{{ANSWER("503 Busy", ""), ANSWER("400 Bad", "")}, -EPROTO, 2},
		{{ANSWER("413 Much", "")}, -EPROTO, 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct server s = {.fd = -1};
		struct waiter w = {.stops = false};
		struct push_reply reply;
		struct err err = {0};
		int ret;

		memcpy(s.answers, rows[i].answers, sizeof(s.answers));
		ret = push_patiently(&s, &w, AN_HOUR_NS, &reply, &err);
		if (ret != rows[i].ret || s.asked != rows[i].asked)
			fail_msg("case %zu: %d after %d: %s", i, ret, s.asked,
				 err.msg);
		assert_int_equal(w.told, s.asked - 1);
		server_stop(&s);
	}
}

static void a_renewed_token_is_taken(void **state)
{
	struct server s = {.answers = {ANSWER("401 No", "{\"error\": \"no\"}"),
				       ANSWER("201 Created", "{}")}};
	struct waiter w = {.token = "new\n"};
	struct push_reply reply;
	struct err err = {0};

	(void)state;
	assert_int_equal(push_patiently(&s, &w, AN_HOUR_NS, &reply, &err), 0);
	assert_true(reply.is_new);
	assert_contains(s.requests[0].str, "Bearer old\r\n");
	assert_contains(s.requests[1].str, "Bearer new\r\n");
	assert_string_equal(w.why, "the server answered 401: no");
	server_stop(&s);
}

/* While a Secret is written anew its file is empty for a moment. */
static void a_token_that_is_gone_is_waited_for(void **state)
{
	struct server s = {.answers = {ANSWER("503 Busy", "")}};
	struct waiter w = {.token = "\n", .stops = true};
	struct push_reply reply;
	struct err err = {0};

	(void)state;
	assert_int_equal(push_patiently(&s, &w, AN_HOUR_NS, &reply, &err),
			 -EINVAL);
	assert_contains(err.msg, "has no token");
	assert_int_equal(s.asked, 1);
	server_stop(&s);
}

static void the_server_says_when(void **state)
{
	static const struct {
		const char *answer;
		uint64_t from_ns, to_ns;
	} rows[] = {
		{"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n"
		 "Connection: close\r\n\r\n",
		 7 * NS_PER_S, 8 * NS_PER_S},
		{"HTTP/1.1 503 Busy\r\nRetry-After: 999999999\r\n"
		 "Connection: close\r\n\r\n",
		 600 * NS_PER_S, 601 * NS_PER_S},
		{"HTTP/1.1 503 Busy\r\nRetry-After: x\r\n"
		 "Connection: close\r\n\r\n",
		 0, NS_PER_S},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct server s = {.answers = {rows[i].answer,
					       ANSWER("201 Created", "{}")}};
		struct waiter w = {.stops = true};
		struct push_reply reply;
		struct err err = {0};

		assert_int_equal(
			push_patiently(&s, &w, AN_HOUR_NS, &reply, &err), 0);
		assert_int_equal(s.asked, 2);
		if (w.longest_ns < rows[i].from_ns ||
		    w.longest_ns > rows[i].to_ns)
			fail_msg("case %zu: %llu ns", i,
				 (unsigned long long)w.longest_ns);
		server_stop(&s);
	}
}

/* Who is stopped tries once more, and then leaves it. */
static void a_stop_ends_the_patience(void **state)
{
	struct server s = {.answers = {"", "", "", ""}};
	struct waiter w = {.stops = true};
	struct push_reply reply;
	struct err err = {0};

	(void)state;
	assert_int_equal(push_patiently(&s, &w, AN_HOUR_NS, &reply, &err),
			 -EHOSTUNREACH);
	assert_int_equal(s.asked, 2);
	assert_int_equal(w.told, 1);
	server_stop(&s);
}

static void patience_ends(void **state)
{
	struct server s = {.answers = {"", "", "", ""}};
	struct waiter w = {.stops = false};
	struct push_reply reply;
	struct err err = {0};

	(void)state;
	assert_int_equal(push_patiently(&s, &w, 1, &reply, &err),
			 -EHOSTUNREACH);
	assert_int_equal(s.asked, 1);
	assert_int_equal(w.told, 0);
	server_stop(&s);
}

static void a_wrong_clock_is_told(void **state)
{
	static const struct {
		int64_t ahead_s;
		const char *text;
	} rows[] = {
		{0, ""},
		{60, ""},
		{-60, ""},
		{61, "this node's clock is 1 minute ahead of the dashboard's"},
		{-7200, "this node's clock is 2 hours behind the dashboard's"},
		{-3 * 86400 - 5,
		 "this node's clock is 3 days behind the dashboard's"},
	};
	struct server s = {
		.answers = {"HTTP/1.1 201 Created\r\nConnection: close\r\n"
			    "Date: Thu, 01 Jan 2099 00:00:00 GMT\r\n\r\n"}};
	struct waiter w = {.stops = false};
	struct push_reply reply;
	struct err err = {0};
	char text[100];
	size_t i;

	(void)state;
	assert_int_equal(push_patiently(&s, &w, AN_HOUR_NS, &reply, &err), 0);
	assert_contains(push_clock_text(&reply, text, sizeof(text)),
			"days behind the dashboard's");
	assert_contains(s.requests[0].str, "\r\nDate: ");
	assert_contains(s.requests[0].str, " GMT\r\n");
	server_stop(&s);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		reply.clock_ahead_s = rows[i].ahead_s;
		assert_string_equal(push_clock_text(&reply, text, sizeof(text)),
				    rows[i].text);
	}
}

static void only_web_addresses_are_dialled(void **state)
{
	static const char *const wrong[] = {
		"file:///tmp", "ftp://127.0.0.1:1",      "gopher://127.0.0.1/",
		"http://[::1", "http://127.0.0.1:99999", "http://a b/",
	};
	char path[SCRATCH_SIZE];
	struct push p = {.path = path, .retry_ms = 1};
	struct err err = {0};
	struct push_reply reply = {.is_new = true};
	size_t i;

	(void)state;
	scratch_file(path, "bundle", 6);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		p.url = wrong[i];
		if (push_bundle(&p, &reply, &err) != -EINVAL)
			fail_msg("'%s': %s", wrong[i], err.msg);
		assert_contains(err.msg, wrong[i]);
		assert_false(reply.is_new);
	}
	p.url = "http://127.0.0.1:1";
	assert_int_equal(push_bundle(&p, &reply, &err), -EHOSTUNREACH);
	assert_contains(err.msg, "127.0.0.1:1");
	p.path = "/nonexistent";
	assert_int_equal(push_bundle(&p, &reply, &err), -ENOENT);
	assert_contains(err.msg, "/nonexistent");
	unlink(path);
}

/* The first line as it is, or a reason: half a token only gives a 401. */
static void a_token_is_a_line_of_ascii(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *token, *says;
	} rows[] = {
		{"abc", 3, "abc", NULL},
		{"abc\r\nmore\n", 10, "abc", NULL},
		{"\xef\xbb\xbf"
		 "abc\n",
		 7, "abc", NULL},
		{"", 0, NULL, "empty"},
		{"\nabc\n", 5, NULL, "empty"},
		{"abc \n", 5, NULL, "a space"},
		{"\xc3\xa4\n", 3, NULL, "outside ASCII"},
		{"a\0b\0", 4, NULL, "UTF-16"},
		{"abc\0\n", 5, NULL, "NUL"},
		{"abc\rd\n", 6, NULL, "carriage return"},
		{"0123456789abcdef", 16, NULL, "too long"},
	};
	char path[SCRATCH_SIZE], token[16];
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		int ret;

		scratch_file(path, rows[i].text, rows[i].len);
		ret = push_read_token(path, token, sizeof(token), &err);
		unlink(path);
		assert_int_equal(ret, rows[i].token ? 0 : -EINVAL);
		assert_string_equal(token, rows[i].token ?: "");
		if (rows[i].says)
			assert_contains(err.msg, rows[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_a_line_of_ascii),
		cmocka_unit_test(answers_have_their_meaning),
		cmocka_unit_test(an_endless_answer_is_no_answer),
		cmocka_unit_test(the_whole_bundle_is_sent),
		cmocka_unit_test(a_patient_node_comes_again),
		cmocka_unit_test(a_renewed_token_is_taken),
		cmocka_unit_test(a_token_that_is_gone_is_waited_for),
		cmocka_unit_test(the_server_says_when),
		cmocka_unit_test(a_stop_ends_the_patience),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(a_wrong_clock_is_told),
		cmocka_unit_test(only_web_addresses_are_dialled),
	};

	return RUN_TESTS(tests);
}
