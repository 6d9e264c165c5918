// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/hvcall.h"

#include <errno.h>
#include <string.h>

#include "mshv/sys.h"

int hvcall(const struct mshv_sys *sys, int fd, const struct hvcall *call)
{
	struct mshv_hvcall arg;
	int tries = 0;
	int ret;

	/* Made anew each time, as the kernel writes the status into it. */
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
	} while (sys_is_to_retry(ret, &tries));
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

	return hvcall(sys, fd, &call);
}

int hvcall_property_get_ex(const struct mshv_sys *sys, int fd, uint32_t code,
			   uint64_t *value)
{
	struct mshv_in_get_property_ex in = {.code = code};
	struct {
		uint16_t bank_count;
		uint16_t rsvd[3];
		uint64_t banks[MSHV_PAGE_BYTES / 8 - 1];
	} out = {.bank_count = 0};
	struct hvcall call = {.code = MSHV_HVCALL_GET_PROPERTY_EX,
			      .in = &in,
			      .in_bytes = sizeof(in),
			      .out = &out,
			      .out_bytes = sizeof(out)};
	int ret = hvcall(sys, fd, &call);

	if (ret)
		return ret;
	if (!out.bank_count)
		return -ENODATA;
	*value = out.banks[0];
	return 0;
}

int hvcall_property_set(const struct mshv_sys *sys, int fd, uint32_t code,
			uint64_t value)
{
	struct mshv_in_set_property in = {.code = code, .value = value};
	struct hvcall call = {.code = MSHV_HVCALL_SET_PROPERTY,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	return hvcall(sys, fd, &call);
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
	return hvcall(sys, fd, &call);
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
	return hvcall(sys, fd, &call);
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

	return hvcall(sys, fd, &call);
}

int hvcall_msr_intercept(const struct mshv_sys *sys, int fd, uint32_t msr)
{
	struct mshv_in_intercept in = {
		.access_mask = MSHV_ACCESS_MASK_READ | MSHV_ACCESS_MASK_WRITE,
		.type = MSHV_INTERCEPT_MSR_INDEX,
		.parameter = msr,
	};
	struct hvcall call = {.code = MSHV_HVCALL_INSTALL_INTERCEPT,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	return hvcall(sys, fd, &call);
}
