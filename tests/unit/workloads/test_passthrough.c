// SPDX-License-Identifier: GPL-3.0-or-later
/* Registers of a function, in a /sys of the test's own: which function it takes,
 * that its driver has it again, and what is read and written. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <unistd.h>

#include "harness/base/file.h"
#include "tests/unit/fixture/expect.h"
#include "tests/unit/fixture/mountns.h"
#include "workloads/guest/system.h"
#include "workloads/workload.h"

#define ONE "0000:00:05.0"
#define DRIVER "/sys/bus/pci/drivers/nvme"
#define DEVICE "/sys/bus/pci/devices/" ONE

static const char *refusal;

/* A controller that the driver has, with a page of registers of version 1.4. */
static int setup(void **state)
{
	static uint32_t registers[1024];
	struct err err;

	(void)state;
	if (refusal)
		return 0;
	refusal = mountns_cover("/sys");
	if (refusal)
		return 0;
	registers[2] = 0x10400;
	registers[3] = 0x77;
	mountns_write(DRIVER "/" ONE "/class", "0x010802\n");
	mountns_write(DRIVER "/unbind", "");
	mountns_write(DRIVER "/bind", "");
	mountns_write(DEVICE "/enable", "");
	mountns_write(DEVICE "/nvme/nvme0/nvme0n1/size", "1\n");
	return file_write(DEVICE "/resource0", registers, sizeof(registers),
			  &err);
}

static int teardown(void **state)
{
	(void)state;
	unsetenv(WL_DEVICE);
	if (!refusal)
		mountns_uncover("/sys");
	return 0;
}

static void need_sys(void)
{
	if (!refusal)
		return;
	print_message("SKIP: %s\n", refusal);
	skip();
}

static void expect_file(const char *path, const char *text)
{
	char line[64];

	assert_string_equal(file_first_line(path, line, sizeof(line)), text);
}

static uint32_t register_at(size_t i)
{
	uint32_t values[8];
	FILE *f = fopen(DEVICE "/resource0", "re");

	assert_non_null(f);
	assert_int_equal(fread(values, sizeof(values), 1, f), 1);
	fclose(f);
	return values[i];
}

/* On a host it could be that of the root file system. */
static void a_function_that_nobody_named_is_left_alone(void **state)
{
	const struct workload *wl = workload_find("passthrough_mmio");
	struct wl_ctx ctx = {.point = &wl->points[0]};

	(void)state;
	need_sys();
	assert_int_equal(wl->setup(&ctx), WL_SKIP);
	assert_contains(ctx.reason, "no NVMe controller");
	wl->teardown(&ctx);
	expect_file(DRIVER "/unbind", "");
	expect_file(DRIVER "/bind", "");
	expect_file(DEVICE "/enable", "");
}

/* A guest looks for it, as it has one at most. */
static void a_register_is_read_and_written(void **state)
{
	static const char *const names[] = {ONE, WL_DEVICE_FIRST};
	const struct workload *wl = workload_find("passthrough_mmio");
	size_t i;

	(void)state;
	need_sys();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct wl_ctx ctx = {.point = workload_point(wl, "read")};

		setenv(WL_DEVICE, names[i], 1);
		mountns_write(DRIVER "/unbind", "");
		mountns_write(DRIVER "/bind", "");
		assert_int_equal(wl->setup(&ctx), WL_OK);
		expect_file(DRIVER "/unbind", ONE);
		expect_file(DEVICE "/enable", "1");
		assert_int_equal(wl->run(&ctx, 3), WL_OK);
		assert_int_equal(ctx.sink, 3 * 0x10400);
		assert_int_equal(register_at(3), i ? 0 : 0x77);
		ctx.point = workload_point(wl, "write");
		assert_int_equal(wl->run(&ctx, 1), WL_OK);
		assert_int_equal(ctx.sink, 3 * 0x10400);
		wl->teardown(&ctx);
		expect_file(DRIVER "/bind", ONE);
	}
	/* Of all registers the mask alone, and nothing is masked. */
	assert_int_equal(register_at(3), 0);
	assert_int_equal(register_at(2), 0x10400);
	assert_int_equal(register_at(4), 0);
}

static void what_fails_gives_the_driver_back(void **state)
{
	const struct workload *wl = workload_find("passthrough_mmio");
	struct wl_ctx ctx = {.point = &wl->points[0]};
	static uint32_t gone[1024];
	struct err err;

	(void)state;
	need_sys();
	setenv(WL_DEVICE, ONE, 1);
	memset(gone, 0xff, sizeof(gone));
	assert_int_equal(
		file_write(DEVICE "/resource0", gone, sizeof(gone), &err), 0);
	assert_int_equal(wl->setup(&ctx), WL_FAIL);
	assert_contains(ctx.reason, "does not answer");
	wl->teardown(&ctx);
	expect_file(DRIVER "/bind", ONE);
	mountns_write(DRIVER "/bind", "");
	assert_int_equal(unlink(DEVICE "/resource0"), 0);
	assert_int_equal(wl->setup(&ctx), WL_SKIP);
	assert_contains(ctx.reason, "maps no registers: No such file");
	wl->teardown(&ctx);
	expect_file(DRIVER "/bind", ONE);
	/* And what the driver does not give up, it has. */
	mountns_write(DRIVER "/bind", "");
	assert_int_equal(unlink(DRIVER "/unbind"), 0);
	assert_int_equal(wl->setup(&ctx), WL_SKIP);
	assert_contains(ctx.reason, "does not give up the controller");
	wl->teardown(&ctx);
	expect_file(DRIVER "/bind", "");
}

#define COUNT "/sys/module/nvme/parameters/poll_queues"
#define CONTROLLER "/sys/class/nvme/nvme3"

/* Other disks of a host keep what its owner wants for them. */
static void polling_is_of_one_disk(void **state)
{
	static const bool ways[] = {true, false};
	size_t i;

	(void)state;
	need_sys();
	mountns_write(COUNT, "16\n");
	mountns_write(CONTROLLER "/state", "live\n");
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		mountns_write(CONTROLLER "/reset_controller", "");
		assert_true(system_nvme_poll("/dev/nvme3n1", ways[i]));
		expect_file(CONTROLLER "/reset_controller", "1");
		expect_file(COUNT, "16");
	}
	assert_false(system_nvme_poll("/dev/vda", true));
	/* One that says no, and a driver that cannot poll. */
	assert_false(system_nvme_poll("/dev/nvme4n1", true));
	expect_file(COUNT, "16");
	assert_int_equal(unlink(COUNT), 0);
	mountns_write(CONTROLLER "/reset_controller", "");
	assert_false(system_nvme_poll("/dev/nvme3n1", true));
	expect_file(CONTROLLER "/reset_controller", "");
}

#define IN_SYS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SYS(a_function_that_nobody_named_is_left_alone),
		IN_SYS(a_register_is_read_and_written),
		IN_SYS(what_fails_gives_the_driver_back),
		IN_SYS(polling_is_of_one_disk),
	};

	refusal = mountns_enter();
	return RUN_TESTS(tests);
}
