// SPDX-License-Identifier: GPL-3.0-or-later
/* kvmtool's runner, with a script for lkvm: its words, its version, its ends. */
#include "tests/unit/test.h"

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/peers/peers.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fake_peer.h"
#include "tests/unit/fixture/stage.h"

static const char *const devices[] = {"/dev/kvm", "/dev/vhost-vsock", NULL};

static void set(const char *play)
{
	fake_peer_set(devices);
	fake_peer_need_vsock();
	fake_peer_script("lkvm", "version", "kvm tool 3.18.0", play);
}

static void it_is_given_the_guest(void **state)
{
	static const char *const words[] = {
		"run",       "--name",    "l1vh",      "--cpus",   "2",
		"--mem",     "256M",      "--console", "serial",   "--rng",
		"--network", "mode=none", "--vsock",   "*",        "--kernel",
		"*",         "--initrd",  "*",         "--params", "*",
		NULL};
	struct result res;
	char *text;

	(void)state;
	set("mkdir \"$HOME/.lkvm\" && echo x >\"$HOME/.lkvm/l1vh.sock\"\n"
	    "echo Fatal: no memory; exit 1\n");
	fake_peer_run(&runner_kvmtool, "null", "", &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason,
			    "lkvm exited with status 1: Fatal: no memory");
	assert_string_equal(fake_peer_rest(), "");
	stage_expect_lines("args", words);
	text = stage_text("args");
	assert_contains(text, "/guest/bzImage\n");
	assert_contains(text, "/guest/initramfs.cpio\n");
	assert_contains(text, " l1vh_vsock=1 reboot=k l1vh_reboot=1");
	free(text);
	result_release(&res);
}

static void it_ends_with_its_limit(void **state)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	set("exec sleep 60\n");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_kvmtool, &bc, &res);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_contains(res.reason, "lkvm: no hello");
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

static void it_needs_a_vsock_of_the_kernel_s(void **state)
{
	static const char *const no_vsock[] = {"/dev/kvm", NULL};

	(void)state;
	set("exit 1\n");
	fake_peer_set(no_vsock);
	fake_peer_expect_skip(&runner_kvmtool, "null", "",
			      "kvmtool needs /dev/vhost-vsock");
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_given_the_guest),
		cmocka_unit_test(it_ends_with_its_limit),
		cmocka_unit_test(it_needs_a_vsock_of_the_kernel_s),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	return fake_peer_main(argc, argv, all_tests);
}
