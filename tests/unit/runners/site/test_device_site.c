// SPDX-License-Identifier: GPL-3.0-or-later
/* A function of the host for a case, with a /sys of the test's own and a script in
 * the guard's place: who gets it and in what order, and what is said where it
 * cannot be had. */
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/pci_fake.h"
#include "tests/unit/fixture/mountns.h"
#include "tests/unit/fixture/stage.h"

#define NVME 0x010802
#define DISK "0000:00:05.0"
#define CARD "0000:00:06.0"
#define MORE "0000:00:07.0"
/* Something of /dev that a file can be put in place of. */
#define NODE "full"
#define BLOCK "/dev/" NODE

static const char *no_place;
static char busy_disk[256]; /* "": there is none */

/* Notes what it is asked, and its end. */
#define GUARD                                              \
	"[ \"$1\" = device-guard ] || exit 9\n"            \
	"echo \"$2 $3\" >>\"$here/asked\"\necho ready 5\n" \
	"cat\necho \"$2 end\" >>\"$here/asked\"\n"

/* 20 MiB of zeros, of which the case may use 16. */
static void put_disk(const char *sectors)
{
	int fd = open(stage_path("disk"),
		      O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 20 * MIB), 0);
	close(fd);
	assert_int_equal(mount(stage_path("disk"), BLOCK, NULL, MS_BIND, NULL),
			 0);
	mountns_write("/sys/class/block/" NODE "/size", sectors);
}

static int setup(void **state)
{
	(void)state;
	if (no_place || (no_place = mountns_cover("/sys")))
		return 0;
	pci_fake_add("", PCI_FAKE_BUS, DISK, NVME);
	pci_fake_put("", DISK, "virtio3/block/" NODE, NULL);
	pci_fake_add("", PCI_FAKE_BUS, CARD, 0x020000);
	pci_fake_add("", PCI_FAKE_BUS, MORE, NVME);
	put_disk("40960\n");
	stage_script("l1vh-bench", GUARD);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (no_place)
		return 0;
	mountns_uncover(BLOCK);
	mountns_uncover("/sys");
	stage_forget("asked");
	return 0;
}

static void need_place(void)
{
	if (!no_place)
		return;
	print_message("SKIP: %s\n", no_place);
	skip();
}

static struct bench_case device_case(const char *workload, const char *point,
				     const char *address)
{
	struct bench_case bc = {.vcpu_count = 1,
				.io = {.disk_bytes = 16 * MIB,
				       .queue_count = 1,
				       .device_count = address ? 1 : 0}};

	if (address)
		snprintf(bc.io.devices[0], sizeof(bc.io.devices[0]), "%s",
			 address);
	bench_case_add(&bc, workload, point);
	return bc;
}

static void expect_asked(const char *text)
{
	char *asked = stage_text("asked");

	assert_string_equal(asked ? asked : "", text);
	free(asked);
	stage_forget("asked");
}

#define FIO "randread-4k-qd1"

static void each_way_has_the_disk(void **state)
{
	static const struct {
		const char *workload;
		enum net_side side;
		bool has_disk, has_device, needs_tools;
		const char *asked;
	} rows[] = {
		{"passthrough", NET_NATIVE, true, false, false,
		 DISK " host\n" DISK " end\n"},
		{"passthrough", NET_GUEST, false, true, true,
		 DISK " host\n" DISK " end\n" DISK " vfio\n" DISK " end\n"},
		{"passthrough_virtio", NET_GUEST, true, false, true,
		 DISK " host\n" DISK " end\n"},
		{"passthrough_virtio", NET_NATIVE, true, false, false,
		 DISK " host\n" DISK " end\n"},
	};
	struct bench_case bc;
	struct io_site site;
	size_t i;

	(void)state;
	need_place();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bc = device_case(rows[i].workload, FIO, DISK);
		/* What somebody named for other workloads is not in the way. */
		snprintf(bc.io.disk, sizeof(bc.io.disk), "/no/such/disk");
		io_site_open(&site, &bc, rows[i].side);
		assert_string_equal(site.env.disk_refusal, "");
		assert_string_equal(site.env.disk_failure, "");
		assert_int_equal(site.has_disk, rows[i].has_disk);
		assert_int_equal(site.has_device, rows[i].has_device);
		assert_int_equal(site.needs_tools, rows[i].needs_tools);
		assert_string_equal(site.env.disk, BLOCK);
		if (site.has_disk)
			assert_string_equal(site.disk, BLOCK);
		assert_int_equal(site.env.disk_bytes, 16 * MIB);
		io_site_close(&site);
		io_site_close(&site); /* once more is fine */
		expect_asked(rows[i].asked);
		bench_case_release(&bc);
	}
}

/* Registers need no disk, and a card has its own. */
static void a_card_may_be_handed_on(void **state)
{
	struct bench_case bc = device_case("passthrough_mmio", "read", CARD);
	struct io_site site;

	(void)state;
	need_place();
	io_site_open(&site, &bc, NET_GUEST);
	assert_true(site.has_device);
	assert_false(site.has_disk || site.needs_tools);
	assert_string_equal(site.env.disk_refusal, "");
	io_site_close(&site);
	expect_asked(CARD " host\n" CARD " end\n" CARD " vfio\n" CARD " end\n");
	bench_case_release(&bc);
}

/* What was refused and what failed. A guest without its disk may still have the
 * function, for what else is measured. */
static void what_cannot_be_had_has_a_reason(void **state)
{
	static const struct {
		const char *workload, *address, *script, *refusal, *failure;
		bool has_device;
	} rows[] = {
		{"passthrough", NULL, GUARD,
		 "no device is named: --device ADDRESS does", "", false},
		{"passthrough", "0000:00:08.0", GUARD,
		 "this host has no PCI function 0000:00:08.0", "", false},
		{"passthrough", CARD, GUARD,
		 CARD " is no disk, but a network card", "", true},
		{"passthrough_virtio", CARD, GUARD,
		 CARD " is no disk, but a network card", "", false},
		{"passthrough", MORE, GUARD, MORE " shows no disk", "", true},
		{"passthrough", DISK, "echo error -16 it is in use\n",
		 "it is in use", "", false},
		{"passthrough", DISK, "echo error -1 not root\n", "not root",
		 "", false},
		{"passthrough", DISK, "echo error -5 it broke\n", "",
		 "it broke", false},
		{"passthrough", DISK, "exit 1\n", "", "guard has ended", false},
		{"passthrough", DISK, "echo what\n", "", "said 'what'", false},
		{"passthrough_mmio", DISK,
		 "[ $3 = vfio ] && echo error -19 no group || echo ready 0\n",
		 "no group", "", false},
	};
	struct bench_case bc;
	struct io_site site;
	size_t i;

	(void)state;
	need_place();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		stage_script("l1vh-bench", rows[i].script);
		bc = device_case(rows[i].workload, FIO, rows[i].address);
		io_site_open(&site, &bc, NET_GUEST);
		assert_contains(site.env.disk_refusal, rows[i].refusal);
		assert_contains(site.env.disk_failure, rows[i].failure);
		assert_true(!site.env.disk_refusal[0] !=
			    !site.env.disk_failure[0]);
		assert_false(site.has_disk);
		assert_string_equal(site.env.disk, "");
		assert_int_equal(site.has_device, rows[i].has_device);
		io_site_close(&site);
		bench_case_release(&bc);
	}
}

static void put_byte(off_t at, char c)
{
	int fd = open(BLOCK, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

/* Anything in its first MiB is somebody's, until it was allowed to be lost. */
static void a_disk_that_holds_something_is_kept(void **state)
{
	struct bench_case bc = device_case("passthrough", FIO, DISK);
	struct io_site site;
	char c = 0;
	int fd;

	(void)state;
	need_place();
	/* That this process has filled another is no leave for this one. */
	pci_fake_put("", MORE, "virtio3/block/" NODE, NULL);
	snprintf(bc.io.devices[0], sizeof(bc.io.devices[0]), MORE);
	put_byte(MIB - 1, 'x');
	io_site_open(&site, &bc, NET_NATIVE);
	assert_false(site.has_disk);
	assert_contains(site.env.disk_refusal,
			"'" BLOCK "' of " MORE " holds something");
	assert_contains(site.env.disk_refusal, "--device-overwrite allows");
	io_site_close(&site);
	fd = open(BLOCK, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &c, 1, MIB - 1), 1);
	assert_int_equal(c, 'x');
	close(fd);
	bc.io.may_overwrite_device = true;
	io_site_open(&site, &bc, NET_NATIVE);
	assert_true(site.has_disk);
	io_site_close(&site);
	/* From now on it holds what we wrote: the next boot needs no leave. */
	bc.io.may_overwrite_device = false;
	io_site_open(&site, &bc, NET_NATIVE);
	assert_string_equal(site.env.disk_refusal, "");
	assert_true(site.has_disk);
	io_site_close(&site);
	bench_case_release(&bc);
}

/* Whatever is to be measured, and with leave to overwrite it. */
static void a_disk_in_use_is_left_alone(void **state)
{
	static const char *const workloads_of[] = {
		"passthrough", "passthrough_virtio", "passthrough_mmio"};
	struct bench_case bc;
	struct io_site site;
	size_t i;

	(void)state;
	need_place();
	if (!busy_disk[0]) {
		print_message("SKIP: no disk of this host can be opened\n");
		skip();
	}
	mountns_uncover(BLOCK);
	assert_int_equal(mount(busy_disk, BLOCK, NULL, MS_BIND, NULL), 0);
	for (i = 0; i < ARRAY_SIZE(workloads_of); i++) {
		bc = device_case(workloads_of[i], "", DISK);
		bc.io.may_overwrite_device = true;
		io_site_open(&site, &bc, NET_GUEST);
		assert_contains(site.env.disk_refusal,
				"'" BLOCK "' is in use: mounted");
		assert_false(site.has_disk || site.has_device);
		io_site_close(&site);
		expect_asked(DISK " host\n" DISK " end\n");
		bench_case_release(&bc);
	}
}

/* It ends with a mark, which takes the rest of the last MiB. */
static void a_disk_is_used_as_far_as_it_goes(void **state)
{
	static const struct {
		const char *sectors;
		uint64_t bytes;
	} rows[] = {
		{"34816\n", 16 * MIB}, /* 17 MiB */
		{"34815\n", 15 * MIB}, {"4096\n", MIB},
		{"4095\n", 0},         {"0\n", 0},
	};
	struct bench_case bc = device_case("passthrough", FIO, DISK);
	struct io_site site;
	size_t i;

	(void)state;
	need_place();
	bc.io.may_overwrite_device = true;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		mountns_write("/sys/class/block/" NODE "/size",
			      rows[i].sectors);
		io_site_open(&site, &bc, NET_NATIVE);
		assert_int_equal(site.env.disk_bytes, rows[i].bytes);
		assert_int_equal(site.has_disk, rows[i].bytes != 0);
		if (!rows[i].bytes)
			assert_contains(site.env.disk_refusal,
					"'" BLOCK "' of " DISK " is too small");
		io_site_close(&site);
	}
	bench_case_release(&bc);
}

/* A shape takes its own, and only as many as it needs. */
static void a_shape_has_the_first_of_them(void **state)
{
	const struct shape shape = {.device_count = 2, .copy_count = 1};
	struct io_plan io = {.devices = {DISK, CARD, MORE}, .device_count = 3};
	struct bench_case bc =
		device_case("footprint_vfio", "256M-1cpu-2vfio", DISK);
	struct shape_site site;
	struct io_site none;
	struct err err = {0};

	(void)state;
	need_place();
	io_site_open(&none, &bc, NET_GUEST);
	assert_false(none.has_device || none.has_disk);
	assert_string_equal(none.env.disk_refusal, "");
	io_site_close(&none);
	bench_case_release(&bc);
	expect_asked("");
	if (shape_site_open(&site, &shape, &io, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(site.device_count, 2);
	assert_string_equal(site.devices[0].fn.address, DISK);
	assert_string_equal(site.devices[1].fn.address, CARD);
	expect_asked(DISK " vfio\n" CARD " vfio\n");
	shape_site_close(&site);
	shape_site_close(&site);
	expect_asked(CARD " end\n" DISK " end\n");
}

static void a_shape_may_lack_devices(void **state)
{
	static const struct {
		struct shape shape;
		uint32_t named;
		int code;
		const char *says;
	} rows[] = {
		{{.device_count = 2, .copy_count = 1},
		 1,
		 -ENODEV,
		 "needs 2 devices, and 1 are named"},
		{{.device_count = 1, .copy_count = 1},
		 0,
		 -ENODEV,
		 "needs 1 devices, and 0 are named"},
		{{.device_count = 1, .copy_count = 2},
		 2,
		 -EINVAL,
		 "several guests cannot share a device"},
	};
	const struct shape half = {.device_count = 3, .copy_count = 1};
	struct io_plan io = {.devices = {DISK, CARD, MORE}};
	struct shape_site site;
	struct err err;
	size_t i;

	(void)state;
	need_place();
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		err = (struct err){0};
		io.device_count = rows[i].named;
		assert_int_equal(
			shape_site_open(&site, &rows[i].shape, &io, &err),
			rows[i].code);
		assert_contains(err.msg, rows[i].says);
		shape_site_close(&site);
	}
	expect_asked("");
	/* The first is given back when the second cannot be had. */
	stage_script("l1vh-bench", "[ $2 = " DISK " ] || {\n"
				   "echo error -16 busy; exit 1; }\n" GUARD);
	io.device_count = 3;
	assert_int_equal(shape_site_open(&site, &half, &io, &err), -EBUSY);
	assert_string_equal(err.msg, "busy");
	assert_int_equal(site.device_count, 1);
	shape_site_close(&site);
	expect_asked(DISK " vfio\n" DISK " end\n");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(each_way_has_the_disk),
		IN_PLACE(a_card_may_be_handed_on),
		IN_PLACE(what_cannot_be_had_has_a_reason),
		IN_PLACE(a_disk_that_holds_something_is_kept),
		IN_PLACE(a_disk_in_use_is_left_alone),
		IN_PLACE(a_disk_is_used_as_far_as_it_goes),
		IN_PLACE(a_shape_has_the_first_of_them),
		IN_PLACE(a_shape_may_lack_devices),
	};

	int fd = -1;

	if (!pci_fake_busy_disk(busy_disk, sizeof(busy_disk), &fd))
		busy_disk[0] = '\0';
	no_place = mountns_enter();
	return RUN_TESTS(tests);
}

int main(void)
{
	return stage_main(all_tests);
}
