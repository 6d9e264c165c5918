// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * selftest_register - registers have the values that SET_VP_REGISTERS set, and
 * after CREATE_VP the reset values of a processor.
 */
#include <errno.h>

#include "mshv/selftest/rig.h"

enum compare { LOW, BOTH, SEGMENT, TABLE };

/* "Accessed", which a processor may set when it likes. */
#define SEGMENT_ACCESSED (1ULL << 48)

struct reg_case {
	const char *label;
	uint32_t name;
	enum compare compare; /* what of the 16 bytes has a meaning */
	union mshv_value value;
};

#define REG(name, v)                         \
	{                                    \
#name, MSHV_REG_##name, LOW, \
		{                            \
			.u64 = (v)           \
		}                            \
	}
#define SEG(name, base_, limit_, sel, attr_)       \
	{                                          \
#name, MSHV_REG_##name, SEGMENT,   \
		{                                  \
			.segment = {               \
				.base = (base_),   \
				.limit = (limit_), \
				.selector = (sel), \
				.attr = (attr_)    \
			}                          \
		}                                  \
	}
#define TAB(name, base_, limit_)                                       \
	{                                                              \
#name, MSHV_REG_##name, TABLE,                         \
		{                                                      \
			.table = {.base = (base_), .limit = (limit_) } \
		}                                                      \
	}
#define COUNT(table) ((uint16_t)(sizeof(table) / sizeof((table)[0])))

static void set_all(struct rig *rig, const struct reg_case *cases,
		    uint16_t case_count)
{
	struct mshv_register regs[RIG_MAX_REGISTERS] = {0};
	uint16_t count = case_count;
	uint16_t status;
	uint16_t i;
	int ret;

	for (i = 0; i < case_count; i++) {
		regs[i].name = cases[i].name;
		regs[i].value = cases[i].value;
	}
	ret = rig_regs_set(rig, rig->vp, 0, regs, &count, &status);
	check_ret(rig->check, ret, 0,
		  "SET_VP_REGISTERS of %u, %u done, next %s (status 0x%x)",
		  case_count, count,
		  count < case_count ? cases[count].label : "none", status);
	check_u64(rig->check, count, case_count, "reps of SET_VP_REGISTERS");
}

static void compare_one(struct rig *rig, const struct reg_case *what,
			const union mshv_value *value)
{
	if (what->compare == TABLE) {
		check_u64(rig->check, value->table.base, what->value.table.base,
			  "base of %s", what->label);
		check_u64(rig->check, value->table.limit,
			  what->value.table.limit, "limit of %s", what->label);
		return;
	}
	check_u64(rig->check, value->words[0], what->value.words[0],
		  "low half of %s", what->label);
	if (what->compare == SEGMENT)
		check_u64(rig->check, value->words[1] | SEGMENT_ACCESSED,
			  what->value.words[1] | SEGMENT_ACCESSED,
			  "high half of %s", what->label);
	if (what->compare == BOTH)
		check_u64(rig->check, value->words[1], what->value.words[1],
			  "high half of %s", what->label);
}

static void compare_all(struct rig *rig, const struct reg_case *cases,
			uint16_t case_count)
{
	union mshv_value values[RIG_MAX_REGISTERS] = {0};
	uint32_t names[RIG_MAX_REGISTERS] = {0};
	uint16_t count = case_count;
	uint16_t status;
	uint16_t i;
	int ret;

	for (i = 0; i < case_count; i++)
		names[i] = cases[i].name;
	ret = rig_regs_get(rig, rig->vp, 0, names, values, &count, &status);
	check_ret(rig->check, ret, 0,
		  "GET_VP_REGISTERS of %u, %u done, next %s (status 0x%x)",
		  case_count, count,
		  count < case_count ? cases[count].label : "none", status);
	for (i = 0; i < case_count; i++)
		compare_one(rig, &cases[i], &values[i]);
}

static void round_trip(const struct check *check, const struct reg_case *cases,
		       uint16_t case_count)
{
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	set_all(&rig, cases, case_count);
	compare_all(&rig, cases, case_count);
}

static void register_reset(const struct check *check)
{
	static const struct reg_case cases[] = {
		REG(RIP, 0xfff0),
		REG(RFLAGS, 2),
		REG(RAX, 0),
		REG(RSP, 0),
		REG(R15, 0),
		SEG(CS, 0xffff0000, 0xffff, 0xf000, 0x9b),
		SEG(DS, 0, 0xffff, 0, 0x93),
		SEG(SS, 0, 0xffff, 0, 0x93),
		TAB(IDTR, 0, 0xffff),
		REG(CR3, 0),
		REG(CR4, 0),
		REG(EFER, 0),
		REG(EXPLICIT_SUSPEND, 1),
		REG(INTERCEPT_SUSPEND, 0),
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	compare_all(&rig, cases, COUNT(cases));
	check_u64(check, rig_reg(&rig, MSHV_REG_CR0).u64 & 0x80000001, 0,
		  "PG and PE of CR0 after reset");
	check_u64(check, rig_reg(&rig, MSHV_REG_APIC_BASE).u64 & 0xfffff800,
		  0xfee00800, "address and enable bit of APIC_BASE");
}

static void register_general(const struct check *check)
{
	struct reg_case cases[18] = {
		[16] = REG(RIP, 0x1234),
		/* OF SF ZF AF PF CF */
		[17] = REG(RFLAGS, 0x8d7),
	};
	uint16_t i;

	for (i = 0; i < 16; i++)
		cases[i] = (struct reg_case){
			.label = "a general register",
			.name = MSHV_REG_RAX + i,
			.value.u64 = 0xfedcba9876543210ULL ^ i << 4,
		};
	round_trip(check, cases, COUNT(cases));
}

static void register_segments(const struct check *check)
{
	static const struct reg_case cases[] = {
		SEG(ES, 0x10000, 0xffff, 0x1000, 0x93),
		SEG(CS, 0x20000, 0xffff, 0x2000, 0x9b),
		SEG(SS, 0x30000, 0xffff, 0x3000, 0x93),
		SEG(DS, 0x40000, 0xffff, 0x4000, 0x93),
		SEG(FS, 0x50000, 0xffff, 0x5000, 0x93),
		SEG(GS, 0x60000, 0xffff, 0x6000, 0x93),
		SEG(LDTR, 0x7000, 0xff, 0x28, 0x82),
		SEG(TR, 0x8000, 0x67, 0x18, 0x8b),
		TAB(IDTR, 0x9000, 0x3ff),
		TAB(GDTR, 0xa000, 0x7f),
	};

	round_trip(check, cases, COUNT(cases));
}

static void register_control(const struct check *check)
{
	static const struct reg_case cases[] = {
		REG(CR2, 0x123456789000),
		REG(CR3, 0x5000),
		REG(CR8, 5),
		/* MCE, which needs no company */
		REG(CR4, 0x40),
	};

	round_trip(check, cases, COUNT(cases));
}

/* Valid only as a whole, so it has to be taken as a whole. */
static void register_long_mode(const struct check *check)
{
	static const struct reg_case cases[] = {
		SEG(CS, 0, 0xffffffff, 0x8, 0xa09b),
		SEG(DS, 0, 0xffffffff, 0x10, 0xc093),
		SEG(ES, 0, 0xffffffff, 0x10, 0xc093),
		SEG(SS, 0, 0xffffffff, 0x10, 0xc093),
		SEG(TR, 0, 0x67, 0x18, 0x8b),
		REG(CR0, 0x80050033),
		REG(CR3, 0x2000),
		REG(CR4, 0x620),
		REG(EFER, 0x500),
		REG(RIP, 0x100000),
	};

	round_trip(check, cases, COUNT(cases));
}

static void register_invalid(const struct check *check)
{
	/* PG without PE */
	const struct mshv_register cr0 = {.name = MSHV_REG_CR0,
					  .value.u64 = 0x80000010};
	uint16_t count = 1;
	uint16_t status;
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	ret = rig_regs_set(&rig, rig.vp, 0, &cr0, &count, &status);
	check_ret(check, ret, -EINVAL,
		  "SET_VP_REGISTERS of CR0 with PG and without PE");
	check_u64(check, status, MSHV_STATUS_INVALID_REGISTER_VALUE,
		  "status of CR0 with PG and without PE");
	check_u64(check, count, 0, "reps of CR0 with PG and without PE");
}

static void register_xmm(const struct check *check)
{
	struct reg_case cases[16];
	uint16_t i;

	for (i = 0; i < 16; i++)
		cases[i] = (struct reg_case){
			.label = "an XMM register",
			.name = MSHV_REG_XMM0 + i,
			.compare = BOTH,
			.value.words = {0x1111111111111111ULL * i,
					0x0123456789abcdefULL + i},
		};
	round_trip(check, cases, COUNT(cases));
}

/* Only what has a meaning on every processor: FCW and MXCSR. */
static void register_fp_control(const struct check *check)
{
	static const struct reg_case cases[] = {
		REG(FP_CONTROL, 0x27f),
		{"XMM_CONTROL",
		 MSHV_REG_XMM_CONTROL,
		 LOW,
		 {.words = {0, 0x0000ffff00001fa0ULL}}},
	};
	struct rig rig;

	rig_build(&rig, check, RIG_FLAGS);
	set_all(&rig, cases, COUNT(cases));
	check_u64(check, (uint16_t)rig_reg(&rig, MSHV_REG_FP_CONTROL).u64,
		  0x27f, "FCW of FP_CONTROL_STATUS");
	check_u64(check, (uint32_t)rig_reg(&rig, MSHV_REG_XMM_CONTROL).words[1],
		  0x1fa0, "MXCSR of XMM_CONTROL_STATUS");
}

static void register_debug(const struct check *check)
{
	static const struct reg_case cases[] = {
		REG(DR0, 0x1000),
		REG(DR7, 0x400),
	};

	round_trip(check, cases, COUNT(cases));
}

static void register_msrs(const struct check *check)
{
	static const struct reg_case cases[] = {
		REG(STAR, 0x0023001000000000),
		REG(LSTAR, 0xffffffff81000000),
		REG(CSTAR, 0xffffffff81001000),
		REG(SFMASK, 0x47700),
		REG(KERNEL_GS_BASE, 0xffff888000001000),
		REG(SYSENTER_CS, 0x10),
		/* 32 bits wide on AMD. */
		REG(SYSENTER_EIP, 0x1002000),
		REG(SYSENTER_ESP, 0x2002000),
		REG(PAT, 0x0007040600070406),
		REG(TSC_AUX, 0x1),
		REG(MTRR_DEF_TYPE, 0x806),
	};

	round_trip(check, cases, COUNT(cases));
}

/*
 * What a VMM saves and restores with a VP it reads, writes back and reads again:
 * QEMU from 11.1 on with each reset. A register that cannot be read is none of
 * this hypervisor's.
 */
static void register_migrated(const struct check *check)
{
	static const uint32_t names[] = {
		MSHV_REG_TSC_ADJUST,      MSHV_REG_BNDCFGS,
		MSHV_REG_SPEC_CTRL,       MSHV_REG_U_XSS,
		MSHV_REG_U_CET,           MSHV_REG_S_CET,
		MSHV_REG_PL0_SSP,         MSHV_REG_PL0_SSP + 1,
		MSHV_REG_PL0_SSP + 2,     MSHV_REG_PL0_SSP + 3,
		MSHV_REG_SSP_TABLE,       MSHV_REG_HYPERCALL,
		MSHV_REG_GUEST_OS_ID,     MSHV_REG_REFERENCE_TSC,
		MSHV_REG_VP_ASSIST_PAGE,  MSHV_REG_SCONTROL,
		MSHV_REG_SIEFP,           MSHV_REG_SIMP,
		MSHV_REG_SINT0,           MSHV_REG_SINT0 + 15,
		MSHV_REG_STIMER0_CONFIG,  MSHV_REG_STIMER0_CONFIG + 1,
		MSHV_REG_MTRR_PHYS_BASE0, MSHV_REG_MTRR_PHYS_MASK0,
		MSHV_REG_MTRR_FIX64K,     MSHV_REG_MTRR_FIX4K,
	};
	struct mshv_register reg;
	uint16_t i, count, status;
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	for (i = 0; i < COUNT(names); i++) {
		reg = (struct mshv_register){.name = names[i]};
		count = 1;
		if (rig_regs_get(&rig, rig.vp, 0, &names[i], &reg.value, &count,
				 &status))
			continue;
		count = 1;
		ret = rig_regs_set(&rig, rig.vp, 0, &reg, &count, &status);
		check_ret(check, ret, 0,
			  "register 0x%x, set to what it is (status 0x%x)",
			  names[i], status);
		check_u64(check, rig_reg(&rig, names[i]).u64, reg.value.u64,
			  "register 0x%x, read again", names[i]);
	}
}

/* VP and partition descriptors lead to the same registers. */
static void register_descriptors(const struct check *check)
{
	const struct mshv_register rbx = {.name = MSHV_REG_RBX,
					  .value.u64 = 0x5151};
	uint16_t count = 1;
	uint16_t status;
	struct rig rig;
	int ret;

	rig_build(&rig, check, RIG_FLAGS);
	ret = rig_regs_set(&rig, rig.pt, 0, &rbx, &count, &status);
	check_ret(check, ret, 0,
		  "SET_VP_REGISTERS through the partition (status 0x%x)",
		  status);
	check_u64(check, rig_reg(&rig, MSHV_REG_RBX).u64, 0x5151,
		  "RBX, set through the partition and read through the VP");
}

const struct selftest_check selftest_register_checks[] = {
	{"register_reset", register_reset},
	{"register_general", register_general},
	{"register_segments", register_segments},
	{"register_control", register_control},
	{"register_long_mode", register_long_mode},
	{"register_invalid", register_invalid},
	{"register_xmm", register_xmm},
	{"register_fp_control", register_fp_control},
	{"register_debug", register_debug},
	{"register_msrs", register_msrs},
	{"register_migrated", register_migrated},
	{"register_descriptors", register_descriptors},
	{NULL, NULL},
};
