// SPDX-License-Identifier: GPL-3.0-or-later
/* The command line of QEMU: what each part of a case becomes in it. */
#include "tests/unit/test.h"

#include "harness/core/bench_case.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/qemu_args.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "tests/unit/fixture/expect.h"

static char tools[] = "/t.ext4";

struct line {
	struct bench_case bc;
	struct vsock_listener vsock;
	struct io_site site;
	struct shape_site shape;
	struct args args;
};

static int setup(void **state)
{
	struct line *l = calloc(1, sizeof(*l));

	setenv("L1VH_QEMU", "/a/qemu", 1);
	l->bc.vcpu_count = 3;
	l->bc.ram_bytes = 768 * MIB;
	snprintf(l->bc.paravirt, sizeof(l->bc.paravirt), "best");
	snprintf(l->bc.io.vhost, sizeof(l->bc.io.vhost), "off");
	l->bc.io.queue_count = 1;
	l->vsock.fd = -1;
	l->site.bc = &l->bc;
	l->site.net.tap_fd = -1;
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct line *l = *state;

	args_release(&l->args);
	free(l);
	return 0;
}

static void make(struct line *l, const char *accel)
{
	args_release(&l->args);
	qemu_args_add(&l->args, accel, strcmp(accel, "tcg") ? "host" : "max",
		      &l->bc, &l->vsock, &l->site);
	assert_null(l->args.words[l->args.count]);
}

/* How many words WORD follows OPTION; NULL: any of them. */
static int count_pairs(const struct line *l, const char *option,
		       const char *word)
{
	int i, count = 0;

	for (i = 0; i + 1 < l->args.count; i++)
		count += !strcmp(l->args.words[i], option) &&
			 (!word || !strcmp(l->args.words[i + 1], word));
	return count;
}

static int count_words(const struct line *l, const char *word)
{
	int i, count = 0;

	for (i = 0; i < l->args.count; i++)
		count += !strcmp(l->args.words[i], word);
	return count;
}

/* What follows OPTION, which stands there once. */
static const char *value_of(const struct line *l, const char *option)
{
	int i;

	assert_int_equal(count_pairs(l, option, NULL), 1);
	for (i = 0; strcmp(l->args.words[i], option); i++)
		;
	return l->args.words[i + 1];
}

static void expect_pair(const struct line *l, const char *option,
			const char *word)
{
	int i;

	if (count_pairs(l, option, word) == 1)
		return;
	for (i = 0; i + 1 < l->args.count; i++)
		if (!strcmp(l->args.words[i], option))
			print_message("%s %s\n", option, l->args.words[i + 1]);
	fail_msg("not once: %s %s", option, word);
}

/* One comma would end the path, and QEMU take its rest for an option. */
static void commas_of_paths_are_doubled(void **state)
{
	struct line *l = *state;
	char disk[] = "/a,b/,disk", with_comma[] = "/t,1.ext4";

	l->site.has_disk = true;
	snprintf(l->site.disk, sizeof(l->site.disk), "%s", disk);
	l->site.needs_tools = true;
	l->site.tools = with_comma;
	make(l, "kvm");
	expect_pair(l, "-drive",
		    "if=none,id=data,file=/a,,b/,,disk,format=raw,cache=none,"
		    "aio=io_uring,discard=unmap");
	expect_pair(l, "-drive",
		    "if=none,id=tools,file=/t,,1.ext4,format=raw,readonly=on");
	l->site.has_disk = l->site.needs_tools = false;
	l->site.tools = tools;
}

static void a_plain_machine(void **state)
{
	struct line *l = *state;

	make(l, "kvm");
	assert_string_equal(l->args.words[0], "/a/qemu");
	assert_string_equal(value_of(l, "-M"), "q35");
	assert_string_equal(value_of(l, "-smp"), "3");
	assert_string_equal(value_of(l, "-m"), "768M");
	assert_string_equal(value_of(l, "-display"), "none");
	assert_non_null(strstr(value_of(l, "-kernel"), "/guest/bzImage"));
	assert_non_null(
		strstr(value_of(l, "-initrd"), "/guest/initramfs.cpio"));
	assert_contains(value_of(l, "-append"), "console=ttyS0");
	assert_contains(value_of(l, "-append"), " l1vh_no_stamps=1");
	assert_null(strstr(value_of(l, "-append"), "l1vh_vsock"));
	assert_int_equal(count_words(l, "-nodefaults"), 1);
	assert_int_equal(count_words(l, "-no-reboot"), 1);
	/* Nothing that was not asked for, nor a machine that waits. */
	assert_int_equal(count_words(l, "-S"), 0);
	assert_int_equal(count_pairs(l, "-drive", NULL), 0);
	assert_int_equal(count_pairs(l, "-netdev", NULL), 0);
	assert_int_equal(count_pairs(l, "-object", NULL), 0);
	expect_pair(l, "-chardev", "socket,id=results,fd=3");
	expect_pair(l, "-chardev", "socket,id=qmp,fd=4");
	expect_pair(l, "-device",
		    "virtserialport,chardev=results,name=l1vh.results");
}

/* Only KVM has a signature to hide, and without hardware there is no host's
 * CPU to show. */
static void the_cpu_is_of_the_accelerator(void **state)
{
	static const struct {
		const char *accel, *paravirt, *cpu;
	} rows[] = {
		{"kvm", "best", "host"},  {"kvm", "identical", "host,kvm=off"},
		{"mshv", "best", "host"}, {"mshv", "identical", "host"},
		{"tcg", "best", "max"},   {"tcg", "identical", "max"},
	};
	struct line *l = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(l->bc.paravirt, sizeof(l->bc.paravirt), "%s",
			 rows[i].paravirt);
		make(l, rows[i].accel);
		assert_string_equal(value_of(l, "-accel"), rows[i].accel);
		assert_string_equal(value_of(l, "-cpu"), rows[i].cpu);
	}
}

static void a_vsock_has_its_guest_s_number(void **state)
{
	struct line *l = *state;

	make(l, "kvm");
	assert_int_equal(count_pairs(l, "-device", NULL), 3);
	l->vsock = (struct vsock_listener){.fd = 9, .cid = 70000};
	make(l, "kvm");
	assert_int_equal(count_pairs(l, "-device", NULL), 4);
	expect_pair(l, "-device",
		    "vhost-vsock-pci,disable-legacy=on,guest-cid=70000");
	assert_contains(value_of(l, "-append"), " l1vh_vsock=1");
}

static void a_file_is_a_disk(void **state)
{
	struct line *l = *state;

	l->site.has_disk = l->site.needs_tools = true;
	l->site.tools = tools;
	l->bc.io.queue_count = 4;
	snprintf(l->site.disk, sizeof(l->site.disk), "/dev/sdz");
	make(l, "kvm");
	assert_string_equal(value_of(l, "-object"), "iothread,id=io");
	expect_pair(l, "-drive",
		    "if=none,id=data,file=/dev/sdz,format=raw,cache=none,"
		    "aio=io_uring,discard=unmap");
	expect_pair(l, "-device",
		    "virtio-blk-pci,disable-legacy=on,drive=data,iothread=io,"
		    "num-queues=4,serial=l1vh-data");
	expect_pair(l, "-drive",
		    "if=none,id=tools,file=/t.ext4,format=raw,readonly=on");
	expect_pair(l, "-device",
		    "virtio-blk-pci,disable-legacy=on,drive=tools,"
		    "serial=l1vh-tools");
}

static void a_disk_may_be_cached_and_polled(void **state)
{
	struct line *l = *state;

	l->site.has_disk = true;
	l->bc.io.disk_poll_us = 2000;
	snprintf(l->bc.io.disk_cache, sizeof(l->bc.io.disk_cache), "host");
	snprintf(l->site.disk, sizeof(l->site.disk), "/dev/sdz");
	make(l, "kvm");
	assert_string_equal(value_of(l, "-object"),
			    "iothread,id=io,poll-max-ns=2000000");
	expect_pair(l, "-drive",
		    "if=none,id=data,file=/dev/sdz,format=raw,cache=writeback,"
		    "aio=io_uring,discard=unmap");
}

/* QEMU's I/O threads hear ioeventfds alone. */
static void a_disk_without_ioeventfd_has_no_thread(void **state)
{
	struct line *l = *state;

	l->site.has_disk = true;
	snprintf(l->bc.io.ioeventfd, sizeof(l->bc.io.ioeventfd), "off");
	snprintf(l->site.disk, sizeof(l->site.disk), "/dev/sdz");
	make(l, "kvm");
	assert_int_equal(count_words(l, "-object"), 0);
	expect_pair(l, "-device",
		    "virtio-blk-pci,disable-legacy=on,drive=data,ioeventfd=off,"
		    "num-queues=1,serial=l1vh-data");
}

static void a_null_disk_has_no_file(void **state)
{
	struct line *l = *state;

	l->site.has_disk = true;
	snprintf(l->site.disk, sizeof(l->site.disk), "null:16G");
	make(l, "kvm");
	assert_string_equal(
		value_of(l, "-drive"),
		"if=none,id=data,driver=null-co,read-zeroes=off,size=16G");
}

/* The first that the plan names; with it come the programs that use its disk. */
static void a_function_of_the_host_is_a_device(void **state)
{
	struct line *l = *state;

	l->bc.io.device_count = 2;
	snprintf(l->bc.io.devices[0], sizeof(l->bc.io.devices[0]),
		 "0000:00:05.0");
	snprintf(l->bc.io.devices[1], sizeof(l->bc.io.devices[1]),
		 "0000:00:06.0");
	/* Named, and not for this boot. */
	make(l, "kvm");
	assert_int_equal(count_pairs(l, "-device", NULL), 3);
	l->site.has_device = l->site.needs_tools = true;
	l->site.tools = tools;
	make(l, "kvm");
	assert_int_equal(count_pairs(l, "-device", NULL), 5);
	expect_pair(l, "-device", "vfio-pci,host=0000:00:05.0");
	expect_pair(l, "-drive",
		    "if=none,id=tools,file=/t.ext4,format=raw,readonly=on");
	assert_int_equal(count_pairs(l, "-object", NULL), 0);
}

#define NET_DEVICE                                              \
	"virtio-net-pci,disable-legacy=on,netdev=net,romfile=," \
	"mac=52:54:00:4c:31:56"

/* An open macvtap has one queue pair, however many are wanted. */
static void a_card_is_a_name_or_a_descriptor(void **state)
{
	static const struct {
		int tap_fd;
		uint32_t queues;
		const char *vhost, *netdev, *device;
	} rows[] = {
		{-1, 1, "off",
		 "tap,id=net,ifname=t0,script=no,downscript=no,vhost=off",
		 NET_DEVICE},
		{-1, 4, "on",
		 "tap,id=net,ifname=t0,script=no,downscript=no,vhost=on,"
		 "queues=4",
		 NET_DEVICE ",mq=on,vectors=10"},
		{7, 1, "on", "tap,id=net,fd=5,vhost=on", NET_DEVICE},
		{7, 4, "off", "tap,id=net,fd=5,vhost=off", NET_DEVICE},
	};
	struct line *l = *state;
	size_t i;

	l->site.has_net = true;
	snprintf(l->site.net.tap, sizeof(l->site.net.tap), "t0");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		l->site.net.tap_fd = rows[i].tap_fd;
		l->bc.io.queue_count = rows[i].queues;
		snprintf(l->bc.io.vhost, sizeof(l->bc.io.vhost), "%s",
			 rows[i].vhost);
		make(l, "kvm");
		assert_string_equal(value_of(l, "-netdev"), rows[i].netdev);
		expect_pair(l, "-device", rows[i].device);
	}
	snprintf(l->bc.io.ioeventfd, sizeof(l->bc.io.ioeventfd), "off");
	l->bc.io.queue_count = 1;
	make(l, "kvm");
	expect_pair(l, "-device", NET_DEVICE ",ioeventfd=off");
}

static void make_shape(struct line *l, uint32_t disks, uint32_t taps)
{
	uint32_t i;

	l->site.shape = &l->shape;
	l->shape.disk_count = disks;
	l->shape.tap_count = taps;
	for (i = 0; i < disks; i++)
		snprintf(l->shape.disks[i], sizeof(l->shape.disks[0]), "/d%u",
			 i);
	for (i = 0; i < taps; i++)
		snprintf(l->shape.taps[i], sizeof(l->shape.taps[0]), "l1v1.%u",
			 i);
}

/* Its memory is read before the guest runs, so it starts paused. */
static void a_shape_starts_paused(void **state)
{
	struct line *l = *state;

	make_shape(l, 1, 1);
	make(l, "kvm");
	assert_int_equal(count_words(l, "-S"), 1);
	assert_int_equal(count_pairs(l, "-overcommit", NULL), 0);
	expect_pair(l, "-drive",
		    "if=none,id=disk0,file=/d0,format=raw,cache=none,"
		    "aio=io_uring");
	expect_pair(l, "-netdev",
		    "tap,id=net0,ifname=l1v1.0,script=no,downscript=no,"
		    "vhost=off");
	l->bc.limits.locks_ram = true;
	make(l, "kvm");
	assert_string_equal(value_of(l, "-overcommit"), "mem-lock=on");
}

static void add_functions(struct line *l, uint32_t count)
{
	uint32_t i;

	l->shape.device_count = count;
	for (i = 0; i < count; i++)
		snprintf(l->shape.devices[i].fn.address,
			 sizeof(l->shape.devices[i].fn.address),
			 "0000:0%u:00.0", i % 8);
}

static void a_shape_has_functions_of_its_own(void **state)
{
	struct line *l = *state;

	make_shape(l, 0, 0);
	add_functions(l, 2);
	make(l, "kvm");
	expect_pair(l, "-device", "vfio-pci,host=0000:00:00.0");
	expect_pair(l, "-device", "vfio-pci,host=0000:01:00.0");
	assert_int_equal(count_pairs(l, "-device", NULL), 5);
	assert_int_equal(count_words(l, "-S"), 1);
}

/* A command line has an end; the largest machine is to fit before it. */
static void the_largest_machine_fits(void **state)
{
	struct line *l = *state;

	make_shape(l, SHAPE_MAX_DISKS, SHAPE_MAX_NICS);
	add_functions(l, SHAPE_MAX_DEVICES);
	l->site.has_device = true;
	l->bc.limits.locks_ram = true;
	l->vsock = (struct vsock_listener){.fd = 9, .cid = 70000};
	l->site.has_disk = l->site.needs_tools = l->site.has_net = true;
	l->site.tools = tools;
	args_release(&l->args);
	args_add_emulator(&l->args);
	assert_int_equal(l->args.count, 4);
	assert_contains(l->args.words[0], "/l1vh-bench");
	assert_string_equal(l->args.words[1], "mshv-emu");
	assert_string_equal(l->args.words[3], "--");
	qemu_args_add(&l->args, "mshv", "host", &l->bc, &l->vsock, &l->site);
	assert_string_equal(l->args.words[4], "/a/qemu");
	assert_true(l->args.count < ARGS_MAX);
	assert_string_equal(l->args.words[l->args.count - 1],
			    "vfio-pci,host=0000:03:00.0");
}

/* Each word is its own, long ones and ones with blanks included. */
static void words_are_kept_as_they_are(void **state)
{
	struct line *l = *state;
	int i;

	args_add(&l->args, "%s %d", "a b", 5);
	args_add(&l->args, "%0*d", 3000, 7);
	args_add(&l->args, "%s", "");
	assert_string_equal(l->args.words[0], "a b 5");
	assert_int_equal(strlen(l->args.words[1]), 3000);
	assert_string_equal(l->args.words[2], "");
	assert_null(l->args.words[3]);
	for (i = 0; i < 2 * ARGS_MAX; i++)
		args_add(&l->args, "%d", i);
	assert_int_equal(l->args.count, ARGS_MAX);
	assert_null(l->args.words[ARGS_MAX]);
	args_release(&l->args);
	assert_int_equal(l->args.count, 0);
	assert_null(l->args.words[0]);
}

#define LINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINE(commas_of_paths_are_doubled),
		LINE(a_plain_machine),
		LINE(the_cpu_is_of_the_accelerator),
		LINE(a_vsock_has_its_guest_s_number),
		LINE(a_file_is_a_disk),
		LINE(a_disk_may_be_cached_and_polled),
		LINE(a_disk_without_ioeventfd_has_no_thread),
		LINE(a_null_disk_has_no_file),
		LINE(a_function_of_the_host_is_a_device),
		LINE(a_card_is_a_name_or_a_descriptor),
		LINE(a_shape_starts_paused),
		LINE(a_shape_has_functions_of_its_own),
		LINE(the_largest_machine_fits),
		LINE(words_are_kept_as_they_are),
	};

	return RUN_TESTS(tests);
}
