// SPDX-License-Identifier: GPL-3.0-or-later
/* Firecracker's runner, with a script in its place: its configuration, an agent that
 * calls through its vsock, its version, its ends. */
#include "tests/unit/test.h"

#include <jansson.h>
#include <sys/stat.h>

#include "harness/base/xmalloc.h"

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
	json_t *drives, *cards, *entropy;

	assert_int_equal(
		json_unpack(
			json,
			"{s:{s:s, s:s, s:s}, s:o, s:o, s:{s:i, s:i, s:b}, s:{s:i, s:s}, s:o !}",
			"boot-source", "kernel_image_path", &kernel,
			"initrd_path", &initrd, "boot_args", &line, "drives",
			&drives, "network-interfaces", &cards, "machine-config",
			"vcpu_count", &vcpus, "mem_size_mib", &mib, "smt",
			&is_smt, "vsock", "guest_cid", &cid, "uds_path",
			&socket, "entropy", &entropy),
		0);
	assert_contains(kernel, "/guest/vmlinux");
	assert_contains(initrd, "/guest/initramfs.cpio");
	assert_contains(line, " l1vh_vsock=1 reboot=k l1vh_reboot=1");
	assert_contains(socket, "/vsock");
	assert_int_equal(json_array_size(drives), 0);
	assert_int_equal(json_array_size(cards), 0);
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

static void run_io(const char *workload, const char *point, const char *cache,
		   uint32_t queues, struct result *res)
{
	struct bench_case bc = {.io = {.disk_bytes = 2 * MIB,
				       .queue_count = queues,
				       .vhost = "auto"}};

	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", stage_path("disk.img"));
	snprintf(bc.io.disk_cache, sizeof(bc.io.disk_cache), "%s", cache);
	bench_case_add(&bc, workload, point);
	fake_peer_run_case(&runner_firecracker, &bc, res);
	if (res->status != RUN_OK)
		fail_msg("%s", res->reason);
}

/* Its own name for the disk of a file, as the guest is told it. */
static char *serial_word(const char *name, const char *file)
{
	struct stat st;

	assert_int_equal(stat(stage_path(file), &st), 0);
	return xasprintf(" %s=%llu0%llu", name, (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino);
}

static void expect_drive(const json_t *drive, const char *id, const char *file,
			 int is_readonly)
{
	const char *have, *path, *cache, *engine;
	int is_root, is_ro;

	assert_int_equal(
		json_unpack((json_t *)drive, "{s:s, s:s, s:b, s:b, s:s, s:s !}",
			    "drive_id", &have, "path_on_host", &path,
			    "is_root_device", &is_root, "is_read_only", &is_ro,
			    "cache_type", &cache, "io_engine", &engine),
		0);
	assert_string_equal(have, id);
	assert_string_equal(path, stage_path(file));
	assert_int_equal(is_ro, is_readonly);
	assert_false(is_root);
	assert_string_equal(cache, "Writeback");
	assert_string_equal(engine, "Async");
}

static void a_disk_has_the_name_that_it_gives_it(void **state)
{
	struct result res;
	char *text, *data, *tools;
	json_t *json, *drives;

	(void)state;
	fake_peer_kernel("elf");
	set("Firecracker v1.13.1",
	    "series='storage randread-4k-qd1'\n" READS_CONFIG FAKE_PEER_OPENS(
		    "/dev/kvm") FAKE_PEER_AGENT);
	stage_file("guest/tools.ext4", "", 0);
	run_io("storage", "randread-4k-qd1", "host", 1, &res);
	result_release(&res);
	text = stage_text("config");
	json = json_loads(text, 0, NULL);
	drives = json_object_get(json, "drives");
	assert_int_equal(json_array_size(drives), 2);
	expect_drive(json_array_get(drives, 0), "data", "disk.img", 0);
	expect_drive(json_array_get(drives, 1), "tools", "guest/tools.ext4", 1);
	data = serial_word("l1vh-data", "disk.img");
	tools = serial_word("l1vh-tools", "guest/tools.ext4");
	assert_contains(text, data);
	assert_contains(text, tools);
	free(data);
	free(tools);
	json_decref(json);
	free(text);
}

static void a_card_is_the_helper_s_tap(void **state)
{
	const char *id, *mac, *tap;
	struct result res;
	json_t *json;
	char *text;

	(void)state;
	fake_peer_kernel("elf");
	set("Firecracker v1.13.1",
	    "series='network_rr tcp-1B'\n" READS_CONFIG FAKE_PEER_OPENS(
		    "/dev/kvm") FAKE_PEER_AGENT);
	stage_file("guest/tools.ext4", "", 0);
	stage_script("l1vh-bench", "echo ready 0 tap77; cat\n");
	run_io("network_rr", "tcp-1B", "none", 1, &res);
	result_release(&res);
	text = stage_text("config");
	json = json_loads(text, 0, NULL);
	assert_int_equal(json_unpack(json, "{s:[{s:s, s:s, s:s !}]}",
				     "network-interfaces", "iface_id", &id,
				     "guest_mac", &mac, "host_dev_name", &tap),
			 0);
	assert_string_equal(mac, "52:54:00:4c:31:56");
	assert_string_equal(tap, "tap77");
	json_decref(json);
	free(text);
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
		cmocka_unit_test(a_disk_has_the_name_that_it_gives_it),
		cmocka_unit_test(a_card_is_the_helper_s_tap),
		cmocka_unit_test(what_it_cannot_start_is_skipped),
		cmocka_unit_test(its_ends),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	return fake_peer_main(argc, argv, all_tests);
}
