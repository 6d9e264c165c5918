// SPDX-License-Identifier: GPL-3.0-or-later
/* libvirt's runners, with a script for a helper and a /dev of the test's own:
 * why they skip, what the helper is given, and whose memory is looked at. */
#include "tests/unit/test.h"

#include <errno.h>
#include <glob.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/vsock_listener.h"
#include "runners/libvirt/libvirt.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/stage.h"

/* Its words and the domain go to files; then a QEMU, which has $1 open, is
 * paused, and the script waits for the harness's line. */
#define HELPER(device)                                                      \
	"for a; do echo \"$a\"; done >\"$here/args\"\n"                     \
	"cat \"$3\" >\"$here/xml\"; exec 9<" device "\n"                    \
	"echo noise >&4; echo paused $$ 1 2 >&4; read line <&4 || exit 7\n" \
	"echo go >\"$here/resumed\"\n"

static const char *no_dev;

static void need_dev(void)
{
	if (!no_dev)
		return;
	print_message("SKIP: %s\n", no_dev);
	skip();
}

static void run_for(uint64_t timeout_ns, const struct runner_ops *runner,
		    const char *workload, const char *point, struct result *res)
{
	struct bench_case bc = {.vcpu_count = 2,
				.ram_bytes = 256 * MIB,
				.timeout_ns = timeout_ns};

	stage_forget("args");
	stage_forget("resumed");
	bench_case_add(&bc, workload, point);
	result_init(res);
	runner->run(&bc, res);
	bench_case_release(&bc);
}

static void run(const struct runner_ops *runner, const char *workload,
		const char *point, struct result *res)
{
	run_for(20 * NS_PER_S, runner, workload, point, res);
}

static void expect_skipped(const char *words)
{
	struct result res;

	run(&runner_libvirt_kvm, "null", "", &res);
	assert_int_equal(res.status, RUN_SKIPPED);
	assert_contains(res.reason, words);
	assert_null(stage_text("args"));
	result_release(&res);
}

static void stage_libvirt(void)
{
	stage_script("virtqemud", "exit 1");
	stage_script("virtlogd", "exit 1");
	stage_script("virsh", "exit 1");
}

/* Each of its programs is needed. */
static void without_libvirt_it_skips(void **state)
{
	static const char *const programs[] = {"virtqemud", "virtlogd",
					       "virsh"};
	char *path = strdup(getenv("PATH"));
	size_t i;

	(void)state;
	setenv("PATH", stage_folder(), 1);
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		stage_libvirt();
		stage_forget(programs[i]);
		expect_skipped("not installed");
	}
	stage_libvirt();
	setenv("PATH", path, 1);
	free(path);
}

/* A daemon that serves other guests is left alone. */
static void a_daemon_that_runs_is_left_alone(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX,
				 .sun_path = "/run/libvirt/virtqemud-sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	need_dev();
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	expect_skipped("already runs");
	close(fd);
	unlink(at.sun_path);
}

static void only_some_workloads_are_measured(void **state)
{
	static const char *const rows[][2] = {
		{"storage", "randread-4k-qd1"},
		{"network_rr", "tcp-1B"},
		{"micro_exit", "cpuid,ring0"},
	};
	struct result res;
	size_t i;

	(void)state;
	need_dev();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		run(&runner_libvirt_kvm, rows[i][0], rows[i][1], &res);
		assert_int_equal(res.status, RUN_SKIPPED);
		assert_contains(res.reason, "footprint");
		result_release(&res);
	}
}

static void each_runner_needs_its_device(void **state)
{
	struct result res;

	(void)state;
	need_dev();
	/* The guest's agent has no other way out. */
	unlink("/dev/vhost-vsock");
	expect_skipped("/dev/vhost-vsock");
	run(&runner_libvirt_hyperv, "null", "", &res);
	assert_int_equal(res.status, RUN_SKIPPED);
	assert_contains(res.reason, "/dev/mshv");
	result_release(&res);
}

/* Where this kernel has no vsock at all, no guest can be started. */
static void need_vsock(void)
{
	struct vsock_listener l;
	bool has_vsock;

	need_dev();
	mountns_write("/dev/vhost-vsock", "");
	vsock_listener_open(&l);
	has_vsock = l.fd >= 0;
	vsock_listener_close(&l);
	if (has_vsock)
		return;
	print_message("SKIP: no AF_VSOCK\n");
	skip();
}

/* What no run may leave in /tmp. */
static size_t leftover_count(void)
{
	glob_t found = {.gl_pathc = 0};
	size_t count;

	glob("/tmp/l1vh-libvirt-*", 0, NULL, &found);
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

static void the_helper_is_given_a_domain(void **state)
{
	static const char *const args[] = {
		"libvirt-helper", "*", "*", "*", "-", "-", NULL};
	struct result res;
	char *xml, *text;
	size_t before = leftover_count();

	(void)state;
	need_vsock();
	stage_script("l1vh-bench", HELPER("/dev/kvm"));
	mountns_write("/dev/kvm", "");
	run(&runner_libvirt_kvm, "null", "", &res);
	/* No agent has called, so that it is a failed run. */
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_contains(res.reason, "l1vh-bench exited with status 0");
	text = stage_text("resumed");
	assert_string_equal(text, "go\n");
	free(text);
	stage_expect_lines("args", args);
	xml = stage_text("xml");
	assert_contains(xml, "<domain type='kvm'>");
	assert_contains(xml, "<memory unit='KiB'>262144</memory>");
	assert_contains(xml, "<vcpu>2</vcpu>");
	assert_contains(xml, "<vsock model='virtio'>");
	assert_contains(xml, " l1vh_vsock=1");
	free(xml);
	assert_int_equal(leftover_count(), before);
	result_release(&res);
}

/* Microsoft's hypervisor schedules the vCPUs: what this kernel counts is no
 * measure of whether they work. */
static void a_hang_has_no_cpu_time_under_mshv(void **state)
{
	static const struct {
		const struct runner_ops *runner;
		const char *device, *helper;
		bool has_cpu;
	} rows[] = {
		{&runner_libvirt_kvm, "/dev/kvm",
		 HELPER("/dev/kvm") "exec sleep 20", true},
		{&runner_libvirt_hyperv, "/dev/mshv",
		 HELPER("/dev/mshv") "exec sleep 20", false},
	};
	struct result res;
	size_t i;

	(void)state;
	need_vsock();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		mountns_write(rows[i].device, "");
		stage_script("l1vh-bench", rows[i].helper);
		run_for(NS_PER_S / 2, rows[i].runner, "null", "", &res);
		assert_contains(res.reason, "no hello");
		assert_int_equal(strstr(res.reason, "of a CPU") != NULL,
				 rows[i].has_cpu);
		result_release(&res);
	}
	unlink("/dev/mshv");
}

/* A QEMU that runs on something else is not resumed. */
static void a_qemu_on_another_device_is_ended(void **state)
{
	static const struct {
		const struct runner_ops *runner;
		const char *has, *wants;
	} rows[] = {
		{&runner_libvirt_kvm, HELPER("/dev/mshv"), "use /dev/kvm"},
		{&runner_libvirt_hyperv, HELPER("/dev/kvm"), "use /dev/mshv"},
	};
	struct result res;
	size_t i;

	(void)state;
	need_vsock();
	mountns_write("/dev/kvm", "");
	mountns_write("/dev/mshv", "");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		stage_script("l1vh-bench", rows[i].has);
		run(rows[i].runner, "null", "", &res);
		assert_int_equal(res.status, RUN_RUNNER_FAILED);
		assert_contains(res.reason, rows[i].wants);
		assert_null(stage_text("resumed"));
		result_release(&res);
	}
	unlink("/dev/mshv");
}

static void a_helper_s_words_are_kept(void **state)
{
	struct result res;

	(void)state;
	need_vsock();
	stage_script("l1vh-bench", "echo virsh create: no memory; exit 1\n");
	run(&runner_libvirt_kvm, "null", "", &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_contains(res.reason, "exited with status 1");
	assert_contains(res.reason, "virsh create: no memory");
	result_release(&res);
}

/* Only what every program needs is in it. */
static const char *make_dev(void)
{
	const char *why = mountns_enter();

	if (!why)
		why = mountns_cover("/run");
	if (!why)
		why = mountns_cover("/dev");
	if (!why && (mkdir("/run/libvirt", 0700) ||
		     mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) ||
		     access("/dev/null", R_OK | W_OK)))
		why = "cannot make a /dev/null";
	return why;
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_libvirt_it_skips),
		cmocka_unit_test(a_daemon_that_runs_is_left_alone),
		cmocka_unit_test(only_some_workloads_are_measured),
		cmocka_unit_test(each_runner_needs_its_device),
		cmocka_unit_test(the_helper_is_given_a_domain),
		cmocka_unit_test(a_hang_has_no_cpu_time_under_mshv),
		cmocka_unit_test(a_qemu_on_another_device_is_ended),
		cmocka_unit_test(a_helper_s_words_are_kept),
	};

	no_dev = make_dev();
	return RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
