// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_hvcall - the rules of ROOT_HVCALL itself: which calls the driver
 * rejects, and how it returns the hypervisor's status.
 */
#include <errno.h>
#include <string.h>

#include "mshv/selftest/rig.h"

#define GOOD_PTR 1 /* in a table: stands for a buffer */
#define UNKNOWN_REGISTER 0x00dead00u
#define MAX_GET 256
#define MAX_SET 127

static const struct {
	const char *what;
	struct mshv_hvcall call;
} refused[] = {
	{"status 1",
	 {.code = 0x44, .in_bytes = 16, .in_ptr = GOOD_PTR, .status = 1}},
	{"rsvd[5] 1",
	 {.code = 0x44, .in_bytes = 16, .in_ptr = GOOD_PTR, .rsvd[5] = 1}},
	{"in_ptr 0", {.code = 0x44, .in_bytes = 16}},
	{"in_sz 0", {.code = 0x44, .in_bytes = 0, .in_ptr = GOOD_PTR}},
	{"in_sz 7", {.code = 0x44, .in_bytes = 7, .in_ptr = GOOD_PTR}},
	{"in_sz 4104", {.code = 0x44, .in_bytes = 4104, .in_ptr = GOOD_PTR}},
	{"out_ptr but out_sz 0",
	 {.code = 0x44,
	  .in_bytes = 16,
	  .in_ptr = GOOD_PTR,
	  .out_ptr = GOOD_PTR}},
	{"out_sz 4104",
	 {.code = 0x44,
	  .in_bytes = 16,
	  .in_ptr = GOOD_PTR,
	  .out_bytes = 4104,
	  .out_ptr = GOOD_PTR}},
	{"code 0 (not a hypercall)",
	 {.code = 0, .in_bytes = 16, .in_ptr = GOOD_PTR}},
	{"code 0x40 (CREATE_PARTITION)",
	 {.code = 0x40, .in_bytes = 16, .in_ptr = GOOD_PTR}},
	{"code 0x53 (READ_GPA)",
	 {.code = 0x53, .in_bytes = 16, .in_ptr = GOOD_PTR}},
};

static void hvcall_refused(const struct check *check)
{
	uint8_t *in = rig_pages(check, 2 * MSHV_PAGE_BYTES);
	uint8_t *out = rig_pages(check, 2 * MSHV_PAGE_BYTES);
	struct mshv_hvcall call;
	struct rig rig;
	size_t i;

	rig_build(&rig, check, RIG_FLAGS);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		call = refused[i].call;
		call.in_ptr = call.in_ptr ? RIG_PTR(in) : 0;
		call.out_ptr = call.out_ptr ? RIG_PTR(out) : 0;
		check_ret(check, rig_hvcall(&rig, rig.pt, &call), -EINVAL,
			  "ROOT_HVCALL of a partition with %s",
			  refused[i].what);
		call = refused[i].call;
		call.in_ptr = call.in_ptr ? RIG_PTR(in) : 0;
		call.out_ptr = call.out_ptr ? RIG_PTR(out) : 0;
		check_ret(check, rig_hvcall(&rig, rig.vp, &call), -EINVAL,
			  "ROOT_HVCALL of a VP with %s", refused[i].what);
	}
}

static void hvcall_fault(const struct check *check)
{
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_GET_PROPERTY,
		.in_bytes = 16,
		.in_ptr = 0x1000, /* below vm.mmap_min_addr */
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, rig_ioctl(&rig, rig.pt, MSHV_ROOT_HVCALL, NULL),
		  -EFAULT, "ROOT_HVCALL with a NULL argument");
	check_ret(check, rig_hvcall(&rig, rig.pt, &call), -EFAULT,
		  "ROOT_HVCALL with in_ptr 0x1000");
}

/* Setting a property may be asynchronous, which a VP cannot do. */
static void hvcall_property_of_vp(const struct check *check)
{
	struct mshv_in_set_property set = {
		.code = MSHV_PROP_UNIMPLEMENTED_MSR_ACTION,
		.value = 1,
	};
	struct mshv_in_get_property get = {
		.code = MSHV_PROP_PROCESSOR_FEATURES0,
	};
	uint64_t value = 0;
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_SET_PROPERTY,
		.in_bytes = sizeof(set),
		.in_ptr = RIG_PTR(&set),
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, rig_hvcall(&rig, rig.vp, &call), -EINVAL,
		  "SET_PROPERTY through a VP");
	call = (struct mshv_hvcall){
		.code = MSHV_HVCALL_GET_PROPERTY,
		.in_bytes = sizeof(get),
		.in_ptr = RIG_PTR(&get),
		.out_bytes = sizeof(value),
		.out_ptr = RIG_PTR(&value),
	};
	check_ret(check, rig_hvcall(&rig, rig.vp, &call), 0,
		  "GET_PROPERTY through a VP (status 0x%x)", call.status);
}

static void hvcall_unknown_vp(const struct check *check)
{
	const uint32_t name = MSHV_REG_RIP;
	union mshv_value value;
	uint16_t count = 1;
	uint16_t status;
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	ret = rig_regs_get(&rig, rig.pt, 9, &name, &value, &count, &status);
	check_ret(check, ret, -EINVAL,
		  "GET_VP_REGISTERS of a VP that is not there (status 0x%x)",
		  status);
	check_u64(check, status, MSHV_STATUS_INVALID_VP_INDEX,
		  "status of GET_VP_REGISTERS of a VP that is not there");
}

static void hvcall_partial_get(const struct check *check)
{
	const uint32_t names[] = {MSHV_REG_RIP, UNKNOWN_REGISTER, MSHV_REG_RAX};
	union mshv_value values[3];
	uint16_t count = 3;
	uint16_t status;
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	ret = rig_regs_get(&rig, rig.vp, 0, names, values, &count, &status);
	check_ret(check, ret, -EINVAL,
		  "GET_VP_REGISTERS with an unknown name (status 0x%x)",
		  status);
	check_u64(check, status, MSHV_STATUS_INVALID_PARAMETER,
		  "status of GET_VP_REGISTERS with an unknown name");
	check_u64(check, count, 1, "reps when the second of three is unknown");
}

static void hvcall_partial_set(const struct check *check)
{
	const struct mshv_register regs[] = {
		{.name = MSHV_REG_RAX, .value.u64 = 0x1111},
		{.name = UNKNOWN_REGISTER},
		{.name = MSHV_REG_RCX, .value.u64 = 0x2222},
	};
	uint16_t count = 3;
	uint16_t status;
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	rig_reg_set(&rig, MSHV_REG_RCX, 0x3333);
	ret = rig_regs_set(&rig, rig.vp, 0, regs, &count, &status);
	check_ret(check, ret, -EINVAL,
		  "SET_VP_REGISTERS with an unknown name (status 0x%x)",
		  status);
	check_u64(check, count, 1, "reps when the second of three is unknown");
	check_u64(check, rig_reg(&rig, MSHV_REG_RAX).u64, 0x1111,
		  "RAX, which came before the unknown name");
	check_u64(check, rig_reg(&rig, MSHV_REG_RCX).u64, 0x3333,
		  "RCX, which came behind the unknown name");
}

/* As many elements as fit in the pages that the kernel passes on. */
static void hvcall_longest(const struct check *check)
{
	uint8_t *in = rig_pages(check, MSHV_PAGE_BYTES);
	union mshv_value *values = (void *)rig_pages(check, MSHV_PAGE_BYTES);
	uint32_t *names = (void *)(in + sizeof(struct mshv_in_registers));
	struct mshv_register *regs =
		(void *)(in + sizeof(struct mshv_in_registers));
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_GET_VP_REGISTERS,
		.reps = MAX_GET,
		.in_bytes = sizeof(struct mshv_in_registers) + MAX_GET * 4,
		.in_ptr = RIG_PTR(in),
		.out_bytes = MAX_GET * sizeof(union mshv_value),
		.out_ptr = RIG_PTR(values),
	};
	struct rig rig;
	int i;

	rig_build(&rig, check, RIG_FLAGS);
	for (i = 0; i < MAX_GET; i++)
		names[i] = MSHV_REG_RIP;
	check_ret(check, rig_hvcall(&rig, rig.vp, &call), 0,
		  "GET_VP_REGISTERS of 256 (status 0x%x)", call.status);
	check_u64(check, call.reps, MAX_GET, "reps of GET_VP_REGISTERS");
	check_u64(check, values[MAX_GET - 1].u64, 0xfff0,
		  "the last of 256 times RIP");

	memset(in, 0, MSHV_PAGE_BYTES);
	for (i = 0; i < MAX_SET; i++)
		regs[i] = (struct mshv_register){.name = MSHV_REG_RAX,
						 .value.u64 = (uint64_t)i};
	call = (struct mshv_hvcall){
		.code = MSHV_HVCALL_SET_VP_REGISTERS,
		.reps = MAX_SET,
		.in_bytes = sizeof(struct mshv_in_registers) +
			    MAX_SET * sizeof(*regs),
		.in_ptr = RIG_PTR(in),
	};
	check_ret(check, rig_hvcall(&rig, rig.vp, &call), 0,
		  "SET_VP_REGISTERS of 127 (status 0x%x)", call.status);
	check_u64(check, rig_reg(&rig, MSHV_REG_RAX).u64, MAX_SET - 1,
		  "RAX, set 127 times at once");
}

static void hvcall_translate(const struct check *check)
{
	struct mshv_in_translate in = {
		.flags = 1, /* validate read */
		.gva_page = RIG_DATA / MSHV_PAGE_BYTES,
	};
	struct mshv_out_translate out = {.result = ~0ULL};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_TRANSLATE,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
		.out_bytes = sizeof(out),
		.out_ptr = RIG_PTR(&out),
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	check_ret(check, rig_hvcall(&rig, rig.vp, &call), 0,
		  "TRANSLATE without paging (status 0x%x)", call.status);
	check_u64(check, (uint32_t)out.result, 0,
		  "result code of TRANSLATE without paging");
	check_u64(check, out.gpa_page, RIG_DATA / MSHV_PAGE_BYTES,
		  "GPA page of TRANSLATE without paging");
}

const struct selftest_check selftest_hvcall_checks[] = {
	{"hvcall_refused", hvcall_refused},
	{"hvcall_fault", hvcall_fault},
	{"hvcall_property_of_vp", hvcall_property_of_vp},
	{"hvcall_unknown_vp", hvcall_unknown_vp},
	{"hvcall_partial_get", hvcall_partial_get},
	{"hvcall_partial_set", hvcall_partial_set},
	{"hvcall_longest", hvcall_longest},
	{"hvcall_translate", hvcall_translate},
	{NULL, NULL},
};
