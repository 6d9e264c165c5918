// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/hvcall.h"

#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/sys.h"

/* A kernel before 6.19 deposits one page and gives up; a partition wants
 * some hundred, so this is no limit that a healthy host meets. */
#define MAX_TRIES 1000

static const struct {
	uint16_t status;
	const char *name;
} status_names[] = {
	{MSHV_STATUS_SUCCESS, "0x0 SUCCESS"},
	{MSHV_STATUS_INVALID_CODE, "0x2 INVALID_HYPERCALL_CODE"},
	{MSHV_STATUS_INVALID_INPUT, "0x3 INVALID_HYPERCALL_INPUT"},
	{MSHV_STATUS_INVALID_ALIGNMENT, "0x4 INVALID_ALIGNMENT"},
	{MSHV_STATUS_INVALID_PARAMETER, "0x5 INVALID_PARAMETER"},
	{MSHV_STATUS_ACCESS_DENIED, "0x6 ACCESS_DENIED"},
	{MSHV_STATUS_INVALID_PARTITION_STATE, "0x7 INVALID_PARTITION_STATE"},
	{MSHV_STATUS_OPERATION_DENIED, "0x8 OPERATION_DENIED"},
	{MSHV_STATUS_UNKNOWN_PROPERTY, "0x9 UNKNOWN_PROPERTY"},
	{MSHV_STATUS_OUT_OF_RANGE, "0xa PROPERTY_VALUE_OUT_OF_RANGE"},
	{MSHV_STATUS_INSUFFICIENT_MEMORY, "0xb INSUFFICIENT_MEMORY"},
	{MSHV_STATUS_INVALID_PARTITION_ID, "0xd INVALID_PARTITION_ID"},
	{MSHV_STATUS_INVALID_VP_INDEX, "0xe INVALID_VP_INDEX"},
	{MSHV_STATUS_NOT_FOUND, "0x10 NOT_FOUND"},
	{MSHV_STATUS_INVALID_VP_STATE, "0x15 INVALID_VP_STATE"},
	{MSHV_STATUS_INVALID_REGISTER_VALUE, "0x50 INVALID_REGISTER_VALUE"},
	{MSHV_STATUS_INSUFFICIENT_ROOT_MEMORY, "0x73 INSUFFICIENT_ROOT_MEMORY"},
	{MSHV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY,
	 "0x75 INSUFFICIENT_CONTIGUOUS_MEMORY"},
};

const char *hvcall_status_name(uint16_t status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(status_names); i++)
		if (status_names[i].status == status)
			return status_names[i].name;
	return "another hypervisor status";
}

int hvcall(const struct mshv_sys *sys, int fd, const struct hvcall *call,
	   uint16_t *status)
{
	struct mshv_hvcall arg;
	int tries = 0;
	int ret;

	do {
		arg = (struct mshv_hvcall){
			.code = call->code,
			.reps = call->reps,
			.in_bytes = (uint16_t)call->in_bytes,
			.out_bytes = (uint16_t)call->out_bytes,
			.in_ptr = (uintptr_t)call->in,
			.out_ptr = (uintptr_t)call->out,
		};
		ret = sys_ioctl(sys, fd, MSHV_ROOT_HVCALL, &arg);
	} while ((ret == -EINTR || ret == -EAGAIN) && ++tries < MAX_TRIES);
	if (status)
		*status = arg.status;
	if (ret < 0)
		return ret;
	/* Before 6.19 a call may stop half way and still say 0. */
	return arg.reps < call->reps ? -EIO : 0;
}

int hvcall_property_get(const struct mshv_sys *sys, int fd, uint32_t code,
			uint64_t *value)
{
	struct mshv_in_get_property in = {.code = code};
	struct hvcall call = {.code = MSHV_HVCALL_GET_PROPERTY,
			      .in = &in,
			      .in_bytes = sizeof(in),
			      .out = value,
			      .out_bytes = sizeof(*value)};

	return hvcall(sys, fd, &call, NULL);
}

int hvcall_property_set(const struct mshv_sys *sys, int fd, uint32_t code,
			uint64_t value)
{
	struct mshv_in_set_property in = {.code = code, .value = value};
	struct hvcall call = {.code = MSHV_HVCALL_SET_PROPERTY,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	return hvcall(sys, fd, &call, NULL);
}

int hvcall_regs_get(const struct mshv_sys *sys, int fd, uint32_t vp,
		    const uint32_t *names, union mshv_value *values,
		    size_t count)
{
	struct {
		struct mshv_in_registers head;
		uint32_t names[HVCALL_MAX_REGISTERS];
	} in = {.head.vp = vp};
	struct hvcall call = {.code = MSHV_HVCALL_GET_VP_REGISTERS,
			      .reps = (uint16_t)count,
			      .in = &in,
			      .in_bytes = sizeof(in.head) +
					  count * sizeof(in.names[0]),
			      .out = values,
			      .out_bytes = count * sizeof(*values)};

	if (count > HVCALL_MAX_REGISTERS)
		return -E2BIG;
	memcpy(in.names, names, count * sizeof(*names));
	return hvcall(sys, fd, &call, NULL);
}

int hvcall_regs_set(const struct mshv_sys *sys, int fd, uint32_t vp,
		    const struct mshv_register *regs, size_t count)
{
	struct {
		struct mshv_in_registers head;
		struct mshv_register regs[HVCALL_MAX_REGISTERS];
	} in;
	struct hvcall call = {.code = MSHV_HVCALL_SET_VP_REGISTERS,
			      .reps = (uint16_t)count,
			      .in = &in,
			      .in_bytes = sizeof(in.head) +
					  count * sizeof(in.regs[0])};

	if (count > HVCALL_MAX_REGISTERS)
		return -E2BIG;
	in.head = (struct mshv_in_registers){.vp = vp};
	memcpy(in.regs, regs, count * sizeof(*regs));
	return hvcall(sys, fd, &call, NULL);
}

int hvcall_reg_set(const struct mshv_sys *sys, int fd, uint32_t vp,
		   uint32_t name, uint64_t value)
{
	struct mshv_register reg = {.name = name, .value.u64 = value};

	return hvcall_regs_set(sys, fd, vp, &reg, 1);
}

int hvcall_cpuid_get(const struct mshv_sys *sys, int fd, uint32_t vp,
		     uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	struct {
		struct mshv_in_cpuid head;
		struct mshv_cpuid_query query;
	} in = {.head.vp = vp, .query = {.leaf = leaf, .subleaf = subleaf}};
	struct hvcall call = {.code = MSHV_HVCALL_GET_CPUID,
			      .reps = 1,
			      .in = &in,
			      .in_bytes = sizeof(in),
			      .out = out,
			      .out_bytes = 4 * sizeof(*out)};

	return hvcall(sys, fd, &call, NULL);
}
