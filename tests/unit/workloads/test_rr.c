// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Requests and responses over the loopback of a network of our own, their
 * histogram, and the command lines of workloads that are other programs.
 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/netns.h"
#include "tests/unit/fixture/scratch.h"
#include "workloads/histogram.h"
#include "workloads/rr.h"
#include "workloads/workload.h"

#define HOME "127.0.0.1"
#define SHORT_NS 5000000

static const char *no_network; /* why there is none of our own */
static char said[65536];       /* by the last client */

static int network_make(void **state)
{
	int fd;

	(void)state;
	no_network = netns_enter();
	if (no_network)
		return 0;
	fd = netns_link_up("lo", 65536);
	if (fd < 0)
		no_network = "cannot set the loopback up";
	else
		close(fd);
	return 0;
}

static void network_needed(void)
{
	if (!no_network)
		return;
	print_message("SKIP: %s\n", no_network);
	skip();
}

/* --- a client and a server ----------------------------------------------------- */

/* Its status; what it printed is in SAID. */
static int client(const char *protocol, const char *address, uint32_t bytes,
		  uint64_t ns)
{
	char path[SCRATCH_SIZE];
	int fd, status;
	ssize_t n;
	pid_t pid;

	scratch_file(path, "", 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		int ret = 9;

		alarm(60);
		if (dup2(fd, 1) == 1 && dup2(fd, 2) == 2)
			ret = rr_client(protocol, address, bytes, ns);
		fflush(stdout);
		_exit(ret);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = pread(fd, said, sizeof(said) - 1, 0);
	assert_true(n >= 0);
	said[n] = '\0';
	close(fd);
	unlink(path);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool is_listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(RR_PORT)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_there;

	inet_pton(AF_INET, HOME, &at.sin_addr);
	is_there = !connect(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	return is_there;
}

static pid_t server_start(void)
{
	pid_t pid = fork();
	int tries;

	if (!pid) {
		alarm(120);
		_exit(rr_serve());
	}
	for (tries = 0; tries < 5000 && !is_listening(); tries++)
		usleep(1000);
	assert_true(is_listening());
	return pid;
}

static void server_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void each_request_has_its_response(void **state)
{
	static const struct {
		const char *protocol;
		uint32_t bytes;
	} cases[] = {{"tcp", 1},
		     {"tcp", RR_MAX_BYTES},
		     {"udp", 1},
		     {"udp", RR_MAX_BYTES}};
	json_t *root, *rr, *bins, *count;
	const char *key;
	pid_t server;
	size_t i;

	(void)state;
	network_needed();
	server = server_start();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		json_int_t sum = 0, lost;

		if (client(cases[i].protocol, HOME, cases[i].bytes, SHORT_NS))
			fail_msg("%s", said);
		root = json_loads(said, 0, NULL);
		rr = json_object_get(root, "rr");
		assert_string_equal(
			json_string_value(json_object_get(rr, "protocol")),
			cases[i].protocol);
		assert_int_equal(json_integer_value(
					 json_object_get(rr, "request_bytes")),
				 cases[i].bytes);
		assert_true(json_integer_value(json_object_get(
				    rr, "elapsed_ns")) >= SHORT_NS);
		lost = json_integer_value(json_object_get(rr, "lost_count"));
		if (!strcmp(cases[i].protocol, "tcp"))
			assert_int_equal(lost, 0);
		bins = json_object_get(json_object_get(rr, "lat_ns"), "bins");
		json_object_foreach(bins, key, count)
			sum += json_integer_value(count);
		assert_true(sum >= 1);
		assert_int_equal(
			json_integer_value(json_object_get(rr, "count")), sum);
		json_decref(root);
	}
	server_end(server);
}

static void clients_that_get_nothing(void **state)
{
	static const struct {
		const char *protocol, *address;
		uint32_t bytes;
		const char *says;
	} cases[] = {
		{"tcp", HOME, 1, "cannot reach"},
		{"udp", HOME, 1, "went away"}, /* its port is closed */
		{"tcp", HOME, 0, "size"},
		{"udp", HOME, RR_MAX_BYTES + 1, "size"},
		{"tcp", "no address", 1, "cannot reach"},
		{"tcp", "::1", 1, "cannot reach"},
	};
	size_t i;

	(void)state;
	network_needed();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(client(cases[i].protocol, cases[i].address,
					cases[i].bytes, SHORT_NS),
				 1);
		assert_contains(said, cases[i].says);
		assert_null(strchr(said, '{'));
	}
}

/* One that has gone, one that says nothing, and one that takes no more. */
static void a_server_among_clients(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(RR_PORT)};
	pid_t server;
	int fds[40];
	size_t i;

	(void)state;
	network_needed();
	inet_pton(AF_INET, HOME, &at.sin_addr);
	server = server_start();
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(
			connect(fds[i], (struct sockaddr *)&at, sizeof(at)), 0);
	}
	/* All 32 places are taken by those that are silent. */
	assert_int_equal(client("tcp", HOME, 1, SHORT_NS), 1);
	assert_contains(said, "went away");
	/* A datagram needs no place; one client's end is another's place. */
	assert_int_equal(client("udp", HOME, 1, SHORT_NS), 0);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	for (i = 0; i < 1000 && client("tcp", HOME, 1, SHORT_NS); i++)
		usleep(1000);
	assert_contains(said, "\"rr\"");
	server_end(server);
}

static void two_servers(void **state)
{
	pid_t server, second;
	int status;

	(void)state;
	network_needed();
	server = server_start();
	second = fork();
	if (!second) {
		alarm(60);
		fclose(stderr);
		_exit(rr_serve());
	}
	assert_int_equal(waitpid(second, &status, 0), second);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	server_end(server);
}

/* --- latencies ------------------------------------------------------------------ */

/* Each value is in the bin whose name is nearest, within a 128th of it. */
static void bins_are_near_their_values(void **state)
{
	static struct histogram h;
	uint64_t ns;
	uint32_t i;

	(void)state;
	for (ns = 0; ns < 1ULL << 35; ns += 1 + ns / 37) {
		memset(&h, 0, sizeof(h));
		histogram_add(&h, ns);
		assert_int_equal(h.count, 1);
		for (i = 0; !h.bins[i]; i++)
			;
		assert_int_equal(h.bins[i], 1);
		assert_close((double)histogram_value(i), (double)ns,
			     ns < 128 ? 0 : (double)ns / 128);
	}
	for (i = 1; i < HISTOGRAM_BINS; i++)
		assert_true(histogram_value(i) > histogram_value(i - 1));
	/* What is longer than all bins is in the last. */
	memset(&h, 0, sizeof(h));
	histogram_add(&h, ~0ULL);
	histogram_add(&h, 1ULL << 60);
	assert_int_equal(h.bins[HISTOGRAM_BINS - 1], 2);
}

static void bins_in_json(void **state)
{
	static struct histogram h;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	histogram_write_json(&h, out);
	histogram_add(&h, 7);
	histogram_add(&h, 7);
	histogram_add(&h, 130); /* bins of 2 ns from here on: 130 and 131 */
	histogram_write_json(&h, out);
	fclose(out);
	assert_string_equal(text, "{}{\"7\":2,\"131\":1}");
	free(text);
}

/* --- other programs --------------------------------------------------------------- */

static struct wl_env env_of(size_t disk_len)
{
	struct wl_env env = {.disk_bytes = 1ULL << 40,
			     .peer = "192.0.2.1",
			     .io_ns = 2500000000};

	memset(env.disk, 'd', disk_len);
	return env;
}

/* With the longest words that there can be nothing is cut. */
static void every_program_has_its_words(void **state)
{
	const struct wl_env env = env_of(sizeof(env.disk) - 1);
	const struct workload *const *wl;
	uint32_t i, n;

	(void)state;
	for (wl = workloads; *wl; wl++)
		for (i = 0; i < (*wl)->point_count && (*wl)->program; i++) {
			struct wl_program p = {.argv = {NULL}};

			(*wl)->program(&(*wl)->points[i], &env, &p);
			assert_non_null(p.argv[0]);
			for (n = 0; n < ARRAY_SIZE(p.argv) && p.argv[n]; n++)
				assert_true(p.argv[n][0] != '\0');
			assert_true(n < ARRAY_SIZE(p.argv));
			assert_true(strlen(p.input) + 1 < sizeof(p.input));
			assert_true(strlen(p.text) + 1 < sizeof(p.text));
			if ((*wl)->flags & WL_NEEDS_DISK)
				assert_contains(p.input, env.disk);
			if ((*wl)->flags & WL_NEEDS_DISK)
				assert_contains(p.input, (*wl)->points[i].args);
		}
}

static void words_are_those_of_the_plan(void **state)
{
	static const struct {
		const char *workload, *point, *words;
		uint64_t io_ns;
	} cases[] = {
		{"network", "tcp-1", "-t3", 2500000000}, /* iperf3: seconds */
		{"network", "tcp-1", "-t2", 2499999999},
		{"network", "tcp-1", "-t1", 1},
		{"network", "tcp-4-reverse", "-RP4", 1},
		{"network_rr", "udp-1KiB", "1024", 1},
		{"network_rr", "udp-1KiB", "2500000000", 2500000000},
		{"network_rr", "tcp-1B", "tcp", 1},
		{"storage", "fsync-4k-qd1", "fsync=1\n", 1},
		{"storage", "fsync-4k-qd1", "runtime=2500ms\n", 2500000000},
		{"storage", "fsync-4k-qd1", "size=1099511627776\n", 1},
		{"storage_verify", "crc32c-4k-qd16", "size=16777216\n", 1},
		{"micro_cpu", "float,ring3", "float,ring3", 1},
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct workload *wl = workload_find(cases[i].workload);
		struct wl_env env = env_of(4);
		struct wl_program p = {.argv = {NULL}};
		bool found;

		env.io_ns = cases[i].io_ns;
		wl->program(workload_point(wl, cases[i].point), &env, &p);
		found = strstr(p.input, cases[i].words) != NULL;
		for (n = 0; p.argv[n]; n++)
			found |= !strcmp(p.argv[n], cases[i].words);
		if (!found)
			fail_msg("%s has no '%s'", cases[i].workload,
				 cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_has_its_response),
		cmocka_unit_test(clients_that_get_nothing),
		cmocka_unit_test(a_server_among_clients),
		cmocka_unit_test(two_servers),
		cmocka_unit_test(bins_are_near_their_values),
		cmocka_unit_test(bins_in_json),
		cmocka_unit_test(every_program_has_its_words),
		cmocka_unit_test(words_are_those_of_the_plan),
	};

	return cmocka_run_group_tests(tests, network_make, NULL);
}
