// SPDX-License-Identifier: GPL-3.0-or-later
/* serve, push: a dashboard until a signal, tokens, and a run sent to one. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/cli/commands.h"
#include "harness/serve/dashboard.h"
#include "harness/serve/tokens.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/scratch.h"

static struct fixture {
	char folder[SCRATCH_SIZE];
	char *db, *target, *tokens, *token;
} f;

static int set_up(void **state)
{
	(void)state;
	scratch_folder(f.folder, "serve");
	f.db = xasprintf("%s/r.db", f.folder);
	f.target = xasprintf("%s/target.db", f.folder);
	f.tokens = xasprintf("%s/tokens", f.folder);
	f.token = xasprintf("%s/token", f.folder);
	stored_run_add_native(f.db, 100);
	stored_run_add_native(f.db, 200);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(f.folder);
	free(f.db);
	free(f.target);
	free(f.tokens);
	free(f.token);
	return 0;
}

/* --- serve ------------------------------------------------------------------ */

/* The answer to GET PATH on a port of this host. */
static void get(unsigned int port, const char *path, char *answer, size_t size)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr =
					       htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;

	*answer = '\0';
	if (!connect(fd, (const void *)&to, sizeof(to)) &&
	    dprintf(fd,
		    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		    path) > 0)
		while ((n = read(fd, answer + len, size - 1 - len)) > 0)
			len += (size_t)n;
	answer[len] = '\0';
	close(fd);
}

/* Wait for the URL on the standard output, look at a page, and end it all. */
static void *visit(void *answer)
{
	char text[256] = "";
	unsigned int port = 0;
	int tries, fd;

	for (tries = 0; tries < 20000 && !port; tries++) {
		usleep(1000);
		fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		text[read(fd, text, sizeof(text) - 1) > 0 ? 255 : 0] = '\0';
		close(fd);
		if (sscanf(text, "http://127.0.0.1:%u/", &port) != 1 ||
		    !strchr(text, '\n'))
			port = 0;
	}
	get(port, "/healthz", answer, 4096);
	kill(getpid(), SIGTERM);
	return NULL;
}

static void a_dashboard_answers_until_a_signal(void **state)
{
	static char answer[4096];
	pthread_t thread;

	(void)state;
	/* Or a visitor that is too early would end the test program. */
	stop_on_signals();
	assert_int_equal(pthread_create(&thread, NULL, visit, answer), 0);
	assert_int_equal(CALL(cmd_serve, "--db", f.db, "--listen=127.0.0.1:0"),
			 STATUS_OK);
	pthread_join(thread, NULL);
	assert_contains(answer, "HTTP/1.1 200");
	assert_string_equal(called.err, "");
}

static void a_port_in_use_is_an_error(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(at);
	char listen_at[64];

	(void)state;
	assert_int_equal(bind(fd, (const void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (void *)&at, &len), 0);
	snprintf(listen_at, sizeof(listen_at), "127.0.0.1:%u",
		 ntohs(at.sin_port));
	assert_int_equal(CALL(cmd_serve, "--db", f.db, "--listen", listen_at),
			 STATUS_INTERNAL);
	assert_contains(called.err, "serve: ");
	assert_string_equal(called.out, "");
	close(fd);
}

/* What it prints can be put into the file, and then the token is known. */
static void a_token_is_made(void **state)
{
	static const uint8_t address[TOKEN_ADDRESS_BYTES];
	char token[128], line[256], header[160];
	struct tokens tokens;
	struct err err;

	(void)state;
	assert_int_equal(CALL(cmd_serve, "--make-token", "read", "me"),
			 STATUS_OK);
	assert_int_equal(sscanf(called.out,
				"token: %127s line for the file: %255[^\n]",
				token, line),
			 2);
	assert_null(strstr(line, token));
	assert_int_equal(file_write(f.tokens, line, strlen(line), &err), 0);
	assert_int_equal(tokens_load(f.tokens, &tokens, &err), 0);
	snprintf(header, sizeof(header), "Bearer %s", token);
	assert_int_equal(
		tokens_check(&tokens, header, TOKEN_READ, address, &err), 0);
	assert_true(tokens_check(&tokens, header, TOKEN_WRITE, address, &err) <
		    0);
	tokens_release(&tokens);
	/* No two are the same. */
	assert_int_equal(CALL(cmd_serve, "--make-token", "read", "me"),
			 STATUS_OK);
	assert_null(strstr(called.out, token));
}

static void mistakes_of_serve_are_of_usage(void **state)
{
	const struct refused_call rows[] = {
		{{"more"}, "'more' is not an option"},
		{{"--make-token"}, "a scope and a name"},
		{{"--make-token", "read"}, "a scope and a name"},
		{{"--make-token", "all", "me"}, "serve: "},
		{{"--db=x", "--make-token", "read", "me"}, "first and only"},
		{{"--max-rate=1000001"}, "'1000001'"},
		{{"--db", f.db, "--listen=here"}, "here"},
		{{"--db", f.db, "--listen=127.0.0.1:65536"}, "65536"},
		{{"--db", f.db, "--listen=127.0.0.1:-1"}, "-1"},
		{{"--db", f.db, "--listen=127.0.0.1:"}, "127.0.0.1:'"},
		{{"--db", f.db, "--listen=127.0.0.1:0", "--tokens=/no/such"},
		 "/no/such"},
		{{"--db", f.db, "--listen=127.0.0.1:0", "--tls-cert=x"}, ""},
		{{"--db", f.db, "--listen=127.0.0.1:0", "--host=http://a"},
		 "'http://a' is not a host name"},
	};

	(void)state;
	expect_refused(&cmd_serve, rows, ARRAY_SIZE(rows));
}

/* --- push ------------------------------------------------------------------- */

static void make_token_of(const char *scope)
{
	struct strbuf token = {0}, line = {0};
	struct err err;

	assert_int_equal(tokens_make(scope, "me", &token, &line, &err), 0);
	strbuf_puts(&token, "\nwhat follows is of no interest\n");
	assert_int_equal(file_write(f.token, token.str, token.len, &err), 0);
	assert_int_equal(file_write(f.tokens, line.str, line.len, &err), 0);
	strbuf_release(&token);
	strbuf_release(&line);
}

static struct dashboard *target_start(void)
{
	const struct dashboard_config cfg = {.db = f.target,
					     .listen = "127.0.0.1:0",
					     .timeout_s = 1,
					     .tokens = f.tokens,
					     .max_upload_bytes = MIB};
	struct dashboard *d;
	struct err err;

	if (dashboard_start(&cfg, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

static void a_run_is_taken_once(void **state)
{
	struct dashboard *d;
	const char *url;

	(void)state;
	make_token_of("write");
	d = target_start();
	url = dashboard_url(d);
	assert_int_equal(
		CALL(cmd_push, url, "--db", f.db, "--token-file", f.token),
		STATUS_OK);
	assert_contains(called.out, ": taken\n");
	assert_int_equal(
		CALL(cmd_push, "--db", f.db, "--token-file", f.token, url, "2"),
		STATUS_OK);
	/* The latest was the second. */
	assert_contains(called.out, ": taken, already in the store\n");
	assert_int_equal(
		CALL(cmd_push, url, "1", "--db", f.db, "--token-file", f.token),
		STATUS_OK);
	assert_contains(called.out, ": taken\n");
	dashboard_stop(d);
	assert_int_equal(CALL(cmd_report, "--db", f.target, "--all"),
			 STATUS_OK);
	assert_contains(called.out, "run 2 of");
}

static void a_run_without_a_right_is_rejected(void **state)
{
	struct dashboard *d;
	const char *url;

	(void)state;
	make_token_of("read");
	d = target_start();
	url = dashboard_url(d);
	assert_int_equal(
		CALL(cmd_push, url, "--db", f.db, "--token-file", f.token),
		STATUS_USAGE);
	assert_contains(called.err, "403");
	assert_int_equal(CALL(cmd_push, url, "--db", f.db), STATUS_USAGE);
	assert_contains(called.err, "401");
	assert_string_equal(called.out, "");
	dashboard_stop(d);
}

/* Its bundle is gone, whether it was sent or not. */
static void push_leaves_nothing_behind(void **state)
{
	char folder[SCRATCH_SIZE], *other = xasprintf("%s/none", f.folder);

	(void)state;
	scratch_folder(folder, "tmp");
	setenv("TMPDIR", folder, 1);
	assert_int_equal(CALL(cmd_push, "file:///x", "--db", f.db),
			 STATUS_USAGE);
	assert_int_equal(CALL(cmd_push, "http://127.0.0.1:1", "--db", other),
			 STATUS_USAGE);
	/* An empty folder can be removed. */
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(CALL(cmd_push, "http://127.0.0.1:1", "--db", f.db),
			 STATUS_USAGE);
	assert_contains(called.err, "cannot create");
	unsetenv("TMPDIR");
	free(other);
}

static void mistakes_of_push_are_of_usage(void **state)
{
	const struct refused_call rows[] = {
		{{NULL}, "give a URL"},
		{{"u", "1", "2"}, "give a URL"},
		{{"u", "0"}, "'0'"},
		{{"u", "--db", f.db, "7"}, "7"},
		{{"u", "--token-file", f.token}, "has no token"},
		{{"u", "--token-file=/no/such"}, "'/no/such' has no token"},
	};
	static const char *const tokens[] = {"", "\n", "two words", "a\tb",
					     " a"};
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tokens); i++) {
		assert_int_equal(
			file_write(f.token, tokens[i], strlen(tokens[i]), &err),
			0);
		expect_refused(&cmd_push, rows, ARRAY_SIZE(rows));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dashboard_answers_until_a_signal),
		TEST(a_port_in_use_is_an_error),
		TEST(a_token_is_made),
		TEST(mistakes_of_serve_are_of_usage),
		TEST(a_run_is_taken_once),
		TEST(a_run_without_a_right_is_rejected),
		TEST(push_leaves_nothing_behind),
		TEST(mistakes_of_push_are_of_usage),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(tests);
}
