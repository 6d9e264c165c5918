// SPDX-License-Identifier: GPL-3.0-or-later
/* pci_host: functions in a folder that is like sysfs, what is read of them, and
 * what a kernel is asked for their drivers. */
#include "tests/unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/pci_host.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/harness/pci_fake.h"

#define NVME 0x010802
#define BRIDGE 0x060400
#define ONE "0000:00:05.0"
#define TWO "0000:00:06.0"

static char root[SCRATCH_SIZE];

static int setup(void **state)
{
	(void)state;
	scratch_folder(root, "pci");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scratch_remove(root);
	return 0;
}

static struct pci_host found(const char *address)
{
	struct err err = {0};
	struct pci_host fn;

	if (pci_host_read(root, address, &fn, &err))
		fail_msg("%s", err.msg);
	return fn;
}

static void addresses_are_long_or_short(void **state)
{
	static const struct {
		const char *text, *address;
	} good[] = {
		{"0000:00:05.0", "0000:00:05.0"},
		{"00:05.0", "0000:00:05.0"},
		{"ABCD:ff:1f.7", "abcd:ff:1f.7"},
		{"10000:01:00.0", "10000:01:00.0"}, /* below a VMD */
		{"ffffffff:ff:1f.7", "ffffffff:ff:1f.7"},
		{"0:0:5.0", "0000:00:05.0"},
	};
	static const char *const bad[] = {
		"",         "nvme0",         "5",
		"00:05",    "0000:00:05",    "00:05.",
		"00:20.0",  "00:05.8",       "0000:00:20.0",
		"00:05.0x", "00:05.0,00:06", "0000:00:05.0 ",
		"100:05.0", "00:05.00",      "000000000:00:05.0",
		":00:05.0", "0000:00:-1.0",  "/sys/bus/pci",
	};
	char address[PCI_HOST_ADDRESS_BYTES];
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (pci_host_address(good[i].text, address, &err))
			fail_msg("%s", err.msg);
		assert_string_equal(address, good[i].address);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct err){0};
		if (pci_host_address(bad[i], address, &err) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
		assert_contains(err.msg, bad[i]);
		assert_contains(err.msg, "as 0000:00:05.0");
	}
}

static void a_function_is_what_its_files_say(void **state)
{
	struct pci_host fn;

	(void)state;
	pci_fake_add(root, PCI_FAKE_BUS, ONE, NVME);
	fn = found(ONE);
	assert_string_equal(fn.address, ONE);
	assert_int_equal(fn.vendor_id, 0x1414);
	assert_int_equal(fn.device_id, 0xb111);
	assert_int_equal(fn.class_code, NVME);
	/* "(null)" is how kernels say none. */
	assert_string_equal(fn.override_to, "");
	assert_string_equal(fn.driver, "");
	assert_int_equal(fn.group, -1);
	assert_int_equal(fn.peer_count, 0);
	assert_false(fn.can_reset || fn.is_hyperv);
	assert_string_equal(fn.block, "");
	pci_fake_drive(root, ONE, "nvme");
	pci_fake_group(root, ONE, 17);
	pci_fake_put(root, ONE, "driver_override", "vfio-pci\n");
	pci_fake_put(root, ONE, "reset", "");
	fn = found(ONE);
	assert_string_equal(fn.driver, "nvme");
	assert_string_equal(fn.override_to, "vfio-pci");
	assert_int_equal(fn.group, 17);
	assert_true(fn.can_reset);
}

static void a_function_that_is_not_there_is_said_so(void **state)
{
	struct pci_host fn, *all;
	struct err err = {0};

	(void)state;
	assert_int_equal(pci_host_read(root, ONE, &fn, &err), -ENODEV);
	assert_contains(err.msg, "no PCI function " ONE);
	assert_string_equal(fn.driver, "");
	assert_int_equal(pci_host_list(root, &all), 0);
	free(all);
}

/* A bridge of the group stays with its driver: only the others would go. */
static void peers_are_the_other_functions_of_the_group(void **state)
{
	(void)state;
	pci_fake_add(root, PCI_FAKE_BUS, ONE, NVME);
	pci_fake_add(root, PCI_FAKE_BUS, TWO, 0x020000);
	pci_fake_add(root, PCI_FAKE_BUS, "0000:00:01.0", BRIDGE);
	pci_fake_add(root, PCI_FAKE_BUS, "0000:00:07.0", NVME);
	pci_fake_group(root, ONE, 3);
	pci_fake_group(root, "0000:00:01.0", 3);
	pci_fake_group(root, "0000:00:07.0", 4);
	assert_int_equal(found(ONE).peer_count, 0);
	pci_fake_group(root, TWO, 3);
	assert_int_equal(found(ONE).peer_count, 1);
	assert_int_equal(found(TWO).peer_count, 1);
	assert_int_equal(found("0000:00:07.0").peer_count, 0);
}

static void put_size(const char *disk, const char *sectors)
{
	char *path = xasprintf("%s/sys/class/block/%s/size", root, disk);
	struct err err = {0};

	if (file_mkdirs_above(path, &err) ||
	    file_write(path, sectors, strlen(sectors), &err))
		fail_msg("%s", err.msg);
	free(path);
}

static void a_disk_is_found_below_its_driver(void **state)
{
	static const struct {
		const char *folder, *block;
		uint64_t bytes;
	} rows[] = {
		{"nvme/nvme2/nvme2n1", "/dev/nvme2n1", 2 * GIB},
		/* One of several paths to it, of the third subsystem. */
		{"nvme/nvme0/nvme3c0n1", "/dev/nvme3n1", 3 * GIB},
		{"virtio3/block/vdb", "/dev/vdb", GIB},
		{"nvme/nvme4/hwmon1", "", 0},
		{"virtio3/net/eth0", "", 0},
		{"nvme/nvme5/nvme5n1", "/dev/nvme5n1", 0}, /* of no size */
	};
	struct pci_host fn;
	size_t i;

	(void)state;
	put_size("nvme2n1", "4194304\n");
	put_size("nvme3n1", "6291456\n");
	put_size("vdb", "2097152\n");
	put_size("nvme3c0n1", "1\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *address = xasprintf("0000:00:%02zx.0", i + 1);

		pci_fake_add(root, PCI_FAKE_BUS, address, NVME);
		pci_fake_put(root, address, rows[i].folder, NULL);
		fn = found(address);
		assert_string_equal(fn.block, rows[i].block);
		assert_int_equal(fn.block_bytes, rows[i].bytes);
		free(address);
	}
}

static void the_list_has_no_bridges(void **state)
{
	struct pci_host *all;

	(void)state;
	pci_fake_add(root, PCI_FAKE_BUS, TWO, 0x030000);
	pci_fake_add(root, PCI_FAKE_BUS, ONE, NVME);
	pci_fake_add(root, PCI_FAKE_BUS, "0000:00:00.0", 0x060000);
	pci_fake_add(root, PCI_FAKE_BUS, "0000:00:01.0", BRIDGE);
	assert_int_equal(pci_host_list(root, &all), 2);
	assert_string_equal(all[0].address, ONE);
	assert_string_equal(all[1].address, TWO);
	free(all);
}

static void what_stands_in_the_way_has_words(void **state)
{
	static const struct {
		struct pci_host fn;
		const char *says;
	} rows[] = {
		{{.class_code = BRIDGE, .group = 1}, "a bridge"},
		{{.class_code = NVME, .group = -1}, "intel_iommu=on"},
		{{.class_code = NVME, .group = -1, .is_hyperv = true},
		 "CONFIG_HYPERV_PVIOMMU"},
		{{.class_code = NVME, .group = 9, .peer_count = 1},
		 "group 9 has 1 other function:"},
		{{.class_code = NVME, .group = 9, .peer_count = 2},
		 "group 9 has 2 other functions:"},
	};
	static const struct pci_host free_one = {.class_code = NVME};
	char why[200] = "something";
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_contains(
			pci_host_obstacle(&rows[i].fn, why, sizeof(why)),
			rows[i].says);
		/* All of it: nothing is cut. */
		assert_true(strlen(why) + 1 < sizeof(why));
	}
	assert_string_equal(pci_host_obstacle(&free_one, why, sizeof(why)), "");
}

/* Azure's buses are below VMBus, by either name that its firmware has. */
static void what_azure_gave_is_known_by_its_bus(void **state)
{
	static const struct {
		const char *bus;
		bool is_hyperv;
	} rows[] = {
		{"LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/a-guid/pci1:00",
		 true},
		{"LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/MSFT1000:00/g/pci1:00",
		 true},
		{"pci0000:00/0000:00:1c.0", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *address = xasprintf("%04zx:00:00.0", i + 1);

		pci_fake_add(root, rows[i].bus, address, NVME);
		assert_int_equal(found(address).is_hyperv, rows[i].is_hyperv);
		free(address);
	}
}

static void kinds_have_names(void **state)
{
	static const struct {
		uint32_t class_code;
		bool is_storage;
		const char *kind;
	} rows[] = {
		{NVME, true, "NVMe disk"},
		{0x010601, true, "disk controller"},
		{0x010803, true, "disk controller"},
		{0x020000, false, "network card"},
		{0x030200, false, "display or GPU"},
		{0x120000, false, "accelerator"},
		{0x0c0330, false, "function"},
		{0, false, "function"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pci_host fn = {.class_code = rows[i].class_code};

		assert_string_equal(pci_host_kind(&fn), rows[i].kind);
		assert_int_equal(pci_host_is_storage(&fn), rows[i].is_storage);
	}
}

static void expect_override(const char *text)
{
	char *path = xasprintf("%s/sys/bus/pci/devices/" ONE "/driver_override",
			       root);
	char line[40];

	assert_string_equal(file_first_line(path, line, sizeof(line)), text);
	free(path);
}

/* A function of nvme, which vfio-pci can have as well. */
static struct pci_fake_kernel *start_kernel(const char *own)
{
	pci_fake_add(root, PCI_FAKE_BUS, ONE, NVME);
	pci_fake_drive(root, ONE, PCI_HOST_VFIO);
	pci_fake_drive(root, ONE, "nvme");
	return pci_fake_start(root, ONE, own);
}

static void a_function_goes_to_another_driver_and_back(void **state)
{
	struct pci_fake_kernel *k = start_kernel("nvme");
	struct err err = {0};

	(void)state;
	if (pci_host_drive(root, ONE, PCI_HOST_VFIO, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(found(ONE).driver, PCI_HOST_VFIO);
	expect_override(PCI_HOST_VFIO);
	/* Who has it already is not asked to give it up. */
	assert_int_equal(pci_host_drive(root, ONE, PCI_HOST_VFIO, &err), 0);
	if (pci_host_drive(root, ONE, "", &err))
		fail_msg("%s", err.msg);
	assert_string_equal(found(ONE).driver, "nvme");
	expect_override("");
	assert_string_equal(
		pci_fake_asked(k),
		"unbind nvme, probe, probe, unbind vfio-pci, probe");
	pci_fake_stop(k);
}

static void a_released_function_has_no_driver(void **state)
{
	struct pci_fake_kernel *k = start_kernel("nvme");
	struct err err = {0};

	(void)state;
	assert_int_equal(pci_host_drive(root, ONE, PCI_HOST_VFIO, &err), 0);
	if (pci_host_release(root, ONE, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(found(ONE).driver, "");
	expect_override("");
	/* Once more there is nothing to be taken from it. */
	assert_int_equal(pci_host_release(root, ONE, &err), 0);
	assert_string_equal(pci_fake_asked(k),
			    "unbind nvme, probe, unbind vfio-pci");
	pci_fake_stop(k);
}

static void a_driver_that_does_not_take_it_is_named(void **state)
{
	struct pci_fake_kernel *k = start_kernel("");
	struct err err = {0};

	(void)state;
	assert_int_equal(pci_host_drive(root, ONE, "absent", &err), -EBUSY);
	assert_contains(err.msg, "the driver 'absent' does not take " ONE);
	assert_contains(err.msg, "is it loaded?");
	/* And no other knows this function. */
	assert_int_equal(pci_host_drive(root, ONE, "", &err), -EBUSY);
	assert_contains(err.msg, "no driver of this host takes " ONE);
	pci_fake_stop(k);
}

/* Each step that a kernel refuses, by a file that cannot be written to. */
static void refusals_of_the_kernel_are_told(void **state)
{
	struct err err = {0};
	char *path;

	(void)state;
	assert_int_equal(pci_host_drive(root, ONE, PCI_HOST_VFIO, &err),
			 -ENODEV);
	assert_int_equal(pci_host_release(root, ONE, &err), -ENODEV);
	pci_fake_add(root, PCI_FAKE_BUS, ONE, NVME);
	pci_fake_drive(root, ONE, "nvme"); /* without an unbind */
	assert_int_equal(pci_host_release(root, ONE, &err), -ENOENT);
	assert_contains(err.msg, "'nvme' does not give up " ONE);
	assert_int_equal(pci_host_drive(root, ONE, PCI_HOST_VFIO, &err),
			 -ENOENT);
	assert_contains(err.msg, "'nvme' does not give up " ONE);
	pci_fake_drive(root, ONE, "");
	assert_int_equal(pci_host_drive(root, ONE, PCI_HOST_VFIO, &err),
			 -ENOENT);
	assert_contains(err.msg, "no driver takes " ONE);
	expect_override(PCI_HOST_VFIO);
	pci_fake_add(root, PCI_FAKE_BUS, TWO, NVME);
	path = xasprintf("%s/sys/bus/pci/devices/" TWO "/driver_override",
			 root);
	assert_int_equal(unlink(path), 0);
	free(path);
	assert_int_equal(pci_host_drive(root, TWO, PCI_HOST_VFIO, &err),
			 -ENOENT);
	assert_contains(err.msg, "cannot choose the driver of " TWO);
}

#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_long_or_short),
		IN_ROOT(a_function_is_what_its_files_say),
		IN_ROOT(a_function_that_is_not_there_is_said_so),
		IN_ROOT(peers_are_the_other_functions_of_the_group),
		IN_ROOT(a_disk_is_found_below_its_driver),
		IN_ROOT(the_list_has_no_bridges),
		cmocka_unit_test(what_stands_in_the_way_has_words),
		IN_ROOT(what_azure_gave_is_known_by_its_bus),
		cmocka_unit_test(kinds_have_names),
		IN_ROOT(a_function_goes_to_another_driver_and_back),
		IN_ROOT(a_released_function_has_no_driver),
		IN_ROOT(a_driver_that_does_not_take_it_is_named),
		IN_ROOT(refusals_of_the_kernel_are_told),
	};

	return RUN_TESTS(tests);
}
