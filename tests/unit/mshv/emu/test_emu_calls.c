// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's answers beyond what the selftest asks: properties, CPUID, MSRs,
 * registers and states, with arguments that a hypervisor refuses.
 */
#include "tests/unit/test.h"

#include <cpuid.h>
#include <errno.h>
#include <stdalign.h>

#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/features.h"
#include "mshv/hvcall.h"
#include "mshv/sys.h"
#include "tests/unit/fixture/mshv/emu_rig.h"

/* --- properties --------------------------------------------------------------- */

static uint64_t property(const struct emu_rig *rig, uint32_t code)
{
	uint64_t value = 0;

	assert_int_equal(hvcall_property_get(emu_sys, rig->pt, code, &value),
			 0);
	return value;
}

static uint64_t vendor_of_host(void)
{
	uint32_t a, b, c, d;

	__cpuid(0, a, b, c, d);
	return b == signature_INTEL_ebx ? MSHV_VENDOR_INTEL
	       : b == signature_AMD_ebx ? MSHV_VENDOR_AMD
					: MSHV_VENDOR_HYGON;
}

static void properties_of_the_processor(void **state)
{
	struct emu_rig rig;
	uint64_t width;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	width = property(&rig, MSHV_PROP_PHYSICAL_ADDRESS_WIDTH);
	assert_in_range(width, 36, 52);
	assert_int_equal(property(&rig, MSHV_PROP_PROCESSOR_VENDOR),
			 vendor_of_host());
	/* A line of 64 bytes is 8 of CPUID's units. */
	assert_int_equal(property(&rig, MSHV_PROP_CLFLUSH_SIZE), 8);
	/* x87 and SSE always; their area and the header are 576 bytes. */
	assert_int_equal(property(&rig, MSHV_PROP_XSAVE_STATES) & 3, 3);
	assert_in_range(property(&rig, MSHV_PROP_MAX_XSAVE_BYTES), 576, 4096);
	assert_true(property(&rig, MSHV_PROP_CLOCK_FREQUENCY) > 100000000);
	assert_true(property(&rig, MSHV_PROP_PROCESSOR_FEATURES1) >> 17 & 1);
	emu_rig_destroy(&rig);
}

static void properties_are_kept(void **state)
{
	static const struct {
		uint32_t code;
		uint64_t value;
		int ret;
	} cases[] = {
		{MSHV_PROP_PROCESSORS_PER_SOCKET, 3, 0},
		{MSHV_PROP_PROCESSORS_PER_SOCKET, 4, 0},
		{MSHV_PROP_TIME_FREEZE, 2, -EIO},
		{MSHV_PROP_UNIMPLEMENTED_MSR_ACTION, 2, -EIO},
		{MSHV_PROP_SYNTHETIC_FEATURES, 1, -EIO}, /* too late */
		{MSHV_PROP_PRIVILEGE_FLAGS, 1, -EIO},
		{MSHV_PROP_CLOCK_FREQUENCY, 1, -EIO}, /* not to be set */
		{0xffffff, 1, -EIO},
	};
	struct emu_rig rig;
	uint64_t value;
	size_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(hvcall_property_set(emu_sys, rig.pt,
						     cases[i].code,
						     cases[i].value),
				 cases[i].ret);
		if (!cases[i].ret)
			assert_int_equal(property(&rig, cases[i].code),
					 cases[i].value);
	}
	assert_int_equal(property(&rig, MSHV_PROP_TIME_FREEZE), 0);
	assert_int_equal(hvcall_property_get(emu_sys, rig.pt, 0xffffff, &value),
			 -EIO);
	emu_rig_destroy(&rig);
}

static void a_partitions_time(void **state)
{
	struct emu_rig rig;
	uint64_t now;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	hvcall_property_set(emu_sys, rig.pt, MSHV_PROP_TIME_FREEZE, 1);
	hvcall_property_set(emu_sys, rig.pt, MSHV_PROP_REFERENCE_TIME, 777000);
	assert_int_equal(property(&rig, MSHV_PROP_REFERENCE_TIME), 777000);
	/* Frozen twice is frozen once. */
	hvcall_property_set(emu_sys, rig.pt, MSHV_PROP_TIME_FREEZE, 1);
	assert_int_equal(property(&rig, MSHV_PROP_REFERENCE_TIME), 777000);
	hvcall_property_set(emu_sys, rig.pt, MSHV_PROP_TIME_FREEZE, 0);
	now = property(&rig, MSHV_PROP_REFERENCE_TIME);
	/* It goes on from there: an hour is 36e9 units. */
	assert_in_range(now, 777000, 777000 + 36000000000);
	assert_true(property(&rig, MSHV_PROP_REFERENCE_TIME) >= now);
	emu_rig_destroy(&rig);
}

static void properties_in_banks(void **state)
{
	struct emu_rig rig;
	uint64_t value = 1;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	assert_int_equal(hvcall_property_get_ex(emu_sys, rig.dev,
						MSHV_PROP_ASSIGNABLE_SYNTHETIC,
						&value),
			 0);
	assert_int_equal(value, ~0ULL);
	assert_int_equal(hvcall_property_get_ex(emu_sys, rig.pt,
						MSHV_PROP_VMM_CAPABILITIES,
						&value),
			 0);
	assert_int_equal(value, 0);
	assert_int_equal(
		hvcall_property_get_ex(emu_sys, rig.pt, 0xffffff, &value),
		-EIO);
	emu_knobs.kernel = 615; /* whose driver does not know the call */
	assert_int_equal(hvcall_property_get_ex(emu_sys, rig.pt,
						MSHV_PROP_VMM_CAPABILITIES,
						&value),
			 -EINVAL);
	emu_knobs.kernel = 0;
	emu_rig_destroy(&rig);
}

/* --- CPUID -------------------------------------------------------------------- */

#define LEAF 0x40000100u /* nobody's */

static int override(const struct emu_rig *rig, uint32_t vp, uint32_t leaf,
		    uint32_t value, uint32_t mask)
{
	struct mshv_in_cpuid_result in = {
		.vp = vp, .type = MSHV_INTERCEPT_CPUID, .leaf = leaf};
	struct hvcall call = {.code = MSHV_HVCALL_REGISTER_RESULT,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	in.out[MSHV_EBX] = (struct mshv_masked){value, mask};
	return hvcall(emu_sys, rig->pt, &call);
}

static void cpuid(const struct emu_rig *rig, bool overridden, uint32_t leaf,
		  uint32_t subleaf, uint32_t out[4])
{
	struct {
		struct mshv_in_cpuid head;
		struct mshv_cpuid_query query;
	} in = {.head.flags = overridden ? 2 : 0,
		.query = {.leaf = leaf, .subleaf = subleaf}};
	struct hvcall call = {.code = MSHV_HVCALL_GET_CPUID,
			      .reps = 1,
			      .in = &in,
			      .in_bytes = sizeof(in),
			      .out = out,
			      .out_bytes = 16};

	assert_int_equal(hvcall(emu_sys, rig->pt, &call), 0);
}

static uint32_t ebx_of(const struct emu_rig *rig, bool overridden)
{
	uint32_t out[4];

	cpuid(rig, overridden, LEAF, 0, out);
	return out[MSHV_EBX];
}

static void cpuid_overrides(void **state)
{
	uint32_t out[4];
	struct emu_rig rig;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	assert_int_equal(ebx_of(&rig, true), 0);
	assert_int_equal(override(&rig, MSHV_VP_ANY, LEAF, 0x12345678, ~0u), 0);
	assert_int_equal(ebx_of(&rig, true), 0x12345678);
	assert_int_equal(ebx_of(&rig, false), 0);
	/* Of the last one, what its mask has. */
	assert_int_equal(override(&rig, 0, LEAF, 0xffffffff, 0x0000ff00), 0);
	assert_int_equal(ebx_of(&rig, true), 0x1234ff78);
	/* Another VP's is not this one's. */
	assert_int_equal(override(&rig, 1, LEAF, 0, ~0u), 0);
	assert_int_equal(ebx_of(&rig, true), 0x1234ff78);
	assert_int_equal(override(&rig, MSHV_MAX_VPS, LEAF, 1, 1), -EINVAL);
	assert_int_equal(hvcall_cpuid_get(emu_sys, rig.pt, 9, 0, 0, out),
			 -EINVAL);
	emu_rig_destroy(&rig);
}

/* Once a VP has run, its CPU is what it is. */
static void cpuid_overrides_come_too_late(void **state)
{
	static alignas(4096) uint8_t ram[4096];
	struct mshv_mem_region region = {.size_bytes = sizeof(ram),
					 .host_addr = (uintptr_t)ram,
					 .flags = MSHV_MEM_WRITABLE |
						  MSHV_MEM_EXECUTABLE};
	struct mshv_message msg;
	struct emu_rig rig;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	/* At the reset vector, where there is no memory. */
	assert_int_equal(
		sys_ioctl(emu_sys, rig.pt, MSHV_SET_GUEST_MEMORY, &region), 0);
	assert_int_equal(sys_ioctl(emu_sys, rig.vp, MSHV_RUN_VP, &msg), 0);
	assert_int_equal(override(&rig, MSHV_VP_ANY, LEAF, 1, 1), -EIO);
	emu_rig_destroy(&rig);
}

/* Each feature of the banks that is disabled is gone from CPUID. */
static void disabled_features_are_hidden(void **state)
{
	struct mshv_create_partition_v2 create = {
		.flags = MSHV_PT_LAPIC | MSHV_PT_CPU_AND_XSAVE,
		.bank_count = MSHV_CPU_BANKS,
		.disabled_cpu = {~0ULL, 0},
	};
	struct emu_rig all, some;
	uint32_t out[2][4];
	size_t i, hidden = 0;

	(void)state;
	emu_rig_create(&all, NULL, 0);
	emu_rig_create(&some, &create, 0);
	for (i = 0; i < mshv_feature_count; i++) {
		const struct mshv_feature *f = &mshv_features[i];

		cpuid(&all, false, f->leaf, f->subleaf, out[0]);
		cpuid(&some, false, f->leaf, f->subleaf, out[1]);
		if (f->bank == MSHV_BANK_CPU0) {
			assert_int_equal(out[1][f->reg] >> f->cpuid_bit & 1, 0);
			hidden += out[0][f->reg] >> f->cpuid_bit & 1;
		} else {
			assert_int_equal(out[1][f->reg] >> f->cpuid_bit & 1,
					 out[0][f->reg] >> f->cpuid_bit & 1);
		}
	}
	assert_true(hidden > 0);
	emu_rig_destroy(&some);
	emu_rig_destroy(&all);
}

static void leaves_of_the_hypervisor(void **state)
{
	const uint64_t features = 1ULL << MSHV_SYN_HYPERVISOR_PRESENT |
				  1ULL << MSHV_SYN_HV1 |
				  1ULL << MSHV_SYN_VP_INDEX;
	struct emu_rig rig;
	uint32_t out[4];

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	cpuid(&rig, false, 0x40000000, 0, out);
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
	emu_rig_destroy(&rig);

	emu_rig_create(&rig, NULL, features);
	cpuid(&rig, false, 0x40000000, 0, out);
	assert_memory_equal(&out[1], "Microsoft Hv", 12);
	assert_int_equal(out[0], 0x40000006);
	cpuid(&rig, false, 0x40000001, 0, out);
	assert_memory_equal(&out[0], "Hv#1", 4);
	/* VP_INDEX is bit 8 of the property and bit 6 of the leaf, if KVM has
	 * it; no other privilege was asked for. */
	cpuid(&rig, false, 0x40000003, 0, out);
	assert_int_equal(out[0] & ~(1u << 6), 0);
	emu_rig_destroy(&rig);
}

static void a_vp_has_its_own_apic_id(void **state)
{
	struct mshv_create_vp arg = {.index = 5};
	uint32_t out[4] = {0};
	struct emu_rig rig;
	int vp;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	vp = sys_ioctl(emu_sys, rig.pt, MSHV_CREATE_VP, &arg);
	assert_true(vp >= 0);
	assert_int_equal(hvcall_cpuid_get(emu_sys, rig.pt, 5, 1, 0, out), 0);
	assert_int_equal(out[MSHV_EBX] >> 24, 5);
	assert_int_equal(out[MSHV_ECX] >> 24 & 1, 1); /* TSC deadline */
	assert_int_equal(hvcall_cpuid_get(emu_sys, rig.pt, 0, 1, 0, out), 0);
	assert_int_equal(out[MSHV_EBX] >> 24, 0);
	sys_close(emu_sys, vp);
	emu_rig_destroy(&rig);
}

/* --- intercepts ----------------------------------------------------------------- */

static int intercept(const struct emu_rig *rig, uint32_t type, uint32_t mask,
		     uint64_t parameter)
{
	struct mshv_in_intercept in = {
		.access_mask = mask, .type = type, .parameter = parameter};
	struct hvcall call = {.code = MSHV_HVCALL_INSTALL_INTERCEPT,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	return hvcall(emu_sys, rig->pt, &call);
}

/* KVM's filter has room for eight; one that is taken back has room again. */
static void msr_intercepts(void **state)
{
	const uint32_t type = MSHV_INTERCEPT_MSR_INDEX;
	struct emu_rig rig;
	uint32_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(intercept(&rig, type, 3, 0x4b564d10 + i), 0);
	assert_int_equal(intercept(&rig, type, 1, 0x4b564d10), 0);
	assert_int_equal(intercept(&rig, type, 3, 0x4b564d20), -EIO);
	assert_int_equal(intercept(&rig, type, 0, 0x4b564d13), 0);
	assert_int_equal(intercept(&rig, type, 0, 0x4b564d13), 0);
	assert_int_equal(intercept(&rig, type, 3, 0x4b564d20), 0);
	assert_int_equal(intercept(&rig, type, 3, 0x4b564d21), -EIO);
	assert_int_equal(intercept(&rig, type, 4, 0x4b564d10), -EINVAL);
	assert_int_equal(intercept(&rig, type, 3, 1ULL << 32), -EINVAL);
	emu_rig_destroy(&rig);
}

static void other_intercepts(void **state)
{
	static const struct {
		uint32_t type, mask;
		uint64_t parameter;
		int ret;
	} cases[] = {
		{MSHV_INTERCEPT_IO_PORT, 3, 0x80, 0},
		{MSHV_INTERCEPT_IO_PORT, 8, 0x80, -EINVAL},
		{MSHV_INTERCEPT_HYPERCALL, 4, 0, 0},
		{MSHV_INTERCEPT_UNKNOWN_SYNIC, 4, 0, 0},
		{MSHV_INTERCEPT_EXCEPTION, 4, 6, -EIO},
		{MSHV_INTERCEPT_CPUID, 1, 1, -EINVAL}, /* CPUID is executed */
		{MSHV_INTERCEPT_CPUID, 4, 1, -EIO},
		{MSHV_INTERCEPT_CPUID, 4, 0x20000000, 0},
		{99, 4, 0, -EIO},
	};
	struct emu_rig rig;
	size_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (intercept(&rig, cases[i].type, cases[i].mask,
			      cases[i].parameter) != cases[i].ret)
			fail_msg("case %zu", i);
	emu_rig_destroy(&rig);
}

/* --- registers ------------------------------------------------------------------ */

static void registers_are_kept(void **state)
{
	static const struct {
		uint32_t name;
		uint64_t words[2]; /* what is set; MASK is what is kept */
		uint64_t mask[2];
	} cases[] = {
		{MSHV_REG_RAX, {0x1122334455667788, 0}, {~0ULL, 0}},
		{MSHV_REG_R15, {~0ULL, 0}, {~0ULL, 0}},
		{MSHV_REG_CR2, {0x123456789abc, 0}, {~0ULL, 0}},
		{MSHV_REG_DR0, {0x1000, 0}, {~0ULL, 0}},
		{MSHV_REG_DR0 + 3, {0x2000, 0}, {~0ULL, 0}},
		{MSHV_REG_XMM0, {0x1111, 0x2222}, {~0ULL, ~0ULL}},
		{MSHV_REG_XMM0 + 15, {0x3333, 0x4444}, {~0ULL, ~0ULL}},
		/* 80 bits each. */
		{MSHV_REG_FPMMX0 + 7,
		 {0x8000000000000000, 0x3fff},
		 {~0ULL, 0xffff}},
		{MSHV_REG_XFEM, {3, 0}, {~0ULL, 0}},
		{MSHV_REG_LSTAR, {0xffff800000001000, 0}, {~0ULL, 0}},
		{MSHV_REG_PAT, {0x0007040600070406, 0}, {~0ULL, 0}},
		{MSHV_REG_MTRR_DEF_TYPE, {0x806, 0}, {~0ULL, 0}},
		{MSHV_REG_ACTIVITY, {2, 0}, {~0ULL, 0}},
		{MSHV_REG_ACTIVITY, {0, 0}, {~0ULL, 0}},
		{MSHV_REG_INTERRUPT_STATE, {2, 0}, {~0ULL, 0}},
		/* A page fault that was being delivered, with its code. */
		{MSHV_REG_PENDING_INTERRUPTION,
		 {1 | 3 << 1 | 1 << 4 | 14 << 16 | 2ULL << 32, 0},
		 {~0ULL, 0}},
		{MSHV_REG_SSP, {0x7000, 0}, {~0ULL, 0}},
	};
	union mshv_value got;
	struct emu_rig rig;
	size_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mshv_register reg = {.name = cases[i].name};

		memcpy(&reg.value, cases[i].words, sizeof(reg.value));
		memset(&got, 0, sizeof(got));
		if (hvcall_regs_set(emu_sys, rig.vp, 0, &reg, 1) ||
		    hvcall_regs_get(emu_sys, rig.vp, 0, &reg.name, &got, 1) ||
		    (got.words[0] ^ cases[i].words[0]) & cases[i].mask[0] ||
		    (got.words[1] ^ cases[i].words[1]) & cases[i].mask[1])
			fail_msg("register 0x%x: 0x%llx 0x%llx", reg.name,
				 (unsigned long long)got.words[0],
				 (unsigned long long)got.words[1]);
	}
	emu_rig_destroy(&rig);
}

static void registers_that_are_refused(void **state)
{
	static const struct {
		uint32_t name;
		uint64_t value;
		int ret;
	} cases[] = {
		{MSHV_REG_VERSION, 1, -EIO},
		{MSHV_REG_VP_INDEX, 0, 0},
		{MSHV_REG_VP_INDEX, 1, -EINVAL},
		{MSHV_REG_APIC_ID, 1, -EINVAL},
		{MSHV_REG_DELIVERABILITY, 0, 0},
		{MSHV_REG_DELIVERABILITY, 1, -EINVAL},
		{MSHV_REG_XFEM, 0, -EINVAL}, /* x87 cannot be left out */
		{MSHV_REG_CR0, 0x80000010, -EINVAL}, /* PG without PE */
		{0xdead00, 1, -EINVAL},
	};
	union mshv_value value;
	struct emu_rig rig;
	uint32_t name;
	size_t i;

	(void)state;
	emu_rig_create(&rig, NULL, 0);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (hvcall_reg_set(emu_sys, rig.vp, 0, cases[i].name,
				   cases[i].value) != cases[i].ret)
			fail_msg("register 0x%x", cases[i].name);
	/* What was refused has changed nothing. */
	name = MSHV_REG_CR0;
	assert_int_equal(hvcall_regs_get(emu_sys, rig.vp, 0, &name, &value, 1),
			 0);
	assert_int_equal(value.u64 & 0x80000000, 0);
	name = 0xdead00;
	assert_int_equal(hvcall_regs_get(emu_sys, rig.vp, 0, &name, &value, 1),
			 -EINVAL);
	name = MSHV_REG_RIP;
	assert_int_equal(hvcall_regs_get(emu_sys, rig.vp, 1, &name, &value, 1),
			 -EINVAL);
	assert_int_equal(
		hvcall_regs_get(emu_sys, rig.pt, ~0u, &name, &value, 1),
		-EINVAL);
	emu_rig_destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_of_the_processor),
		cmocka_unit_test(properties_are_kept),
		cmocka_unit_test(a_partitions_time),
		cmocka_unit_test(properties_in_banks),
		cmocka_unit_test(cpuid_overrides),
		cmocka_unit_test(cpuid_overrides_come_too_late),
		cmocka_unit_test(disabled_features_are_hidden),
		cmocka_unit_test(leaves_of_the_hypervisor),
		cmocka_unit_test(a_vp_has_its_own_apic_id),
		cmocka_unit_test(msr_intercepts),
		cmocka_unit_test(other_intercepts),
		cmocka_unit_test(registers_are_kept),
		cmocka_unit_test(registers_that_are_refused),
	};

	return cmocka_run_group_tests(tests, emu_rig_quiet, NULL);
}
