// SPDX-License-Identifier: GPL-3.0-or-later
/* Runners of our own VMM, with a script in its place: the command line that it
 * is given, as its own parser reads it. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <unistd.h>

#include "harness/cli/vmm_options.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/vmm_child.h"
#include "runners/vmm/hv.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/pci_fake.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/stage.h"

/* The command line of one start, and what the VMM makes of it. */
struct start {
	char *text;
	char *argv[64];
	int argc;
	struct vmm_options opt;
	struct result res;
};

static struct bench_case some_case(void)
{
	return (struct bench_case){.vcpu_count = 2,
				   .ram_bytes = 256 * MIB,
				   .paravirt = "best",
				   .timeout_ns = 20 * NS_PER_S,
				   .io = {.queue_count = 2,
					  .vhost = "off",
					  .disk_bytes = 16 * MIB,
					  .ignores_panic = true}};
}

/* What follows OPTION; NULL: it is not there. */
static const char *value_of(const struct start *s, const char *option)
{
	int i;

	for (i = 0; i + 1 < s->argc; i++)
		if (!strcmp(s->argv[i], option))
			return s->argv[i + 1];
	return NULL;
}

static void read_start(struct start *s)
{
	static char events_fd[16];
	struct err err = {0};
	char *rest, *line;
	int i;

	s->text = rest = stage_text("args");
	assert_non_null(rest);
	for (s->argc = 0; (line = strsep(&rest, "\n")) && rest; s->argc++)
		s->argv[s->argc] = line;
	assert_string_equal(value_of(s, "--channel-fd"), "3");
	assert_string_equal(value_of(s, "--events-fd"), "4");
	/* In this process another one has to do. */
	snprintf(events_fd, sizeof(events_fd), "%d",
		 open("/dev/null", O_WRONLY | O_CLOEXEC));
	for (i = 0; strcmp(s->argv[i], "--events-fd"); i++)
		;
	s->argv[i + 1] = events_fd;
	optind = 0;
	if (vmm_options_parse(s->argc, s->argv, &s->opt, &err))
		fail_msg("%s", err.msg);
}

/* Run WORKLOAD of BC, which is released; the VMM only notes its words. */
static void start(const struct runner_ops *runner, struct bench_case *bc,
		  const char *workload, const char *point, struct start *s)
{
	memset(s, 0, sizeof(*s));
	stage_forget("args");
	stage_script("l1vh-vmm", "for a in \"$0\" \"$@\"; do echo \"$a\"; done "
				 ">\"$here/args\"\nexit 3\n");
	bench_case_add(bc, workload, point);
	result_init(&s->res);
	runner->run(bc, &s->res);
	bench_case_release(bc);
	read_start(s);
}

static void release(struct start *s)
{
	if (s->opt.vm.events)
		fclose(s->opt.vm.events);
	result_release(&s->res);
	free(s->text);
}

static void a_plain_guest_is_linux(void **state)
{
	struct bench_case bc = some_case();
	struct start s;

	(void)state;
	start(&runner_kvm, &bc, "null", "", &s);
	assert_string_equal(s.opt.hv->name, "kvm");
	assert_int_equal(s.opt.vm.mem.bytes, 256 * MIB);
	assert_int_equal(s.opt.vm.vcpu_count, 2);
	assert_int_equal(s.opt.vm.paravirt, HV_PARAVIRT_BEST);
	assert_string_equal(s.opt.vm.kernel_path, stage_path("guest/bzImage"));
	assert_string_equal(s.opt.vm.initrd_path,
			    stage_path("guest/initramfs.cpio"));
	assert_contains(s.opt.vm.cmdline, "console=ttyS0");
	assert_null(s.opt.vm.micro_path);
	assert_false(s.opt.holds || s.opt.vm.mem.is_locked ||
		     s.opt.vm.mem.prefault);
	assert_int_equal(s.opt.vm.devices.disk_count, 0);
	assert_int_equal(s.opt.vm.devices.net_count, 0);
	/* With vsock or without, both ends know it. */
	assert_int_equal(s.opt.vm.devices.vsock_cid != 0,
			 strstr(s.opt.vm.cmdline, "l1vh_vsock=1") != NULL);
	assert_int_equal(s.res.status, RUN_RUNNER_FAILED);
	assert_contains(s.res.reason, "l1vh-vmm exited with status 3");
	release(&s);
}

static void a_micro_guest_has_no_linux(void **state)
{
	struct bench_case bc = some_case();
	struct start s;

	(void)state;
	snprintf(bc.paravirt, sizeof(bc.paravirt), "identical");
	start(&runner_kvm, &bc, "micro_exit", "cpuid,ring0", &s);
	assert_string_equal(s.opt.vm.micro_path, stage_path("micro.bin"));
	assert_null(s.opt.vm.kernel_path);
	assert_null(s.opt.vm.cmdline);
	assert_int_equal(s.opt.vm.paravirt, HV_PARAVIRT_IDENTICAL);
	release(&s);
}

/* A hypervisor's name reaches the VMM; an emulated one is never taken for a
 * real one. */
static void each_runner_has_its_hypervisor(void **state)
{
	static const struct {
		const struct runner_ops *runner;
		const char *hv;
		bool is_emulated;
	} rows[] = {
		{&runner_kvm, "kvm", false},
		{&runner_mshv, "mshv", false},
		{&runner_mshv_emu, "mshv-emu", true},
	};
	struct bench_case bc;
	struct start s;
	size_t i;

	(void)state;
	assert_false(vmm_child_mshv_is_emulated());
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bc = some_case();
		start(rows[i].runner, &bc, "null", "", &s);
		assert_string_equal(value_of(&s, "--hv"), rows[i].hv);
		assert_string_equal(s.opt.hv->name, rows[i].hv);
		assert_int_equal(s.res.grade, rows[i].runner->grade());
		if (rows[i].is_emulated)
			assert_int_equal(s.res.grade, GRADE_EMULATED);
		release(&s);
	}
}

static void a_disk_comes_with_tools(void **state)
{
	struct bench_case bc = some_case();
	const struct blk_config *disks;
	struct start s;

	(void)state;
	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", stage_path("disk.img"));
	start(&runner_kvm, &bc, "storage", "randread-4k-qd1", &s);
	assert_int_equal(s.opt.vm.devices.disk_count, 2);
	disks = s.opt.vm.devices.disks;
	assert_string_equal(disks[0].disk.path, stage_path("disk.img"));
	assert_string_equal(disks[0].serial, "l1vh-data");
	assert_int_equal(disks[0].queue_count, 2);
	assert_false(disks[0].disk.is_readonly || disks[0].disk.is_buffered);
	assert_string_equal(disks[1].disk.path, stage_path("guest/tools.ext4"));
	assert_string_equal(disks[1].serial, "l1vh-tools");
	assert_true(disks[1].disk.is_readonly && disks[1].disk.is_buffered);
	/* It was made, of the wanted size. */
	assert_int_equal(access(stage_path("disk.img"), W_OK), 0);
	release(&s);
}

/* What the plan says of a disk and a card is what they have. */
static void polling_and_caches_are_the_plan_s(void **state)
{
	struct bench_case bc = some_case();
	struct start s;

	(void)state;
	bc.io.disk_poll_us = 30;
	snprintf(bc.io.disk_cache, sizeof(bc.io.disk_cache), "host");
	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", stage_path("disk.img"));
	start(&runner_kvm, &bc, "storage", "randread-4k-qd1", &s);
	assert_true(s.opt.vm.devices.disks[0].disk.is_buffered);
	assert_int_equal(s.opt.vm.devices.disks[0].poll_us, 30);
	assert_int_equal(s.opt.vm.devices.disks[1].poll_us, 0);
	assert_false(s.opt.vm.devices.disks[0].rings_by_exits);
	release(&s);
	bc = some_case();
	snprintf(bc.io.disk, sizeof(bc.io.disk), "%s", stage_path("disk.img"));
	snprintf(bc.io.ioeventfd, sizeof(bc.io.ioeventfd), "off");
	start(&runner_kvm, &bc, "storage", "randread-4k-qd1", &s);
	assert_true(s.opt.vm.devices.disks[0].rings_by_exits);
	assert_false(s.opt.vm.devices.disks[1].rings_by_exits);
	release(&s);
	bc = some_case();
	bc.io.net_poll_us = 40;
	stage_script("l1vh-bench", "echo ready 0 tap77; cat\n");
	start(&runner_kvm, &bc, "network_rr", "", &s);
	assert_int_equal(s.opt.vm.devices.nets[0].poll_us, 40);
	assert_false(s.opt.vm.devices.nets[0].rings_by_exits);
	release(&s);
	bc = some_case();
	snprintf(bc.io.ioeventfd, sizeof(bc.io.ioeventfd), "off");
	start(&runner_kvm, &bc, "network_rr", "", &s);
	assert_true(s.opt.vm.devices.nets[0].rings_by_exits);
	release(&s);
}

static void a_null_disk_goes_through(void **state)
{
	struct bench_case bc = some_case();
	struct start s;

	(void)state;
	snprintf(bc.io.disk, sizeof(bc.io.disk), "null:1G");
	start(&runner_kvm, &bc, "storage", "randread-4k-qd1", &s);
	assert_string_equal(s.opt.vm.devices.disks[0].disk.path, "null:1G");
	release(&s);
}

/* The helper names a tap; the VMM takes it by this name. */
static void a_card_is_the_helper_s_tap(void **state)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 0x4c, 0x31, 0x56};
	struct bench_case bc = some_case();
	const struct net_config *net;
	struct start s;

	(void)state;
	stage_script("l1vh-bench", "echo ready 0 tap77; cat\n");
	start(&runner_kvm, &bc, "network_rr", "", &s);
	assert_int_equal(s.opt.vm.devices.net_count, 1);
	net = &s.opt.vm.devices.nets[0];
	assert_string_equal(net->tap_name, "tap77");
	assert_int_equal(net->pair_count, 2);
	assert_int_equal(net->vhost, NET_VHOST_OFF);
	assert_memory_equal(net->mac, mac, 6);
	assert_int_equal(s.opt.vm.devices.disk_count, 1); /* the tools */
	release(&s);
}

/* Its memory is read before and after its guest runs. */
static void a_shape_is_held_and_has_its_disks(void **state)
{
	struct bench_case bc = some_case();
	const struct blk_config *disks;
	struct start s;

	(void)state;
	bc.limits.locks_ram = true;
	start(&runner_kvm, &bc, "footprint", "256M-1cpu-2disk", &s);
	assert_true(s.opt.holds);
	assert_true(s.opt.vm.mem.is_locked);
	assert_int_equal(s.opt.vm.devices.disk_count, 2);
	disks = s.opt.vm.devices.disks;
	assert_contains(disks[0].disk.path, "/results/shape-");
	assert_string_not_equal(disks[0].disk.path, disks[1].disk.path);
	/* They are gone with the guest. */
	assert_int_equal(access(disks[0].disk.path, F_OK), -1);
	assert_int_equal(access(disks[1].disk.path, F_OK), -1);
	release(&s);
}

/* Two cards of the host, in a /sys of the test's own; false: it has none. */
static bool put_cards(struct bench_case *bc)
{
	const char *refusal = mountns_enter();
	uint32_t i;

	if (!refusal)
		refusal = mountns_cover("/sys");
	if (refusal) {
		print_message("SKIP: %s\n", refusal);
		return false;
	}
	for (i = 0; i < 2; i++) {
		snprintf(bc->io.devices[i], sizeof(bc->io.devices[i]),
			 "0000:00:0%u.0", 5 + i % 2);
		pci_fake_add("", PCI_FAKE_BUS, bc->io.devices[i], 0x020000);
	}
	bc->io.device_count = 2;
	stage_script("l1vh-bench", "echo ready 5; cat\n");
	return true;
}

/* The first that the plan names, as a disk of the host would be. */
static void a_function_of_the_host_goes_to_the_guest(void **state)
{
	struct bench_case bc = some_case();
	struct start s;

	(void)state;
	if (!put_cards(&bc))
		skip();
	start(&runner_kvm, &bc, "passthrough_mmio", "read", &s);
	assert_int_equal(s.opt.vm.vfio.count, 1);
	assert_string_equal(s.opt.vm.vfio.addresses[0], "0000:00:05.0");
	assert_int_equal(s.opt.vm.vfio.iommu, VFIO_IOMMU_AUTO);
	assert_int_equal(s.opt.vm.devices.disk_count, 0);
	release(&s);
	mountns_uncover("/sys");
}

static void a_shape_has_functions_of_its_own(void **state)
{
	struct bench_case bc = some_case();
	struct start s;

	(void)state;
	if (!put_cards(&bc))
		skip();
	start(&runner_kvm, &bc, "footprint_vfio", "256M-1cpu-2vfio", &s);
	assert_true(s.opt.holds);
	assert_int_equal(s.opt.vm.vfio.count, 2);
	assert_string_equal(s.opt.vm.vfio.addresses[0], "0000:00:05.0");
	assert_string_equal(s.opt.vm.vfio.addresses[1], "0000:00:06.0");
	release(&s);
	mountns_uncover("/sys");
}

static void a_vmm_that_is_not_there_fails_the_case(void **state)
{
	struct bench_case bc = some_case();
	struct result res;

	(void)state;
	stage_forget("l1vh-vmm");
	bench_case_add(&bc, "null", "");
	result_init(&res);
	runner_kvm.run(&bc, &res);
	assert_int_equal(res.status, RUN_RUNNER_FAILED);
	assert_contains(res.reason, "/l1vh-vmm");
	result_release(&res);
	bench_case_release(&bc);
}

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_guest_is_linux),
		cmocka_unit_test(a_micro_guest_has_no_linux),
		cmocka_unit_test(each_runner_has_its_hypervisor),
		cmocka_unit_test(a_disk_comes_with_tools),
		cmocka_unit_test(polling_and_caches_are_the_plan_s),
		cmocka_unit_test(a_null_disk_goes_through),
		cmocka_unit_test(a_card_is_the_helper_s_tap),
		cmocka_unit_test(a_shape_is_held_and_has_its_disks),
		cmocka_unit_test(a_vmm_that_is_not_there_fails_the_case),
		cmocka_unit_test(a_function_of_the_host_goes_to_the_guest),
		cmocka_unit_test(a_shape_has_functions_of_its_own),
	};

	/* What is made below the working folder goes with the stage's. */
	return chdir(stage_folder()) ? 1 : RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
