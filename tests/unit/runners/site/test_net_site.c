// SPDX-License-Identifier: GPL-3.0-or-later
/* The network of a case: what its helper may answer, and the networks that the
 * helper makes, in namespaces of its own. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/proc.h"
#include "harness/core/bench_case.h"
#include "runners/site/net_site.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/stage.h"
#include "workloads/rr.h"

/* --- the site, with a script for a helper --------------------------------- */

#define NOTE "echo \"$*\" >\"$here/words\"\n"

static int open_with(const char *script, enum net_side side,
		     const struct io_plan *io, struct net_site *site,
		     struct err *err)
{
	stage_script("l1vh-bench", script);
	*err = (struct err){0};
	return net_site_open(site, side, io, 3, err);
}

static void answers_are_not_believed(void **state)
{
	static const struct {
		const char *script;
		int code;
		const char *words;
	} rows[] = {
		{"echo error there is no ip here\n", -ENETDOWN,
		 "there is no ip here"},
		{"echo login:\n", -EPROTO, "said 'login:'"},
		{"echo ready\n", -EPROTO, "said 'ready'"},
		{"echo ready x tap1\n", -EPROTO, "said 'ready x tap1'"},
		{"printf %0600d 7\n", -EPROTO, "said '0000"},
		{"exit 0\n", -EPIPE, "helper has ended"},
		{"printf 'ready 0 tap'\n", -EPIPE, "helper has ended"},
		{"echo ready 2147483647 tap1\n", -ENOENT, "cannot enter"},
	};
	const struct io_plan io = {.peer = ""};
	struct net_site site;
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(
			open_with(rows[i].script, NET_GUEST, &io, &site, &err),
			rows[i].code);
		assert_contains(err.msg, rows[i].words);
		/* Nothing of it is left. */
		assert_int_equal(site.helper, 0);
		assert_int_equal(site.to_helper, -1);
		assert_int_equal(site.net_ns, -1);
	}
	stage_forget("l1vh-bench");
	assert_true(net_site_open(&site, NET_GUEST, &io, 1, &err) < 0);
	assert_contains(err.msg, "/l1vh-bench");
}

/* It comes in pieces; a longer name than the kernel's is cut. */
static void a_tap_is_known_by_its_name(void **state)
{
	const struct io_plan io = {.peer = ""};
	struct net_site site;
	struct err err;

	(void)state;
	if (open_with(
		    "printf 'ready '; sleep 0.01; echo '0 tap45678901234567'; "
		    "cat",
		    NET_GUEST, &io, &site, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(site.tap, "tap456789012345");
	assert_true(site.user_ns < 0 && site.net_ns < 0 && site.tap_fd < 0);
	assert_int_equal(net_site_enter(&site), 0); /* we stay */
	net_site_close(&site);
	net_site_close(&site); /* once more is fine */
}

static void the_helper_ends_with_its_input(void **state)
{
	const struct io_plan io = {.peer = ""};
	struct net_site site;
	struct err err;
	char *text;

	(void)state;
	stage_forget("gone");
	if (open_with("echo ready $$ tap1; cat; echo gone >\"$here/gone\"",
		      NET_GUEST, &io, &site, &err))
		fail_msg("%s", err.msg);
	assert_true(site.net_ns >= 0);
	assert_int_equal(site.user_ns >= 0, geteuid() != 0);
	assert_int_equal(kill(site.helper, 0), 0);
	assert_null(stage_text("gone"));
	net_site_close(&site);
	text = stage_text("gone");
	assert_string_equal(text, "gone\n");
	free(text);
	assert_true(site.net_ns < 0 && site.helper == 0);
}

static void the_helper_is_told_which_network(void **state)
{
	static const struct {
		enum net_side side;
		const char *peer, *interface, *words;
	} rows[] = {
		{NET_NATIVE, "", "", "net-helper native\n"},
		{NET_GUEST, "", "", "net-helper tap 3\n"},
		{NET_GUEST, "10.0.0.1", "lo", "net-helper macvtap 3 lo\n"},
	};
	struct io_plan io;
	struct net_site site;
	struct err err;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		io = (struct io_plan){.peer = ""};
		snprintf(io.peer, sizeof(io.peer), "%s", rows[i].peer);
		snprintf(io.interface, sizeof(io.interface), "%s",
			 rows[i].interface);
		assert_int_equal(open_with(NOTE "echo error no\n", rows[i].side,
					   &io, &site, &err),
				 -ENETDOWN);
		text = stage_text("words");
		assert_string_equal(text, rows[i].words);
		free(text);
	}
	/* Its device is named after an index, and 0 is that of none. */
	assert_int_equal(open_with("echo ready 0 none-such\n", NET_GUEST, &io,
				   &site, &err),
			 -ENOENT);
	assert_contains(err.msg, "/dev/tap0");
}

static void a_real_network_is_used_as_it_is(void **state)
{
	const struct io_plan io = {.peer = "10.0.0.1",
				   .interface = "none-such"};
	struct net_site site;
	struct err err;

	(void)state;
	stage_forget("words");
	assert_int_equal(open_with(NOTE, NET_NATIVE, &io, &site, &err), 0);
	assert_int_equal(site.helper, 0);
	assert_int_equal(site.to_helper, -1);
	net_site_close(&site);
	assert_int_equal(open_with(NOTE, NET_GUEST, &io, &site, &err), -ENODEV);
	assert_contains(err.msg, "no interface 'none-such'");
	assert_null(stage_text("words"));
}

/* --- the helper ----------------------------------------------------------- */

struct helper {
	pid_t pid;
	int to, from;
	char line[512]; /* its answer */
};

static void start(struct helper *h, const char *kind, const char *pairs,
		  const char *name)
{
	const char *const argv[] = {
		stage_path("test"), "net-helper", kind, pairs, name, NULL};
	struct err err;
	size_t len = 0;
	ssize_t n = 1;

	if (proc_spawn_piped(argv, &h->pid, &h->to, &h->from, &err))
		fail_msg("%s", err.msg);
	while (n > 0 && len + 1 < sizeof(h->line) &&
	       !memchr(h->line, '\n', len)) {
		n = read(h->from, h->line + len, sizeof(h->line) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	h->line[len] = '\0';
}

/* It ends with its input, and well. */
static void end(struct helper *h)
{
	close(h->to);
	assert_int_equal(proc_reap(h->pid, 10 * NS_PER_S), 0);
	close(h->from);
}

static void the_helper_says_what_it_cannot(void **state)
{
	static const struct {
		const char *kind, *pairs, *name, *words;
	} rows[] = {
		{NULL, NULL, NULL, "error unknown network ''\n"},
		{"wlan", "1", "x", "error unknown network 'wlan'\n"},
		{"bridge", "1", NULL, "error unknown network 'bridge'\n"},
		{"macvtap", NULL, NULL, "error unknown network 'macvtap'\n"},
		{"macvtap", "1", "none-such", "error 'link add link none-such"},
	};
	struct helper h;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		start(&h, rows[i].kind, rows[i].pairs, rows[i].name);
		if (strncmp(h.line, rows[i].words, strlen(rows[i].words)) &&
		    i < 4)
			fail_msg("'%s' is not '%s'", h.line, rows[i].words);
		assert_memory_equal(h.line, "error ", 6);
		assert_non_null(strchr(h.line, '\n'));
		end(&h);
	}
}

/* Servers that listen, as the helper waits for. */
static void stage_servers(const char *iperf)
{
	char text[64];

	stage_script("guest-agent", "exec \"$here/test\" listen "
				    "$([ \"$1\" = --echo ] && echo echo)\n");
	snprintf(text, sizeof(text), "exec \"$here/test\" listen %s\n", iperf);
	stage_script("iperf3", text);
}

/* The process whose network the answer names; skips where there is none. */
static pid_t need_network(struct helper *h)
{
	char name[16];
	int pid;

	if (sscanf(h->line, "ready %d %15s", &pid, name) == 2) {
		assert_string_equal(name, NET_SITE_TAP);
		return pid;
	}
	assert_memory_equal(h->line, "error ", 6);
	end(h);
	print_message("SKIP: no network: %s", h->line + 6);
	skip();
	return 0;
}

static void expect_in_net(pid_t pid, const char *file, const char *words)
{
	static char text[65536];
	char path[64];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, file);
	f = fopen(path, "r");
	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	assert_contains(text, words);
}

static void a_guest_s_network_has_a_tap_and_servers(void **state)
{
	struct helper h;
	char port[16];
	pid_t pid;

	(void)state;
	stage_servers("iperf");
	start(&h, "tap", "2", NULL);
	pid = need_network(&h);
	assert_int_equal(pid, h.pid);
	expect_in_net(pid, "dev", " l1vh0:");
	expect_in_net(pid, "fib_trie", "192.0.2.1\n");
	snprintf(port, sizeof(port), ":%04X", RR_PORT);
	expect_in_net(pid, "tcp", port);
	snprintf(port, sizeof(port), ":%04X", RR_IPERF_PORT);
	expect_in_net(pid, "tcp", port);
	end(&h);
}

/* The agent is to be moved to the far side, away from the servers. */
static void a_native_network_has_two_sides(void **state)
{
	struct helper h;
	pid_t far;

	(void)state;
	stage_servers("iperf");
	start(&h, "native", NULL, NULL);
	far = need_network(&h);
	assert_int_not_equal(far, h.pid);
	expect_in_net(h.pid, "dev", " l1vh0:");
	expect_in_net(h.pid, "fib_trie", "192.0.2.1\n");
	expect_in_net(far, "dev", " l1vh1:");
	expect_in_net(far, "fib_trie", "192.0.2.2\n");
	end(&h);
}

static void a_server_that_ends_is_not_waited_for(void **state)
{
	struct helper h;

	(void)state;
	stage_servers("nothing");
	start(&h, "tap", "1", NULL);
	if (!strstr(h.line, "peer's"))
		need_network(&h);
	assert_string_equal(h.line, "error the peer's iperf3 has ended\n");
	end(&h);
}

/* --- -------------------------------------------------------------------- */

static int play_server(const char *which)
{
	bool is_echo = !strcmp(which, "echo");
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(is_echo ? RR_PORT : RR_IPERF_PORT)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (!is_echo && strcmp(which, "iperf"))
		return 0;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1))
		return 1;
	for (;;)
		pause();
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_not_believed),
		cmocka_unit_test(a_tap_is_known_by_its_name),
		cmocka_unit_test(the_helper_ends_with_its_input),
		cmocka_unit_test(the_helper_is_told_which_network),
		cmocka_unit_test(a_real_network_is_used_as_it_is),
		cmocka_unit_test(the_helper_says_what_it_cannot),
		cmocka_unit_test(a_guest_s_network_has_a_tap_and_servers),
		cmocka_unit_test(a_native_network_has_two_sides),
		cmocka_unit_test(a_server_that_ends_is_not_waited_for),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "net-helper"))
		return net_helper_main(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "listen"))
		return play_server(argv[2]);
	return stage_main(all_tests);
}
