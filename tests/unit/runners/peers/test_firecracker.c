// SPDX-License-Identifier: GPL-3.0-or-later
/* Firecracker's runner, with a script in its place: its configuration, an agent that
 * calls through its vsock, its version, its ends. */
#include "tests/unit/test.h"

#include <jansson.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/peers/peers.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fake_peer.h"
#include "tests/unit/fixture/stage.h"

#define READS_CONFIG                                                             \
	"cat \"$4\" >\"$here/config\"\n"                                         \
	"socket=$(sed -n 's/.*\"uds_path\": \"\\([^\"]*\\)\".*/\\1/p' \"$4\")\n" \
	"[ -S \"${socket}_3\" ] || exit 9\necho x >\"$socket\"\n"

static const char *const has_kvm[] = {"/dev/kvm", NULL};

static void set(const char *says, const char *play)
{
	fake_peer_set(has_kvm);
	fake_peer_script("firecracker", "--version", says, play);
}

static void expect_config(void)
{
	char *text = stage_text("config");
	json_t *json = json_loads(text, 0, NULL);
	const char *kernel, *initrd, *line, *socket;
	int vcpus, mib, cid, is_smt;
	json_t *drives, *entropy;

	assert_int_equal(
		json_unpack(
			json,
			"{s:{s:s, s:s, s:s}, s:o, s:{s:i, s:i, s:b}, s:{s:i, s:s}, s:o !}",
			"boot-source", "kernel_image_path", &kernel,
			"initrd_path", &initrd, "boot_args", &line, "drives",
			&drives, "machine-config", "vcpu_count", &vcpus,
			"mem_size_mib", &mib, "smt", &is_smt, "vsock",
			"guest_cid", &cid, "uds_path", &socket, "entropy",
			&entropy),
		0);
	assert_contains(kernel, "/guest/vmlinux");
	assert_contains(initrd, "/guest/initramfs.cpio");
	assert_contains(line, " l1vh_vsock=1 reboot=k l1vh_reboot=1");
	assert_contains(socket, "/vsock");
	assert_int_equal(json_array_size(drives), 0);
	assert_true(json_is_object(entropy));
	assert_int_equal(vcpus, 2);
	assert_int_equal(mib, 256);
	assert_int_equal(cid, 3);
	assert_false(is_smt);
	json_decref(json);
	free(text);
}

static void it_is_given_the_guest(void **state)
{
	static const char *const words[] = {"--no-api", "--enable-pci",
					    "--config-file", "*", NULL};
	struct result res;

	(void)state;
	fake_peer_kernel("elf");
	/* It says more after its version. */
	set("Firecracker v1.13.1\\n\\n2026-11-30 [anonymous-instance:main] Exit code 0",
	    READS_CONFIG FAKE_PEER_OPENS("/dev/kvm") FAKE_PEER_AGENT);
	fake_peer_run(&runner_firecracker, "null", "", &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	assert_contains(res.identity, "vmm.version=Firecracker 1.13.1");
	stage_expect_lines("args", words);
	expect_config();
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

static void what_it_cannot_start_is_skipped(void **state)
{
	(void)state;
	set("Firecracker v1.12.0", "exit 1\n");
	fake_peer_expect_skip(&runner_firecracker, "null", "",
			      "Firecracker 1.12.0 has no PCI: 1.13 does");
	set("Firecracker v1.13.0", "exit 1\n");
	fake_peer_kernel("");
	fake_peer_expect_skip(
		&runner_firecracker, "null", "",
		"Firecracker starts ELF kernels alone, and this run's guests start the bzImage");
	fake_peer_kernel("elf");
	stage_forget("guest/vmlinux");
	fake_peer_expect_skip(&runner_firecracker, "null", "",
			      "Firecracker starts ELF kernels alone");
}

static void its_ends(void **state)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	set("Firecracker v1.13.0", "echo Invalid seccomp filter; exit 148\n");
	fake_peer_run(&runner_firecracker, "null", "", &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(
		res.reason,
		"firecracker exited with status 148: Invalid seccomp filter");
	result_release(&res);
	set("Firecracker v1.13.0", READS_CONFIG "exec sleep 60\n");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_firecracker, &bc, &res);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_given_the_guest),
		cmocka_unit_test(what_it_cannot_start_is_skipped),
		cmocka_unit_test(its_ends),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	return fake_peer_main(argc, argv, all_tests);
}
