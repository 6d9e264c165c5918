// SPDX-License-Identifier: GPL-3.0-or-later
/* fleet node: what it refuses, and what its exit status says. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/cli/commands.h"
#include "harness/store/store.h"
#include "tests/unit/fixture/cli/called.h"
#include "tests/unit/fixture/cli/stored_run.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/web.h"
#include "tests/unit/fixture/scratch.h"
#include "tests/unit/fixture/stage.h"

/* A run that was ended, by a script in the place of `run`. */
static int set_up(void **state)
{
	static const struct stored_level level = {"native", "null", NULL, 7};
	const struct stored_run run = {.grade = GRADE_HARDWARE,
				       .block_count = 2,
				       .levels = &level,
				       .level_count = 1};
	struct store *store;
	struct err err = {0};
	int64_t run_id;

	(void)state;
	stage_forget("made.db");
	run_id = stored_run_add(stage_path("made.db"), &run);
	assert_int_equal(store_open(stage_path("made.db"), &store, &err), 0);
	assert_int_equal(store_run_end(store, run_id, "complete", &err), 0);
	store_close(store);
	stage_script("l1vh-bench", "for db; do :; done\n"
				   "echo \"$@\" >\"$here/words\"\n"
				   "cp \"$here/made.db\" \"$db\"\n");
	stage_file("token", "t0ken\n", 6);
	assert_int_equal(file_mkdirs(stage_path("out"), &err), 0);
	unsetenv("L1VH_ATTEMPT");
	unsetenv("SLURM_JOB_ID");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(stage_path("out"));
	return 0;
}

static void mistakes_are_of_usage(void **state)
{
	static const struct refused_call rows[] = {
		{{"--no-such"}, "fleet node --help"},
		{{"--token-file=/nonexistent", "--push=http://a"},
		 "'/nonexistent' has no token"},
		{{"--token-file=/dev/null"}, "need --push"},
		{{"--ca-file=x"}, "need --push"},
		{{"--rescue"}, "need --push"},
		{{"--push="}, "'' is not the URL of a dashboard"},
		{{"--push=dashboard:8080"}, "'dashboard:8080' is not"},
		{{"--rescue", "--push=http://a"}, "L1VH_ATTEMPT"},
		{{"--hold=soon"}, "soon"},
		{{"--push-for=0"}, "0"},
	};

	(void)state;
	expect_refused(&cmd_fleet_node, rows, ARRAY_SIZE(rows));
}

static void without_a_dashboard_it_measures(void **state)
{
	char *words;

	(void)state;
	assert_int_equal(CALL(cmd_fleet_node, "--results", stage_path("out"),
			      "--imds", "--", "--blocks", "2"),
			 STATUS_OK);
	assert_contains(called.err, ": measured\n");
	words = stage_text("words");
	assert_contains(words, "run --imds --blocks 2 --db ");
	free(words);
	stage_script("l1vh-bench", "exit 64\n");
	assert_int_equal(CALL(cmd_fleet_node, "--results", stage_path("out"),
			      "--", "--no-such"),
			 STATUS_USAGE);
	stage_script("l1vh-bench", "exit 70\n");
	assert_int_equal(CALL(cmd_fleet_node, "--results", stage_path("out")),
			 STATUS_UNDECIDED);
}

/* One that answers each request alike, until its listener is shut. */
struct web {
	int fd;
	char url[48];
	const char *answer;
	pthread_t thread;
};

static void *answer(void *arg)
{
	struct web *w = arg;
	char buf[65536];
	int fd;

	while ((fd = accept(w->fd, NULL, NULL)) >= 0) {
		struct strbuf in = {0};
		ssize_t n;

		/* gzip's last bytes come with the last of the request. */
		while (!strstr(strbuf_str(&in), "\r\n\r\n") &&
		       (n = recv(fd, buf, sizeof(buf) - 1, 0)) > 0)
			strbuf_add(&in, buf, (size_t)n);
		n = send(fd, w->answer, strlen(w->answer), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (n > 0 && recv(fd, buf, sizeof(buf), 0) > 0)
			;
		close(fd);
		strbuf_release(&in);
	}
	return NULL;
}

static int call_with(const char *text)
{
	struct web w = {.answer = text};
	int status;

	w.fd = web_listen(w.url, sizeof(w.url));
	assert_int_equal(pthread_create(&w.thread, NULL, answer, &w), 0);
	status = CALL(cmd_fleet_node, "--results", stage_path("out"), "--push",
		      w.url, "--token-file", stage_path("token"), "--retry-ms",
		      "1", "--retry-max-ms", "2", "--push-for", "1s");
	shutdown(w.fd, SHUT_RDWR);
	pthread_join(w.thread, NULL);
	close(w.fd);
	return status;
}

static void what_the_dashboard_says_counts(void **state)
{
	(void)state;
	setenv("L1VH_ATTEMPT", "a1", 1);
	assert_int_equal(call_with("HTTP/1.1 201 Created\r\n"
				   "Date: Thu, 01 Jan 2099 00:00:00 GMT\r\n"
				   "Connection: close\r\n\r\n"),
			 STATUS_OK);
	assert_contains(called.err, "(complete) is delivered to ");
	assert_contains(called.err, "this node's clock is ");
	assert_contains(called.err, "measured; delivered\n");
	setenv("L1VH_ATTEMPT", "a2", 1);
	assert_int_equal(call_with("HTTP/1.1 400 Bad\r\n"
				   "Connection: close\r\n\r\n"),
			 STATUS_UNDECIDED);
	assert_contains(called.err, "not delivered, but kept: the server "
				    "answered 400");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int tests(void)
{
	const struct CMUnitTest list[] = {
		TEST(mistakes_are_of_usage),
		TEST(without_a_dashboard_it_measures),
		TEST(what_the_dashboard_says_counts),
	};

	signal(SIGPIPE, SIG_IGN);
	return RUN_TESTS(list);
}

int main(void)
{
	return stage_main(tests);
}
