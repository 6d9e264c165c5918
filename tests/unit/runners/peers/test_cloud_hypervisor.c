// SPDX-License-Identifier: GPL-3.0-or-later
/* Cloud Hypervisor's runners, with a script in its place: its words on each hypervisor,
 * an agent that calls through its vsock, and which hypervisor it took. */
#include "tests/unit/test.h"

#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/peers/peers.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/fake_peer.h"
#include "tests/unit/fixture/stage.h"

#define READS_SOCKET                                                                    \
	"for a; do case $a in cid=3,socket=*) socket=${a#cid=3,socket=};; esac; done\n" \
	"[ -S \"${socket}_3\" ] || exit 9\necho x >\"$socket\"\n"

static const char *const has_kvm[] = {"/dev/kvm", NULL};
static const char *const has_both[] = {"/dev/kvm", "/dev/mshv", NULL};

static void set(const char *const *devices, const char *play)
{
	fake_peer_set(devices);
	fake_peer_script("cloud-hypervisor", "--version",
			 "cloud-hypervisor v54.0.0", play);
}

static void expect_good(const struct runner_ops *runner)
{
	struct result res;

	fake_peer_run(runner, "null", "", &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	assert_contains(res.identity, "vmm.version=Cloud Hypervisor 54.0.0");
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

#define WORDS                                                           \
	"--cpus", "boot=2", "--memory", "size=256M", "--serial", "tty", \
		"--console", "off", "--vsock", "*", "--kernel", "*",    \
		"--initramfs", "*", "--cmdline", "*"

static void it_is_given_the_guest(void **state)
{
	static const char *const words[] = {WORDS, NULL};
	char *text;

	(void)state;
	set(has_kvm, READS_SOCKET FAKE_PEER_OPENS("/dev/kvm") FAKE_PEER_AGENT);
	expect_good(&runner_cloud_hypervisor);
	stage_expect_lines("args", words);
	text = stage_text("args");
	assert_contains(text, "/guest/bzImage\n");
	assert_contains(text, "/guest/initramfs.cpio\n");
	assert_contains(text, " l1vh_vsock=1");
	assert_null(strstr(text, "l1vh_reboot"));
	free(text);
}

#define IN_STORAGE "series='storage randread-4k-qd1'\n"
#define IN_NETWORK "series='network_rr tcp-1B'\n"

static void run_io(const char *workload, const char *point,
		   const char *disk_cache)
{
	struct bench_case bc = {.io = {.disk_bytes = 2 * MIB,
				       .queue_count = 2,
				       .vhost = "auto"}};
	struct result res;

	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", stage_path("disk.img"));
	snprintf(bc.io.disk_cache, sizeof(bc.io.disk_cache), "%s", disk_cache);
	bench_case_add(&bc, workload, point);
	fake_peer_run_case(&runner_cloud_hypervisor, &bc, &res);
	if (res.status != RUN_OK)
		fail_msg("%s", res.reason);
	result_release(&res);
}

static char *tools_word(void)
{
	return xasprintf("path=%s,serial=l1vh-tools,readonly=on",
			 stage_path("guest/tools.ext4"));
}

static void a_disk_comes_with_tools(void **state)
{
	char *tools = tools_word();
	char *disk =
		xasprintf("path=%s,serial=l1vh-data,direct=off,num_queues=2",
			  stage_path("disk.img"));
	char *told = xasprintf("%s,image_type=raw", disk);
	const char *words[] = {WORDS, "--disk", told, tools, NULL};

	(void)state;
	set(has_kvm, IN_STORAGE READS_SOCKET FAKE_PEER_OPENS("/dev/kvm")
			     FAKE_PEER_AGENT);
	run_io("storage", "randread-4k-qd1", "host");
	stage_expect_lines("args", words);
	/* An older one does not know the word. */
	fake_peer_script("cloud-hypervisor", "--version",
			 "cloud-hypervisor v51.1",
			 IN_STORAGE READS_SOCKET FAKE_PEER_OPENS("/dev/kvm")
				 FAKE_PEER_AGENT);
	run_io("storage", "randread-4k-qd1", "host");
	words[ARRAY_SIZE(words) - 3] = disk;
	stage_expect_lines("args", words);
	free(told);
	free(disk);
	free(tools);
}

static void a_card_is_the_helper_s_tap(void **state)
{
	char *tools = tools_word();
	const char *words[] = {WORDS,
			       "--disk",
			       tools,
			       "--net",
			       "tap=tap77,mac=52:54:00:4c:31:56,num_queues=4",
			       NULL};

	(void)state;
	set(has_kvm, IN_NETWORK READS_SOCKET FAKE_PEER_OPENS("/dev/kvm")
			     FAKE_PEER_AGENT);
	stage_script("l1vh-bench", "echo ready 0 tap77; cat\n");
	run_io("network_rr", "tcp-1B", "none");
	stage_expect_lines("args", words);
	free(tools);
}

static void a_path_with_a_comma_is_none_of_its(void **state)
{
	struct bench_case bc = {.io = {.disk_bytes = 2 * MIB,
				       .queue_count = 1,
				       .disk_cache = "host"}};
	struct result res;

	(void)state;
	set(has_kvm, "exit 1\n");
	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", stage_path("a,b.img"));
	bench_case_add(&bc, "storage", "randread-4k-qd1");
	fake_peer_run_case(&runner_cloud_hypervisor, &bc, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_contains(res.reason, "it takes no path with a comma");
	result_release(&res);
}

static void on_mshv_it_is_given_the_same(void **state)
{
	static const char *const words[] = {WORDS, NULL};

	(void)state;
	set(has_both,
	    READS_SOCKET FAKE_PEER_OPENS("/dev/mshv") FAKE_PEER_AGENT);
	expect_good(&runner_cloud_hypervisor_mshv);
	stage_expect_lines("args", words);
}

/* Its filter does not know what the emulator does in its process. */
static void on_an_emulated_mshv_it_has_no_filter(void **state)
{
	static const char *const words[] = {WORDS, "--seccomp", "false", NULL};
	static const char *const before[] = {"mshv-emu", "--hide-kvm", "--",
					     NULL};

	(void)state;
	set(has_both,
	    READS_SOCKET FAKE_PEER_OPENS("/dev/mshv") FAKE_PEER_AGENT);
	stage_script("l1vh-bench",
		     "printf '%s\\n' \"$1\" \"$2\" \"$3\" >\"$here/before\"\n"
		     "shift 3; exec \"$@\"\n");
	expect_good(&runner_cloud_hypervisor_mshv_emu);
	stage_expect_lines("before", before);
	stage_expect_lines("args", words);
}

/* One for both takes KVM, one for KVM alone knows no other. */
static void another_hypervisor_is_no_result(void **state)
{
	struct result res;

	(void)state;
	set(has_both, READS_SOCKET FAKE_PEER_OPENS("/dev/kvm") FAKE_PEER_AGENT);
	fake_peer_run(&runner_cloud_hypervisor_mshv, "null", "", &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_string_equal(
		res.reason,
		"Cloud Hypervisor was to use /dev/mshv and does not have it open");
	assert_int_equal(res.series_count, 0);
	result_release(&res);
}

static void each_needs_its_device(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	set(has_kvm, "exit 1\n");
	fake_peer_expect_skip(&runner_cloud_hypervisor_mshv, "null", "",
			      "Cloud Hypervisor needs /dev/mshv");
	set(none, "exit 1\n");
	fake_peer_expect_skip(&runner_cloud_hypervisor, "null", "",
			      "Cloud Hypervisor needs /dev/kvm");
}

static void its_ends(void **state)
{
	struct bench_case bc = {.timeout_ns = NS_PER_S};
	struct result res;

	(void)state;
	set(has_kvm,
	    "echo 'Error booting VM: no supported hypervisor' >&2; exit 1\n");
	fake_peer_run(&runner_cloud_hypervisor, "null", "", &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_contains(res.reason, "no supported hypervisor");
	result_release(&res);
	set(has_kvm, READS_SOCKET "exec sleep 60\n");
	bench_case_add(&bc, "null", "");
	fake_peer_run_case(&runner_cloud_hypervisor, &bc, &res);
	assert_int_equal(res.status, RUN_TIMEOUT);
	assert_string_equal(fake_peer_rest(), "");
	result_release(&res);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_given_the_guest),
		cmocka_unit_test(a_disk_comes_with_tools),
		cmocka_unit_test(a_card_is_the_helper_s_tap),
		cmocka_unit_test(a_path_with_a_comma_is_none_of_its),
		cmocka_unit_test(on_mshv_it_is_given_the_same),
		cmocka_unit_test(on_an_emulated_mshv_it_has_no_filter),
		cmocka_unit_test(another_hypervisor_is_no_result),
		cmocka_unit_test(each_needs_its_device),
		cmocka_unit_test(its_ends),
	};

	return RUN_TESTS(tests);
}

int main(int argc, char **argv)
{
	return fake_peer_main(argc, argv, all_tests);
}
