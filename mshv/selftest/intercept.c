// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_intercept - messages that are not port I/O: memory, HLT, triple
 * faults, CPUID, MSRs, and events that the VMM injects.
 */
#include <string.h>

#include "mshv/selftest/rig.h"

#define CPUID_LEAF 0x80000002u /* of the brand string: means nothing */
#define UNKNOWN_MSR 0xbeefu    /* as in the code below */

/*
 * mov ax, 0x2000; mov ds, ax; mov al, 0x5a; mov [0x10], al; mov dx, 0x3f8;
 * out dx, al
 */
static const uint8_t mmio_write[] = {0xb8, 0x00, 0x20, 0x8e, 0xd8, 0xb0, 0x5a,
				     0xa2, 0x10, 0x00, 0xba, 0xf8, 0x03, 0xee};
#define MMIO_WRITE_RIP (RIG_CODE + 7)
#define MMIO_GPA (RIG_HOLE + 0x10)

/*
 * mov ax, 0x2000; mov ds, ax; mov al, [0x10]; mov dx, 0x3f8; out dx, al;
 * mov [0x10], al; mov al, [0x10]; out dx, al
 */
static const uint8_t mmio_read[] = {0xb8, 0x00, 0x20, 0x8e, 0xd8, 0xa0, 0x10,
				    0x00, 0xba, 0xf8, 0x03, 0xee, 0xa2, 0x10,
				    0x00, 0xa0, 0x10, 0x00, 0xee};
#define MMIO_READ_RIP (RIG_CODE + 5)
#define ROM_WRITE_RIP (RIG_CODE + 12)

/* Some hosts report the page only; the GVA has the rest, where it is valid. */
static void is_access(struct rig *rig, const struct mshv_msg_memory *memory,
		      uint8_t access, uint64_t rip, uint64_t gpa)
{
	const struct check *check = rig->check;

	check_u64(check, memory->header.vp, 0, "VP of the memory message");
	check_u64(check, memory->header.access, access, "access type");
	check_u64(check, memory->header.rip, rip, "rip of the access");
	if (memory->gpa % MSHV_PAGE_BYTES)
		check_u64(check, memory->gpa, gpa, "GPA of the access");
	check_u64(check, memory->gpa / MSHV_PAGE_BYTES, gpa / MSHV_PAGE_BYTES,
		  "GPA page of the access");
	if (memory->info & MSHV_MEM_GVA_VALID)
		check_u64(check, memory->gva, gpa, "GVA of the access");
	check_true(check, memory->byte_count <= sizeof(memory->bytes),
		   "%u instruction bytes", memory->byte_count);
	check_u64(check, rig_reg(rig, MSHV_REG_RIP).u64, rip,
		  "RIP when stopped at a memory access");
}

static void are_bytes(const struct check *check,
		      const struct mshv_msg_memory *memory, const uint8_t *code,
		      size_t len)
{
	/* There may be none, and there may be more than the instruction. */
	if (memory->byte_count < len)
		len = memory->byte_count;
	check_true(check, !memcmp(memory->bytes, code, len),
		   "the instruction bytes begin with 0x%02x and not 0x%02x",
		   memory->bytes[0], code[0]);
}

static void intercept_mmio_write(const struct check *check)
{
	struct mshv_msg_memory memory;
	struct rig rig;
	int i;

	RIG_BOOT(&rig, check, RIG_FLAGS, mmio_write);
	/* Twice: without a new RIP it is the same again. */
	for (i = 0; i < 2; i++) {
		memory = rig_run_memory(&rig, MSHV_MSG_UNMAPPED_GPA);
		is_access(&rig, &memory, MSHV_ACCESS_WRITE, MMIO_WRITE_RIP,
			  MMIO_GPA);
		are_bytes(check, &memory, mmio_write + 7, 3);
	}
	rig_advance(&rig, 3);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x5a,
		  "al of the OUT behind the write");
}

static void intercept_mmio_read(const struct check *check)
{
	struct mshv_msg_memory memory;
	struct rig rig;
	int i;

	RIG_BOOT(&rig, check, RIG_FLAGS, mmio_read);
	for (i = 0; i < 2; i++) {
		memory = rig_run_memory(&rig, MSHV_MSG_UNMAPPED_GPA);
		is_access(&rig, &memory, MSHV_ACCESS_READ, MMIO_READ_RIP,
			  MMIO_GPA);
		are_bytes(check, &memory, mmio_read + 5, 3);
	}
	rig_reg_set(&rig, MSHV_REG_RAX, 0x20c3);
	rig_advance(&rig, 3);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0xc3,
		  "al of the OUT behind the read");
}

static void intercept_rom(const struct check *check)
{
	uint8_t *rom = rig_pages(check, MSHV_PAGE_BYTES);
	struct mshv_msg_memory memory;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, mmio_read);
	rom[0x10] = 0x3c;
	check_ret(check,
		  rig_memory(&rig, RIG_HOLE, rom, MSHV_PAGE_BYTES,
			     MSHV_MEM_EXECUTABLE),
		  0, "SET_GUEST_MEMORY without WRITABLE");
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x3c,
		  "the byte that the guest reads from ROM");
	rig_reg_set(&rig, MSHV_REG_RAX, 0x2099);
	rig_advance(&rig, 1);
	memory = rig_run_memory(&rig, MSHV_MSG_GPA_INTERCEPT);
	is_access(&rig, &memory, MSHV_ACCESS_WRITE, ROM_WRITE_RIP, MMIO_GPA);
	check_u64(check, rom[0x10], 0x3c, "ROM after a write");
	rig_advance(&rig, 3);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x3c,
		  "the byte in ROM, after the write was dropped");
}

/* 32-bit protected mode without paging. */
static void enter_protected(struct rig *rig)
{
	static const struct mshv_segment data = {0, UINT32_MAX, 0x10, 0xc093};
	static const struct mshv_segment code = {0, UINT32_MAX, 0x8, 0xc09b};
	const struct mshv_register regs[] = {
		{.name = MSHV_REG_CS, .value.segment = code},
		{.name = MSHV_REG_DS, .value.segment = data},
		{.name = MSHV_REG_ES, .value.segment = data},
		{.name = MSHV_REG_SS, .value.segment = data},
		{.name = MSHV_REG_FS, .value.segment = data},
		{.name = MSHV_REG_GS, .value.segment = data},
		/* An interrupt table without entries. */
		{.name = MSHV_REG_IDTR},
		{.name = MSHV_REG_CR0, .value.u64 = 0x31},
	};
	uint16_t count = sizeof(regs) / sizeof(regs[0]);
	uint16_t status;
	int ret;

	ret = rig_regs_set(rig, rig->vp, 0, regs, &count, &status);
	check_ret(rig->check, ret, 0,
		  "SET_VP_REGISTERS for protected mode (status 0x%x)", status);
}

static void intercept_mmio_protected(const struct check *check)
{
	/* mov eax, [0xe0000004]; mov dx, 0x3f8; out dx, eax */
	static const uint8_t code[] = {0xa1, 0x04, 0x00, 0x00, 0xe0,
				       0x66, 0xba, 0xf8, 0x03, 0xef};
	struct mshv_msg_memory memory;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	enter_protected(&rig);
	memory = rig_run_memory(&rig, MSHV_MSG_UNMAPPED_GPA);
	is_access(&rig, &memory, MSHV_ACCESS_READ, RIG_CODE, 0xe0000004);
	check_true(check, memory.header.exec_state & MSHV_EXEC_PE,
		   "exec_state 0x%x lacks PE in protected mode",
		   memory.header.exec_state);
	rig_reg_set(&rig, MSHV_REG_RAX, 0xcafe1234);
	rig_advance(&rig, 5);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0xcafe1234,
		  "eax of the OUT behind the read");
}

/* Without the LAPIC flag the hypervisor has nothing to wait for. */
static void intercept_halt(const struct check *check)
{
	/* hlt; jmp $ */
	static const uint8_t code[] = {0xf4, 0xeb, 0xfe};
	struct rig rig;

	RIG_BOOT(&rig, check, 0, code);
	rig_run_until(&rig, MSHV_MSG_HALT);
}

/* Not in real mode: what emulates that may not look at the table's limit. */
static void intercept_triple_fault(const struct check *check)
{
	/* ud2 */
	static const uint8_t code[] = {0x0f, 0x0b};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	enter_protected(&rig);
	rig_run_until(&rig, MSHV_MSG_UNRECOVERABLE);
}

static void intercept_injection(const struct check *check)
{
	/* jmp $ */
	static const uint8_t code[] = {0xeb, 0xfe};
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	rig_handler(&rig, 6);
	/* pending, a hardware exception, vector 6 */
	rig_reg_set(&rig, MSHV_REG_PENDING_INTERRUPTION, 1 | 3 << 1 | 6 << 16);
	check_u64(check, rig_run_out(&rig, 0x80), 6,
		  "vector that the guest gets for PENDING_INTERRUPTION");
}

/* mov ecx, 0xbeef; mov eax, -1; rdmsr; mov dx, 0x3f8; out dx, eax; jmp $ */
static const uint8_t read_msr[] = {0x66, 0xb9, 0xef, 0xbe, 0x00, 0x00, 0x66,
				   0xb8, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x32,
				   0xba, 0xf8, 0x03, 0x66, 0xef, 0xeb, 0xfe};
#define RDMSR_RIP (RIG_CODE + 12)

static void read_unknown_msr(struct rig *rig, const struct check *check,
			     uint64_t action)
{
	uint16_t status;
	int ret;

	RIG_BOOT(rig, check, RIG_FLAGS, read_msr);
	rig_handler(rig, 13);
	ret = rig_property_set(rig, MSHV_PROP_UNIMPLEMENTED_MSR_ACTION, action,
			       &status);
	check_ret(check, ret, 0,
		  "SET_PROPERTY of UNIMPLEMENTED_MSR_ACTION (status 0x%x)",
		  status);
}

static void intercept_msr_ignored(const struct check *check)
{
	struct rig rig;

	read_unknown_msr(&rig, check, 1);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0,
		  "MSR 0x%x with UNIMPLEMENTED_MSR_ACTION 1", UNKNOWN_MSR);
}

static void intercept_msr_fault(const struct check *check)
{
	struct rig rig;

	read_unknown_msr(&rig, check, 0);
	check_u64(check, rig_run_out(&rig, 0x80), 13,
		  "vector for MSR 0x%x with UNIMPLEMENTED_MSR_ACTION 0",
		  UNKNOWN_MSR);
}

/*
 * mov eax, 0x80000002; xor ecx, ecx; cpuid; mov dx, 0x3f8; out dx, eax;
 * mov eax, ebx; out dx, eax
 */
static const uint8_t read_cpuid[] = {0x66, 0xb8, 0x02, 0x00, 0x00, 0x80, 0x66,
				     0x31, 0xc9, 0x0f, 0xa2, 0xba, 0xf8, 0x03,
				     0x66, 0xef, 0x66, 0x89, 0xd8, 0x66, 0xef};
#define CPUID_RIP (RIG_CODE + 9)

static void cpuid_override(struct rig *rig, uint32_t vp)
{
	const struct mshv_in_cpuid_result in = {
		.vp = vp,
		.type = MSHV_INTERCEPT_CPUID,
		.leaf = CPUID_LEAF,
		.always = 1,
		/* All of eax; of ebx only the low half. */
		.out = {{0x11223344, UINT32_MAX}, {0x5566, 0xffff}},
	};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_REGISTER_RESULT,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
	};

	check_ret(rig->check, rig_hvcall(rig, rig->pt, &call), 0,
		  "REGISTER_INTERCEPT_RESULT of CPUID for VP 0x%x "
		  "(status 0x%x)",
		  vp, call.status);
}

static int cpuid_values(struct rig *rig, uint32_t values[4])
{
	struct {
		struct mshv_in_cpuid header;
		struct mshv_cpuid_query query;
	} in = {.header.flags = 2, .query.leaf = CPUID_LEAF};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_GET_CPUID,
		.reps = 1,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
		.out_bytes = 16,
		.out_ptr = RIG_PTR(values),
	};

	return rig_hvcall(rig, rig->pt, &call);
}

static void intercept_cpuid_values(const struct check *check)
{
	uint32_t before[4], after[4];
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	ret = cpuid_values(&rig, before);
	if (ret)
		check_end(check, SELFTEST_SKIP,
			  "no GET_VP_CPUID_VALUES on this host: %s",
			  strerror(-ret));
	cpuid_override(&rig, 0);
	ret = cpuid_values(&rig, after);
	check_ret(check, ret, 0, "GET_VP_CPUID_VALUES with an override");
	check_u64(check, after[0], 0x11223344, "eax, overridden");
	check_u64(check, after[1], (before[1] & 0xffff0000) | 0x5566,
		  "ebx, its low half overridden");
	check_u64(check, after[2], before[2], "ecx, which is not overridden");
}

static void intercept_cpuid_seen(const struct check *check)
{
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, read_cpuid);
	cpuid_override(&rig, MSHV_VP_ANY);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x11223344,
		  "eax of the guest's CPUID");
	rig_advance(&rig, 2);
	check_u64(check, rig_run_out(&rig, 0x3f8) & 0xffff, 0x5566,
		  "low half of ebx of the guest's CPUID");
}

static void install(struct rig *rig, uint32_t type, uint32_t access_mask,
		    uint64_t parameter)
{
	const struct mshv_in_intercept in = {
		.access_mask = access_mask,
		.type = type,
		.parameter = parameter,
	};
	struct mshv_hvcall call = {
		.code = MSHV_HVCALL_INSTALL_INTERCEPT,
		.in_bytes = sizeof(in),
		.in_ptr = RIG_PTR(&in),
	};

	if (rig_hvcall(rig, rig->pt, &call))
		check_end(rig->check, SELFTEST_SKIP,
			  "no INSTALL_INTERCEPT of type %u (status 0x%x)", type,
			  call.status);
}

static void intercept_cpuid(const struct check *check)
{
	struct mshv_msg_cpuid cpuid;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, read_cpuid);
	install(&rig, MSHV_INTERCEPT_CPUID, MSHV_ACCESS_MASK_EXECUTE,
		CPUID_LEAF);
	rig_run_until(&rig, MSHV_MSG_CPUID);
	memcpy(&cpuid, rig.msg.payload, sizeof(cpuid));
	check_u64(check, cpuid.header.rip, CPUID_RIP, "rip of CPUID");
	check_u64(check, cpuid.header.length_cr8 & 15, 2, "length of CPUID");
	check_u64(check, (uint32_t)cpuid.rax, CPUID_LEAF, "rax of CPUID");
	rig_reg_set(&rig, MSHV_REG_RAX, 0x77889900);
	rig_advance(&rig, 2);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x77889900,
		  "eax behind CPUID");
}

static void intercept_msr(const struct check *check)
{
	struct mshv_msg_msr msr;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, read_msr);
	install(&rig, MSHV_INTERCEPT_MSR_INDEX, MSHV_ACCESS_MASK_READ,
		UNKNOWN_MSR);
	rig_run_until(&rig, MSHV_MSG_MSR);
	memcpy(&msr, rig.msg.payload, sizeof(msr));
	check_u64(check, msr.msr, UNKNOWN_MSR, "number of the MSR");
	check_u64(check, msr.header.access, MSHV_ACCESS_READ, "access");
	check_u64(check, msr.header.rip, RDMSR_RIP, "rip of RDMSR");
	check_u64(check, (uint32_t)msr.rax, 0xffffffff, "eax before RDMSR");
	rig_reg_set(&rig, MSHV_REG_RAX, 0x77889900);
	rig_advance(&rig, 2);
	check_u64(check, rig_run_out(&rig, 0x3f8), 0x77889900,
		  "eax behind RDMSR");
}

static void intercept_exception(const struct check *check)
{
	/* ud2 */
	static const uint8_t code[] = {0x0f, 0x0b};
	struct mshv_msg_exception exception;
	struct rig rig;

	RIG_BOOT(&rig, check, RIG_FLAGS, code);
	install(&rig, MSHV_INTERCEPT_EXCEPTION, MSHV_ACCESS_MASK_EXECUTE, 6);
	rig_run_until(&rig, MSHV_MSG_EXCEPTION);
	memcpy(&exception, rig.msg.payload, sizeof(exception));
	check_u64(check, exception.vector, 6, "vector of the exception");
	check_u64(check, exception.header.rip, RIG_CODE, "rip of UD2");
	check_u64(check, exception.info & 1, 0, "error code bit of UD2");
	check_u64(check, exception.gpr[4], RIG_STACK, "rsp of UD2");
}

const struct selftest_check selftest_intercept_checks[] = {
	{"intercept_mmio_write", intercept_mmio_write},
	{"intercept_mmio_read", intercept_mmio_read},
	{"intercept_mmio_protected", intercept_mmio_protected},
	{"intercept_rom", intercept_rom},
	{"intercept_halt", intercept_halt},
	{"intercept_triple_fault", intercept_triple_fault},
	{"intercept_injection", intercept_injection},
	{"intercept_msr_ignored", intercept_msr_ignored},
	{"intercept_msr_fault", intercept_msr_fault},
	{"intercept_msr", intercept_msr},
	{"intercept_cpuid_values", intercept_cpuid_values},
	{"intercept_cpuid_seen", intercept_cpuid_seen},
	{"intercept_cpuid", intercept_cpuid},
	{"intercept_exception", intercept_exception},
	{NULL, NULL},
};
