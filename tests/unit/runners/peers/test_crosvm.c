// SPDX-License-Identifier: GPL-3.0-or-later
/* crosvm's runner, with a script in its place: its words, its version, its ends. */
#include "tests/unit/test.h"

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/peers/peers.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fake_peer.h"
#include "tests/unit/fixture/stage.h"

static const char *const devices[] = {"/dev/kvm", "/dev/vhost-vsock", NULL};

static void set(const char *says, const char *play)
{
	fake_peer_set(devices);
	fake_peer_need_vsock();
	fake_peer_script("crosvm", "version", says, play);
}

static void it_is_given_the_guest(void **state)
{
	static const char *const words[] = {"run",
					    "--disable-sandbox",
					    "--no-balloon",
					    "--no-usb",
					    "--cpus",
					    "num-cores=2",
					    "--mem",
					    "size=256",
					    "--serial",
					    "type=stdout,hardware=serial,num=1",
					    "--vsock",
					    "*",
					    "--initrd",
					    "*",
					    "--params",
					    "*",
					    "*",
					    NULL};
	struct result res;
	char *text;

	(void)state;
	/* 33: the guest has crashed. */
	set("crosvm 0.1.0-f1e797a", "echo exiting with crash; exit 33\n");
	fake_peer_run(&runner_crosvm, "null", "", &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(res.reason,
			    "crosvm exited with status 33: exiting with crash");
	assert_string_equal(fake_peer_rest(), "");
	stage_expect_lines("args", words);
	text = stage_text("args");
	assert_contains(text, "\ncid=");
	assert_contains(text, " l1vh_vsock=1");
	assert_null(strstr(text, "l1vh_reboot"));
	assert_contains(text, "/guest/bzImage\n");
	assert_contains(text, "/guest/initramfs.cpio\n");
	free(text);
	result_release(&res);
}

static void it_ends_with_its_limit(void **state)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	set("crosvm 0.1.0", "exec sleep 60\n");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_crosvm, &bc, &res);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_contains(res.reason, "crosvm: no hello");
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

static void one_without_a_version_is_not_started(void **state)
{
	(void)state;
	set("crosvm UNKNOWN", "exit 1\n");
	fake_peer_expect_skip(&runner_crosvm, "null", "",
			      "crosvm does not work here");
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_given_the_guest),
		cmocka_unit_test(it_ends_with_its_limit),
		cmocka_unit_test(one_without_a_version_is_not_started),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	return fake_peer_main(argc, argv, all_tests);
}
