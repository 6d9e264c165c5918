// SPDX-License-Identifier: GPL-3.0-or-later
/* hosts: names in addresses, who may use which, and lists of them. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/serve/hosts.h"
#include "harness/serve/wire.h"
#include "tests/unit/fixture/expect.h"

static const struct wire program = {
	.count = 2,
	.fields = {{.name = "User-Agent", .value = "Prometheus/2.42.0"},
		   {.name = "Accept-Encoding", .value = "gzip"}},
};

static void authorities_are_taken_apart(void **state)
{
	static const struct {
		const char *authority, *name; /* NULL: it is none */
	} cases[] = {
		{"a", "a"},
		{"A.Example.:80", "a.example"},
		{"a:", "a"},
		{"a:65535", "a"},
		{"a_b-1.c", "a_b-1.c"},
		{"127.0.0.1:8080", "127.0.0.1"},
		{"[::1]", "::1"},
		{"[FE80::A]:1", "fe80::a"},
		{"", NULL},
		{":80", NULL},
		{".", NULL},
		{".a", NULL},
		{"a..b", NULL},
		{"a:65536", NULL},
		{"a:123456", NULL},
		{"a:8o", NULL},
		{"a:1:2", NULL},
		{"::1", NULL},
		{"[::1", NULL},
		{"[]", NULL},
		{"[::1]:", "::1"},
		{"[::1]80", NULL},
		{"[127.0.0.1]", NULL},
		{"a b", NULL},
		{"a,b", NULL},
		{"u@a", NULL},
		{"a/", NULL},
		{"a%2eb", NULL},
		{"\xc3\xa4", NULL},
	};
	char name[HOST_BYTES];
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = host_parse(cases[i].authority, name, &err);

		if (ret != (cases[i].name ? 0 : -EINVAL) ||
		    (!ret && strcmp(name, cases[i].name)))
			fail_msg("%s: %d", cases[i].authority, ret);
	}
}

static void names_have_a_length(void **state)
{
	char text[HOST_BYTES + 1], name[HOST_BYTES];
	struct err err = {0};

	(void)state;
	memset(text, 'a', sizeof(text));
	text[HOST_BYTES] = '\0';
	assert_int_equal(host_parse(text, name, &err), -EINVAL);
	text[HOST_BYTES - 1] = '\0';
	assert_int_equal(host_parse(text, name, &err), 0);
	assert_string_equal(name, text);
}

/* By the checks, in their order: with TLS, of a network, of this host alone. */
static void browsers_are_led_nowhere_else(void **state)
{
	static const struct {
		const char *name;
		bool any, network, host;
	} cases[] = {
		{"127.0.0.1", true, true, true},
		{"192.0.2.7", true, true, true},
		{"2001:db8::1", true, true, true},
		{"localhost", true, true, true},
		{"bench.example", true, true, true},
		{"a.lab.example", true, true, true},
		{"lab.example", true, false, false},
		{"xlab.example", true, false, false},
		{"bench.example.evil", true, false, false},
		{"localhost.evil", true, false, false},
		{"127.0.0.1.evil", true, false, false},
		{"evil.example", true, false, false},
		{"node7", true, true, false},
		{"serve.bench.svc", true, true, false},
		{"serve.bench.svc.cluster.local", true, true, false},
		{"node7.local", true, true, false},
		{"vm.region.internal", true, true, false},
		{"serve.dev", true, false, false},
		{"local", true, true, false},
	};
	static const char list[] = "bench.example,.lab.example";
	struct wire browser = {
		.count = 1,
		.fields = {{.name = "Accept-Language", .value = ""}}};
	struct hosts h;
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const bool want[] = {cases[i].any, cases[i].network,
				     cases[i].host};

		for (k = 0; k < ARRAY_SIZE(want); k++) {
			hosts_init(&h, list, (enum hosts_check)k);
			h.own[0] = '\0';
			if (hosts_allow(&h, cases[i].name, &browser) != want[k])
				fail_msg("%s under %zu", cases[i].name, k);
		}
		/* A program goes where it was sent, but not on a host's own. */
		hosts_init(&h, list, HOSTS_BROWSERS);
		assert_true(hosts_allow(&h, cases[i].name, &program));
		hosts_init(&h, list, HOSTS_ALL);
		assert_int_equal(hosts_allow(&h, cases[i].name, &program),
				 cases[i].host ||
					 !strcasecmp(cases[i].name, h.own));
		hosts_init(&h, "*", HOSTS_ALL);
		assert_true(hosts_allow(&h, cases[i].name, &browser));
	}
}

/* Each of what a browser sends is enough; a script takes none of it away. */
static void browsers_are_known(void **state)
{
	static const struct wire_field signs[] = {
		{.name = "accept-language", .value = "en"},
		{.name = "Sec-Fetch-Site", .value = "cross-site"},
		{.name = "Origin", .value = "null"},
		{.name = "Referer", .value = "http://evil.example/"},
		{.name = "Cookie", .value = "a=b"},
		{.name = "User-Agent",
		 .value = "Mozilla/5.0 (X11; Linux x86_64)"},
	};
	struct hosts h;
	size_t i;

	(void)state;
	hosts_init(&h, NULL, HOSTS_BROWSERS);
	for (i = 0; i < ARRAY_SIZE(signs); i++) {
		struct wire w = program;

		w.fields[0] = signs[i];
		assert_false(hosts_allow(&h, "evil.example", &w));
		assert_true(hosts_allow(&h, "node7", &w));
	}
}

static void this_machine_has_a_name(void **state)
{
	char name[HOST_BYTES] = "";
	struct hosts h;

	(void)state;
	assert_int_equal(gethostname(name, sizeof(name) - 1), 0);
	hosts_init(&h, NULL, HOSTS_ALL);
	assert_string_equal(h.own, name);
	assert_true(hosts_allow(&h, name, &program));
	assert_false(hosts_allow(&h, "evil.example", &program));
}

static void lists_are_checked(void **state)
{
	static const char *const good[] = {"a", "a.example,.b.example", "*",
					   "127.0.0.1,::1", ".a"};
	static const char *const bad[] = {"",    ",",    "a,",       "a,,b",
					  "a b", "a:80", "http://a", ".",
					  "*.a", "a/b",  "[::1]"};
	struct err err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++)
		if (hosts_check_list(good[i], &err))
			fail_msg("%s: %s", good[i], err.msg);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (hosts_check_list(bad[i], &err) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
		assert_contains(err.msg, "not a host name");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authorities_are_taken_apart),
		cmocka_unit_test(names_have_a_length),
		cmocka_unit_test(browsers_are_led_nowhere_else),
		cmocka_unit_test(browsers_are_known),
		cmocka_unit_test(this_machine_has_a_name),
		cmocka_unit_test(lists_are_checked),
	};

	return RUN_TESTS(tests);
}
