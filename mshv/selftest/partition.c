// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_partition - what a partition's descriptor does, but for memory,
 * interrupts and hypercalls as such.
 */
#include <errno.h>
#include <time.h>

#include "mshv/selftest/rig.h"
#include "mshv/sys.h"

#define UNKNOWN_IOCTL _IO(MSHV_MAGIC, 0x7e)
#define UNKNOWN_PROPERTY 0x00ffffffu
#define FREEZE_TEST_NS 2000000L

static void partition_unknown_ioctl(const struct check *check)
{
	struct mshv_create_partition create = {.flags = 0};
	struct mshv_create_vp create_vp = {.index = 1};
	struct mshv_message message;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, rig_ioctl(&rig, rig.pt, UNKNOWN_IOCTL, NULL), -ENOTTY,
		  "ioctl 0x7e of a partition");
	check_ret(check,
		  rig_ioctl(&rig, rig.pt, MSHV_CREATE_PARTITION, &create),
		  -ENOTTY, "CREATE_PARTITION of a partition");
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_RUN_VP, &message),
		  -ENOTTY, "RUN_VP of a partition");

	check_ret(check, rig_ioctl(&rig, rig.vp, UNKNOWN_IOCTL, NULL), -ENOTTY,
		  "ioctl 0x7e of a VP");
	check_ret(check,
		  rig_ioctl(&rig, rig.vp, MSHV_INITIALIZE_PARTITION, NULL),
		  -ENOTTY, "INITIALIZE_PARTITION of a VP");
	check_ret(check, rig_ioctl(&rig, rig.vp, MSHV_CREATE_VP, &create_vp),
		  -ENOTTY, "CREATE_VP of a VP");
}

static void partition_initialize_twice(const struct check *check)
{
	struct rig rig;

	rig_create(&rig, check, RIG_FLAGS);
	check_ret(check,
		  rig_ioctl(&rig, rig.pt, MSHV_INITIALIZE_PARTITION, NULL), 0,
		  "INITIALIZE_PARTITION, the second time");
}

/* The driver lets it pass and the hypervisor says no, which is EIO. */
static void partition_uninitialized(const struct check *check)
{
	struct mshv_create_partition create = {.flags = RIG_FLAGS};
	uint8_t *ram = rig_pages(check, RIG_RAM_BYTES);
	struct mshv_message message;
	struct rig rig;
	int ret;

	rig_open(&rig, check);
	rig.pt = rig_ioctl(&rig, rig.dev, MSHV_CREATE_PARTITION, &create);
	check_fd(check, rig.pt, "CREATE_PARTITION");
	ret = rig_memory(&rig, 0, ram, RIG_RAM_BYTES, RIG_RWX);
	check_ret(check, ret, -EIO, "SET_GUEST_MEMORY before INITIALIZE");

	rig.vp = rig_vp_create(&rig, 0);
	if (rig.vp < 0) {
		check_ret(check, rig.vp, -EIO, "CREATE_VP before INITIALIZE");
		return;
	}
	ret = rig_ioctl(&rig, rig.vp, MSHV_RUN_VP, &message);
	check_ret(check, ret, -EIO, "RUN_VP before INITIALIZE");
}

static void partition_create_vp(const struct check *check)
{
	struct rig rig;
	int fd;

	rig_create(&rig, check, RIG_FLAGS);
	fd = rig_vp_create(&rig, 0);
	check_fd(check, fd, "CREATE_VP 0");
	check_ret(check, rig_vp_create(&rig, 0), -EEXIST, "CREATE_VP 0 again");
	sys_close(check->sys, fd);
	check_ret(check, rig_vp_create(&rig, 0), -EEXIST,
		  "CREATE_VP 0 after its descriptor was closed");
	check_fd(check, rig_vp_create(&rig, 7), "CREATE_VP 7, leaving a gap");
	check_fd(check, rig_vp_create(&rig, 3), "CREATE_VP 3 after 7");
	check_ret(check, rig_vp_create(&rig, MSHV_MAX_VPS), -EINVAL,
		  "CREATE_VP 256");
	check_ret(check, rig_vp_create(&rig, UINT32_MAX), -EINVAL,
		  "CREATE_VP 0xffffffff");
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_CREATE_VP, NULL), -EFAULT,
		  "CREATE_VP with a NULL argument");
}

static void partition_properties(const struct check *check)
{
	static const struct {
		uint32_t code;
		const char *name;
	} readable[] = {
		{MSHV_PROP_PROCESSOR_FEATURES0, "PROCESSOR_FEATURES0"},
		{MSHV_PROP_PHYSICAL_ADDRESS_WIDTH, "PHYSICAL_ADDRESS_WIDTH"},
		{MSHV_PROP_MAX_XSAVE_BYTES, "MAX_XSAVE_DATA_SIZE"},
		{MSHV_PROP_CLOCK_FREQUENCY, "PROCESSOR_CLOCK_FREQUENCY"},
	};
	struct rig rig;
	uint64_t value;
	uint16_t status;
	size_t i;
	int ret;

	rig_create(&rig, check, RIG_FLAGS);
	for (i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		ret = rig_property_get(&rig, readable[i].code, &value, &status);
		check_ret(check, ret, 0, "GET_PROPERTY of %s (status 0x%x)",
			  readable[i].name, status);
		check_u64(check, status, 0, "status of GET_PROPERTY of %s",
			  readable[i].name);
		check_true(check, value, "property %s is 0", readable[i].name);
	}
	ret = rig_property_set(&rig, MSHV_PROP_UNIMPLEMENTED_MSR_ACTION, 1,
			       &status);
	check_ret(check, ret, 0,
		  "SET_PROPERTY of UNIMPLEMENTED_MSR_ACTION (status 0x%x)",
		  status);
}

static void partition_property_unknown(const struct check *check)
{
	struct rig rig;
	uint64_t value;
	uint16_t status;
	int ret;

	rig_create(&rig, check, RIG_FLAGS);
	/* EIO, unless the kernel has the table proposed in October 2025. */
	ret = rig_property_get(&rig, UNKNOWN_PROPERTY, &value, &status);
	check_ret_either(check, ret, -EIO, -EINVAL, "GET_PROPERTY of 0x%x",
			 UNKNOWN_PROPERTY);
	check_u64(check, status, MSHV_STATUS_UNKNOWN_PROPERTY,
		  "status of GET_PROPERTY of 0x%x", UNKNOWN_PROPERTY);
	ret = rig_property_set(&rig, UNKNOWN_PROPERTY, 0, &status);
	check_ret_either(check, ret, -EIO, -EINVAL, "SET_PROPERTY of 0x%x",
			 UNKNOWN_PROPERTY);
	check_true(check, status, "SET_PROPERTY fails, but with status 0");
}

static void partition_property_early(const struct check *check)
{
	const uint64_t features =
		1ULL << MSHV_SYN_HYPERVISOR_PRESENT | 1ULL << MSHV_SYN_HV1;
	struct mshv_create_partition create = {.flags = RIG_FLAGS};
	struct rig rig;
	uint16_t status;
	int ret;

	rig_open(&rig, check);
	rig.pt = rig_ioctl(&rig, rig.dev, MSHV_CREATE_PARTITION, &create);
	check_fd(check, rig.pt, "CREATE_PARTITION");
	ret = rig_property_set(&rig, MSHV_PROP_SYNTHETIC_FEATURES, features,
			       &status);
	check_ret(check, ret, 0,
		  "SET_PROPERTY of SYNTHETIC_PROC_FEATURES before INITIALIZE "
		  "(status 0x%x)",
		  status);
	check_ret(check,
		  rig_ioctl(&rig, rig.pt, MSHV_INITIALIZE_PARTITION, NULL), 0,
		  "INITIALIZE_PARTITION");

	ret = rig_property_set(&rig, MSHV_PROP_PRIVILEGE_FLAGS, 0, &status);
	check_true(check, ret < 0,
		   "SET_PROPERTY of PRIVILEGE_FLAGS after INITIALIZE works");
	check_u64(check, status, MSHV_STATUS_INVALID_PARTITION_STATE,
		  "status of PRIVILEGE_FLAGS after INITIALIZE");
}

static uint64_t reference_time(struct rig *rig)
{
	uint64_t value;
	uint16_t status;
	int ret;

	ret = rig_property_get(rig, MSHV_PROP_REFERENCE_TIME, &value, &status);
	check_ret(rig->check, ret, 0,
		  "GET_PROPERTY of REFERENCE_TIME (status 0x%x)", status);
	return value;
}

static void time_freeze(struct rig *rig, uint64_t is_frozen)
{
	uint16_t status;
	int ret;

	ret = rig_property_set(rig, MSHV_PROP_TIME_FREEZE, is_frozen, &status);
	check_ret(rig->check, ret, 0,
		  "SET_PROPERTY of TIME_FREEZE to %u (status 0x%x)",
		  (unsigned int)is_frozen, status);
}

static void partition_time(const struct check *check)
{
	const struct timespec pause = {.tv_nsec = FREEZE_TEST_NS};
	uint64_t frozen;
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	time_freeze(&rig, 1);
	frozen = reference_time(&rig);
	nanosleep(&pause, NULL);
	check_u64(check, reference_time(&rig), frozen,
		  "REFERENCE_TIME, 2 ms later and frozen");
	time_freeze(&rig, 0);
	nanosleep(&pause, NULL);
	check_true(
		check, reference_time(&rig) > frozen,
		"REFERENCE_TIME does not advance after TIME_FREEZE is 0 again");
}

const struct selftest_check selftest_partition_checks[] = {
	{"partition_unknown_ioctl", partition_unknown_ioctl},
	{"partition_initialize_twice", partition_initialize_twice},
	{"partition_uninitialized", partition_uninitialized},
	{"partition_create_vp", partition_create_vp},
	{"partition_properties", partition_properties},
	{"partition_property_unknown", partition_property_unknown},
	{"partition_property_early", partition_property_early},
	{"partition_time", partition_time},
	{NULL, NULL},
};
