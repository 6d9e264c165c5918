// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_device - what /dev/mshv itself does: partitions come and go, and
 * the hypervisor's own properties.
 */
#include <cpuid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "mshv/features.h"
#include "mshv/selftest/rig.h"
#include "mshv/sys.h"

#define UNKNOWN_IOCTL _IO(MSHV_MAGIC, 0x7e)
#define MANY 64

static int create(struct rig *rig, uint64_t flags, uint64_t isolation)
{
	struct mshv_create_partition arg = {
		.flags = flags,
		.isolation = isolation,
	};

	return rig_ioctl(rig, rig->dev, MSHV_CREATE_PARTITION, &arg);
}

static void device_unknown_ioctl(const struct check *check)
{
	struct mshv_message message;
	struct rig rig;
	int ret;

	rig_open(&rig, check);
	ret = rig_ioctl(&rig, rig.dev, UNKNOWN_IOCTL, NULL);
	check_ret(check, ret, -ENOTTY, "ioctl 0x7e of the device");

	/* Numbers repeat between descriptors; these belong to others. */
	ret = rig_ioctl(&rig, rig.dev, MSHV_INITIALIZE_PARTITION, NULL);
	check_ret(check, ret, -ENOTTY, "INITIALIZE_PARTITION of the device");
	ret = rig_ioctl(&rig, rig.dev, MSHV_RUN_VP, &message);
	check_ret(check, ret, -ENOTTY, "RUN_VP of the device");
}

static void device_create(const struct check *check)
{
	static const uint64_t flags[] = {
		0,
		MSHV_PT_LAPIC,
		MSHV_PT_LAPIC | MSHV_PT_X2APIC,
		MSHV_PT_LAPIC | MSHV_PT_SUPER_PAGES,
	};
	struct rig rig;
	size_t i;
	int fd, fd_flags;

	rig_open(&rig, check);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		fd = create(&rig, flags[i], 0);
		check_fd(check, fd, "CREATE_PARTITION with flags 0x%llx",
			 (unsigned long long)flags[i]);
		/* An emulated descriptor need not be one of the process. */
		fd_flags = fcntl(fd, F_GETFD);
		check_true(check, fd_flags < 0 || (fd_flags & FD_CLOEXEC),
			   "a partition's descriptor survives exec");
		sys_close(check->sys, fd);
	}
}

static void device_create_errors(const struct check *check)
{
	struct rig rig;
	unsigned int bit;

	rig_open(&rig, check);
	for (bit = 16; bit < 64; bit += 47)
		check_ret(check, create(&rig, 1ULL << bit, 0), -EINVAL,
			  "CREATE_PARTITION with flag bit %u", bit);
	check_ret(check, create(&rig, 0, 0xff), -EINVAL,
		  "CREATE_PARTITION with isolation 0xff");
	check_ret(check, rig_ioctl(&rig, rig.dev, MSHV_CREATE_PARTITION, NULL),
		  -EFAULT, "CREATE_PARTITION with a NULL argument");
}

static int create_v2(struct rig *rig, struct mshv_create_partition_v2 arg)
{
	arg.flags = MSHV_PT_LAPIC | MSHV_PT_CPU_AND_XSAVE;
	return rig_ioctl(rig, rig->dev, MSHV_CREATE_PARTITION, &arg);
}

static void device_create_v2(const struct check *check)
{
	struct mshv_create_partition_v2 arg = {.bank_count = MSHV_CPU_BANKS};
	struct rig rig;
	int ret;

	rig_open(&rig, check);
	ret = create_v2(&rig, arg);
	if (ret == -EINVAL)
		check_end(check, SELFTEST_SKIP,
			  "no second form of CREATE_PARTITION before 6.19");
	check_fd(check, ret, "CREATE_PARTITION in its second form");

	arg.bank_count = MSHV_CPU_BANKS - 1;
	check_ret(check, create_v2(&rig, arg), -EINVAL, "with one CPU bank");
	arg.bank_count = MSHV_CPU_BANKS + 1;
	check_ret(check, create_v2(&rig, arg), -EINVAL, "with three CPU banks");
	arg.bank_count = MSHV_CPU_BANKS;
	arg.rsvd[5] = 1;
	check_ret(check, create_v2(&rig, arg), -EINVAL, "with rsvd[5] set");
	arg.rsvd[5] = 0;
	arg.rsvd1[1] = 1;
	check_ret(check, create_v2(&rig, arg), -EINVAL, "with rsvd1[1] set");
}

static int self_property(struct rig *rig, uint16_t code, uint32_t property,
			 uint64_t *value)
{
	struct mshv_in_get_property in = {.code = property};
	struct mshv_hvcall call = {
		.code = code,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
		.out_bytes = sizeof(*value),
		.out_ptr = RIG_PTR(value),
	};

	*value = 0;
	return rig_hvcall(rig, rig->dev, &call);
}

/* A name of a feature that the CPU below has not would be made up. */
static void check_features(const struct check *check, uint64_t value)
{
	uint32_t regs[4];
	size_t i;

	for (i = 0; i < mshv_feature_count; i++) {
		const struct mshv_feature *f = &mshv_features[i];

		if (f->bank != MSHV_BANK_CPU0 || !(value >> f->bit & 1))
			continue;
		__cpuid_count(f->leaf, f->subleaf, regs[0], regs[1], regs[2],
			      regs[3]);
		check_true(
			check, regs[f->reg] >> f->cpuid_bit & 1,
			"a partition's CPU features have one that this CPU lacks");
	}
	check_true(check, value, "a partition's CPU has no features");
}

static void device_hvcall(const struct check *check)
{
	uint64_t value;
	struct rig rig;
	int ret;

	rig_open(&rig, check);
	ret = self_property(&rig, MSHV_HVCALL_GET_PROPERTY,
			    MSHV_PROP_PROCESSOR_FEATURES0, &value);
	if (ret == -ENOTTY)
		check_end(check, SELFTEST_SKIP,
			  "no ROOT_HVCALL of the device before 6.19");
	check_ret(check, ret, 0, "GET_PROPERTY of PROCESSOR_FEATURES0");
	check_features(check, value);
	ret = self_property(&rig, MSHV_HVCALL_GET_PROPERTY,
			    MSHV_PROP_PROCESSOR_FEATURES1, &value);
	check_ret(check, ret, 0, "GET_PROPERTY of PROCESSOR_FEATURES1");

	/* Allowed for a partition, but not here. */
	ret = self_property(&rig, MSHV_HVCALL_GET_VP_REGISTERS, 0, &value);
	check_ret(check, ret, -EINVAL, "GET_VP_REGISTERS of the device");
	ret = self_property(&rig, MSHV_HVCALL_SET_PROPERTY, 0, &value);
	check_ret(check, ret, -EINVAL, "SET_PROPERTY of the device");
}

/* A partition outlives its descriptor for as long as a VP's is open. */
static void device_lifetime(const struct check *check)
{
	/* out 0x80, al; jmp $ */
	static const uint8_t code[] = {0xe6, 0x80, 0xeb, 0xfe};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	sys_close(check->sys, rig.pt);
	rig_reg_set(&rig, MSHV_REG_RAX, 0x77);
	check_u64(check, rig_run_out(&rig, 0x80), 0x77,
		  "OUT after the partition's descriptor is closed");
	sys_close(check->sys, rig.vp);
	check_fd(check, create(&rig, 0, 0), "CREATE_PARTITION after that");
}

static unsigned int open_descriptors(const struct check *check)
{
	unsigned int count = 0;
	DIR *dir;

	dir = opendir("/proc/self/fd");
	if (!dir)
		check_end(check, SELFTEST_SKIP, "no /proc/self/fd");
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void device_many(const struct check *check)
{
	uint8_t *ram = rig_pages(check, RIG_RAM_BYTES);
	unsigned int before = 0;
	struct rig rig;
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		rig_create(&rig, check, RIG_FLAGS);
		check_ret(check,
			  rig_memory(&rig, 0, ram, RIG_RAM_BYTES, RIG_RWX), 0,
			  "SET_GUEST_MEMORY of partition %u", i);
		rig.vp = rig_vp_create(&rig, 0);
		check_fd(check, rig.vp, "CREATE_VP of partition %u", i);
		sys_close(check->sys, rig.vp);
		sys_close(check->sys, rig.pt);
		sys_close(check->sys, rig.dev);
		/* After the first, for what is opened once and kept. */
		if (!i)
			before = open_descriptors(check);
	}
	check_u64(check, open_descriptors(check), before,
		  "open descriptors after %d partitions", MANY);
}

const struct selftest_check selftest_device_checks[] = {
	{"device_unknown_ioctl", device_unknown_ioctl},
	{"device_create", device_create},
	{"device_create_errors", device_create_errors},
	{"device_create_v2", device_create_v2},
	{"device_hvcall", device_hvcall},
	{"device_lifetime", device_lifetime},
	{"device_many", device_many},
	{NULL, NULL},
};
