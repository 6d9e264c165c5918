// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend: all of a VP's state, for snapshots. XSAVE is in the hypervisor's
 * compacted format and the local APIC in its own layout, as a snapshot is restored by
 * the backend that made it. What has no place in the architecture is kept by the
 * hypervisor's names. What an enlightened guest has besides is in vp_synic.c.
 */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/vcpu_state.h"

/* In place of an MSR's number: a register of the hypervisor's. */
#define OWN (1ULL << 32)
#define REFERENCE_UNIT_NS 100u
#define LVT_MASKED (1u << 16)
#define LVT_DEADLINE (2u << 17)
#define LVT_TIMER_MODE (3u << 17)
_Static_assert(sizeof(struct mshv_lapic) <= VCPU_STATE_LAPIC_BYTES, "it fits");

/* MSRs that have a name here. One that a host lacks is left out. */
static const struct mshv_named_msr msrs[] = {
	{MSHV_REG_KERNEL_GS_BASE, 1, 0xc0000102, 1},
	{MSHV_REG_PAT, 1, 0x277, 1},
	{MSHV_REG_SYSENTER_CS, 1, 0x174, 1},
	{MSHV_REG_SYSENTER_ESP, 1, 0x175, 1},
	{MSHV_REG_SYSENTER_EIP, 1, 0x176, 1},
	{MSHV_REG_STAR, 1, 0xc0000081, 1},
	{MSHV_REG_LSTAR, 1, 0xc0000082, 1},
	{MSHV_REG_CSTAR, 1, 0xc0000083, 1},
	{MSHV_REG_SFMASK, 1, 0xc0000084, 1},
	{MSHV_REG_MTRR_DEF_TYPE, 1, 0x2ff, 1},
	{MSHV_REG_MTRR_PHYS_BASE0, 8, 0x200, 2},
	{MSHV_REG_MTRR_PHYS_MASK0, 8, 0x201, 2},
	{MSHV_REG_MTRR_FIX64K, 1, 0x250, 1},
	{MSHV_REG_MTRR_FIX16K, 2, 0x258, 1},
	{MSHV_REG_MTRR_FIX4K, 8, 0x268, 1},
	{MSHV_REG_TSC_AUX, 1, 0xc0000103, 1},
	{MSHV_REG_SPEC_CTRL, 1, 0x48, 1},
	{MSHV_REG_U_XSS, 1, 0xda0, 1},
	{MSHV_REG_U_CET, 1, 0x6a0, 1},
	{MSHV_REG_S_CET, 1, 0x6a2, 1},
	{MSHV_REG_PL0_SSP, 4, 0x6a4, 1},
	{MSHV_REG_SSP_TABLE, 1, 0x6a8, 1},
	{MSHV_REG_TSC_ADJUST, 1, 0x3b, 1},
	{MSHV_REG_MISC_ENABLE, 1, 0x1a0, 1},
};

/* Registers that no MSR stands for; what is under way comes last, as the others' calls
 * may drop it. */
static const uint32_t own[] = {MSHV_REG_SSP, MSHV_REG_PENDING_INTERRUPTION,
			       MSHV_REG_INTERRUPT_STATE, MSHV_REG_ACTIVITY};

struct cpuid_leaf {
	uint32_t leaf, subleaf;
};

/* Leaves that a guest chooses its code by. */
static const struct cpuid_leaf leaves[] = {
	{0, 0},          {1, 0},          {7, 0},          {7, 1},
	{0xd, 0},        {0xd, 1},        {0x14, 0},       {0x80000000, 0},
	{0x80000001, 0}, {0x80000002, 0}, {0x80000003, 0}, {0x80000004, 0},
	{0x80000007, 0}, {0x80000008, 0},
};

/* And an enlightened one: all of the hypervisor's but its version (TLFS, 2.4). */
static const struct cpuid_leaf best_leaves[] = {
	{0x40000000, 0}, {0x40000001, 0}, {0x40000003, 0},
	{0x40000004, 0}, {0x40000005, 0}, {0x40000006, 0},
};

static const struct mshv_sys *sys_of(const struct mshv_vcpu *vcpu)
{
	return vcpu->vm->sys;
}

/* The reference time; without enlightenments there is none. */
static int clock_get(struct hv_vm *base, uint64_t *ns)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;
	uint64_t units = 0;
	int ret =
		mshv_is_enlightened(vm)
			? hvcall_property_get(vm->sys, vm->pt_fd,
					      MSHV_PROP_REFERENCE_TIME, &units)
			: 0;

	*ns = units * REFERENCE_UNIT_NS;
	return ret;
}

static int clock_set(struct hv_vm *base, uint64_t ns)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;

	if (!mshv_is_enlightened(vm))
		return ns ? -EINVAL : 0;
	return hvcall_property_set(vm->sys, vm->pt_fd, MSHV_PROP_REFERENCE_TIME,
				   ns / REFERENCE_UNIT_NS);
}

static int time_stop(struct hv_vm *base, bool is_stopped)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;

	return hvcall_property_set(vm->sys, vm->pt_fd, MSHV_PROP_TIME_FREEZE,
				   is_stopped);
}

static int leaves_add(struct mshv_vcpu *vcpu, struct cpuid_table *table,
		      const struct cpuid_leaf *list, size_t count,
		      struct err *err)
{
	uint32_t out[4];
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = hvcall_cpuid_get(sys_of(vcpu), vcpu->vm->pt_fd,
				       vcpu->base.index, list[i].leaf,
				       list[i].subleaf, out);
		if (ret)
			return err_sys(err, ret,
				       "cannot read the VP's CPUID 0x%x.%u",
				       list[i].leaf, list[i].subleaf);
		table->entries[table->count++] = (struct cpuid_entry){
			.function = list[i].leaf,
			.index = list[i].subleaf,
			.has_index = true,
			.eax = out[0],
			.ebx = out[1],
			.ecx = out[2],
			.edx = out[3],
		};
	}
	return 0;
}

static int cpuid_get(struct hv_vcpu *base, struct cpuid_table *table,
		     struct err *err)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	int ret;

	table->count = 0;
	ret = leaves_add(vcpu, table, leaves, ARRAY_SIZE(leaves), err);
	if (!ret && mshv_is_enlightened(vcpu->vm))
		ret = leaves_add(vcpu, table, best_leaves,
				 ARRAY_SIZE(best_leaves), err);
	return ret;
}

/* --- registers that both ways name ------------------------------------------ */

/* Scalars of the state and their names. */
struct scalar {
	uint32_t name;
	uint64_t *value;
};

#define SCALARS (9 + VCPU_STATE_DEBUG_REGS + 2)

static void scalars_of(struct vcpu_state *st, struct scalar list[SCALARS])
{
	const struct scalar all[SCALARS] = {
		{MSHV_REG_XFEM, &st->xcr0},
		{MSHV_REG_APIC_BASE, &st->apic_base},
		{MSHV_REG_CR0, &st->cr0},
		{MSHV_REG_CR2, &st->cr2},
		{MSHV_REG_CR3, &st->cr3},
		{MSHV_REG_CR4, &st->cr4},
		{MSHV_REG_CR8, &st->cr8},
		{MSHV_REG_EFER, &st->efer},
		{MSHV_REG_TSC, &st->tsc},
		{MSHV_REG_DR0, &st->debug[0]},
		{MSHV_REG_DR0 + 1, &st->debug[1]},
		{MSHV_REG_DR0 + 2, &st->debug[2]},
		{MSHV_REG_DR0 + 3, &st->debug[3]},
		{MSHV_REG_DR6, &st->dr6},
		{MSHV_REG_DR7, &st->dr7},
	};

	memcpy(list, all, sizeof(all));
}

/* ES to TR have numbers in both orders alike, but for the last two. */
static uint32_t segment_name(int segment)
{
	return MSHV_REG_ES + (uint32_t)segment;
}
_Static_assert(VCPU_ES == 0 && VCPU_LDTR == MSHV_REG_LDTR - MSHV_REG_ES &&
		       VCPU_TR == MSHV_REG_TR - MSHV_REG_ES,
	       "segments have one order");

/* --- out of a VP ------------------------------------------------------------- */

static int get_scalars(struct mshv_vcpu *vcpu, struct vcpu_state *st)
{
	struct scalar list[SCALARS];
	uint32_t names[SCALARS];
	union mshv_value values[SCALARS];
	int i, ret;

	scalars_of(st, list);
	for (i = 0; i < SCALARS; i++)
		names[i] = list[i].name;
	ret = hvcall_regs_get(sys_of(vcpu), vcpu->fd, vcpu->base.index, names,
			      values, SCALARS);
	for (i = 0; i < SCALARS && !ret; i++)
		*list[i].value = values[i].u64;
	return ret;
}

static int get_segments(struct mshv_vcpu *vcpu, struct vcpu_state *st)
{
	uint32_t names[VCPU_SEGMENT_COUNT + 2];
	union mshv_value v[ARRAY_SIZE(names)];
	int i, ret;

	for (i = 0; i < VCPU_SEGMENT_COUNT; i++)
		names[i] = segment_name(i);
	names[VCPU_SEGMENT_COUNT] = MSHV_REG_IDTR;
	names[VCPU_SEGMENT_COUNT + 1] = MSHV_REG_GDTR;
	ret = hvcall_regs_get(sys_of(vcpu), vcpu->fd, vcpu->base.index, names,
			      v, ARRAY_SIZE(names));
	if (ret)
		return ret;
	for (i = 0; i < VCPU_SEGMENT_COUNT; i++)
		st->segments[i] =
			(struct vcpu_segment){.base = v[i].segment.base,
					      .limit = v[i].segment.limit,
					      .selector = v[i].segment.selector,
					      .attr = v[i].segment.attr};
	st->idt = (struct vcpu_state_table){v[i].table.base, v[i].table.limit};
	i++;
	st->gdt = (struct vcpu_state_table){v[i].table.base, v[i].table.limit};
	return 0;
}

/* Some hosts lack some of them. */
static void get_one(struct mshv_vcpu *vcpu, struct vcpu_state *st,
		    uint32_t name, uint64_t index)
{
	union mshv_value value;

	if (!hvcall_regs_get(sys_of(vcpu), vcpu->fd, vcpu->base.index, &name,
			     &value, 1))
		st->msrs[st->msr_count++] =
			(struct vcpu_state_msr){index, value.u64};
}

void mshv_msrs_get(struct mshv_vcpu *vcpu, struct vcpu_state *st,
		   const struct mshv_named_msr *list, size_t count)
{
	uint32_t n;
	size_t i;

	for (i = 0; i < count; i++)
		for (n = 0; n < list[i].count; n++)
			get_one(vcpu, st, list[i].name + n,
				list[i].msr + n * list[i].step);
}

static void get_msrs(struct mshv_vcpu *vcpu, struct vcpu_state *st)
{
	size_t i;

	mshv_msrs_get(vcpu, st, msrs, ARRAY_SIZE(msrs));
	mshv_synic_msrs_get(vcpu, st);
	for (i = 0; i < ARRAY_SIZE(own); i++)
		get_one(vcpu, st, own[i], OWN | own[i]);
}

/* The timer's deadline, 0 for none. A hypervisor may lack the register: a timer that
 * runs could not be set again then. */
static int get_deadline(struct mshv_vcpu *vcpu, struct vcpu_state *st,
			uint32_t lvt_timer)
{
	const uint32_t name = MSHV_REG_TSC_DEADLINE;
	union mshv_value value;

	if (!hvcall_regs_get(sys_of(vcpu), vcpu->fd, vcpu->base.index, &name,
			     &value, 1))
		st->tsc_deadline = value.u64;
	else if ((lvt_timer & LVT_TIMER_MODE) == LVT_DEADLINE &&
		 !(lvt_timer & LVT_MASKED))
		return -ENOTSUP;
	return 0;
}

static int get_buffers(struct mshv_vcpu *vcpu, struct vcpu_state *st)
{
	_Alignas(MSHV_PAGE_BYTES) uint8_t buf[VCPU_STATE_XSAVE_BYTES] = {0};
	struct mshv_lapic lapic;
	int ret = mshv_state_move(vcpu, MSHV_GET_VP_STATE, MSHV_STATE_LAPIC,
				  buf, MSHV_PAGE_BYTES);

	if (ret)
		return ret;
	memcpy(&lapic, buf, sizeof(lapic));
	memcpy(st->lapic, &lapic, sizeof(lapic));
	ret = get_deadline(vcpu, st, lapic.lvt_timer);
	if (ret)
		return ret;
	memset(buf, 0, sizeof(buf));
	ret = mshv_state_move(vcpu, MSHV_GET_VP_STATE, MSHV_STATE_XSAVE, buf,
			      sizeof(buf));
	memcpy(st->xsave, buf, sizeof(buf));
	st->xsave_bytes = sizeof(buf);
	return ret;
}

static int vcpu_get(struct hv_vcpu *base, struct vcpu_state *st,
		    struct err *err)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	struct vcpu_regs regs;
	int ret;

	memset(st, 0, sizeof(*st));
	st->activity = VCPU_RUNS; /* the hypervisor's own register says more */
	/* With what an exit has changed in the register page. */
	ret = mshv_vcpu_regs_get(base, &regs);
	if (!ret) {
		memcpy(st->gpr, regs.gpr, sizeof(st->gpr));
		st->rip = regs.rip;
		st->rflags = regs.rflags;
		ret = get_scalars(vcpu, st);
	}
	if (!ret)
		ret = get_segments(vcpu, st);
	if (!ret)
		ret = get_buffers(vcpu, st);
	if (ret == -ENOTSUP)
		return err_set(
			err, ret,
			"the timer of vCPU %u is in TSC-deadline mode, and this hypervisor does not tell its deadline",
			base->index);
	if (!ret) {
		get_msrs(vcpu, st);
		ret = mshv_synic_get(vcpu, st);
	}
	return ret ? err_sys(err, ret, "cannot read the state of vCPU %u",
			     base->index)
		   : 0;
}

/* --- into a VP ---------------------------------------------------------------- */

static void put_segments(struct mshv_register **r, const struct vcpu_state *st)
{
	int i;

	for (i = 0; i < VCPU_SEGMENT_COUNT; i++) {
		const struct vcpu_segment *s = &st->segments[i];

		*(*r)++ = (struct mshv_register){
			.name = segment_name(i),
			.value.segment = {.base = s->base,
					  .limit = s->limit,
					  .selector = s->selector,
					  .attr = s->attr}};
	}
	*(*r)++ = (struct mshv_register){
		.name = MSHV_REG_IDTR,
		.value.table = {.base = st->idt.base,
				.limit = (uint16_t)st->idt.limit}};
	*(*r)++ = (struct mshv_register){
		.name = MSHV_REG_GDTR,
		.value.table = {.base = st->gdt.base,
				.limit = (uint16_t)st->gdt.limit}};
}

/* All in one call: the hypervisor checks control registers as a set. */
static int set_regs(struct mshv_vcpu *vcpu, const struct vcpu_state *st)
{
	struct mshv_register
		list[SCALARS + VCPU_SEGMENT_COUNT + 2 + VCPU_GPR_COUNT + 2];
	struct mshv_register *r = list;
	struct scalar scalars[SCALARS];
	struct vcpu_state copy = *st;
	uint32_t i;

	scalars_of(&copy, scalars);
	for (i = 0; i < SCALARS; i++)
		*r++ = (struct mshv_register){.name = scalars[i].name,
					      .value.u64 = *scalars[i].value};
	put_segments(&r, st);
	for (i = 0; i < VCPU_GPR_COUNT; i++)
		*r++ = (struct mshv_register){.name = MSHV_REG_RAX + i,
					      .value.u64 = st->gpr[i]};
	*r++ = (struct mshv_register){.name = MSHV_REG_RIP,
				      .value.u64 = st->rip};
	*r++ = (struct mshv_register){.name = MSHV_REG_RFLAGS,
				      .value.u64 = st->rflags};
	return hvcall_regs_set(sys_of(vcpu), vcpu->fd, vcpu->base.index, list,
			       (size_t)(r - list));
}

static int set_buffers(struct mshv_vcpu *vcpu, const struct vcpu_state *st)
{
	_Alignas(MSHV_PAGE_BYTES) uint8_t buf[VCPU_STATE_XSAVE_BYTES] = {0};
	int ret;

	if (st->xsave_bytes != sizeof(buf))
		return -EINVAL;
	memcpy(buf, st->xsave, sizeof(buf));
	ret = mshv_state_move(vcpu, MSHV_SET_VP_STATE, MSHV_STATE_XSAVE, buf,
			      sizeof(buf));
	if (ret)
		return ret;
	memset(buf, 0, sizeof(buf));
	memcpy(buf, st->lapic, sizeof(st->lapic));
	ret = mshv_state_move(vcpu, MSHV_SET_VP_STATE, MSHV_STATE_LAPIC, buf,
			      MSHV_PAGE_BYTES);
	/* By the TSC, and only in the mode that the local APIC has now. */
	if (!ret && st->tsc_deadline)
		ret = hvcall_reg_set(sys_of(vcpu), vcpu->fd, vcpu->base.index,
				     MSHV_REG_TSC_DEADLINE, st->tsc_deadline);
	return ret;
}

uint32_t mshv_msr_name(const struct mshv_named_msr *list, size_t count,
		       uint64_t index)
{
	uint32_t n;
	size_t i;

	for (i = 0; i < count; i++)
		for (n = 0; n < list[i].count; n++)
			if (index == list[i].msr + n * list[i].step)
				return list[i].name + n;
	return 0;
}

/* The name of what the snapshot calls INDEX; 0: a hostile file's invention. */
static uint32_t name_of(const struct mshv_vcpu *vcpu, uint64_t index)
{
	uint32_t name = mshv_msr_name(msrs, ARRAY_SIZE(msrs), index);
	size_t i;

	if (!name)
		name = mshv_synic_msr_name(vcpu, index);
	for (i = 0; i < ARRAY_SIZE(own) && !name; i++)
		if (index == (OWN | own[i]))
			name = own[i];
	return name;
}

/* A new VP has most values already, and some of these cannot be written. */
static int set_msr(struct mshv_vcpu *vcpu, const struct vcpu_state_msr *msr,
		   struct err *err)
{
	uint32_t name = name_of(vcpu, msr->index);
	union mshv_value now;
	int ret;

	if (!name)
		return err_set(err, -EINVAL, "no register 0x%llx is known",
			       (unsigned long long)msr->index);
	if (!hvcall_regs_get(sys_of(vcpu), vcpu->fd, vcpu->base.index, &name,
			     &now, 1) &&
	    now.u64 == msr->value)
		return 0;
	ret = hvcall_reg_set(sys_of(vcpu), vcpu->fd, vcpu->base.index, name,
			     msr->value);
	return ret ? err_sys(err, ret, "mshv refuses 0x%llx for register 0x%x",
			     (unsigned long long)msr->value, name)
		   : 0;
}

static int vcpu_set(struct hv_vcpu *base, const struct vcpu_state *st,
		    struct err *err)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	uint32_t i;
	int ret = set_regs(vcpu, st);

	if (!ret)
		ret = set_buffers(vcpu, st);
	if (ret)
		return err_sys(err, ret, "mshv refuses the state of vCPU %u",
			       base->index);
	for (i = 0; i < st->msr_count && !ret; i++)
		ret = set_msr(vcpu, &st->msrs[i], err);
	if (ret)
		return err_wrap(err, "vCPU %u", base->index);
	/* SynIC's pages are where the registers have put them. */
	ret = mshv_synic_set(vcpu, st);
	return ret ? err_sys(err, ret, "mshv refuses SynIC's state of vCPU %u",
			     base->index)
		   : 0;
}

const struct hv_state_ops mshv_state_ops = {
	.clock_get = clock_get,
	.clock_set = clock_set,
	.time_stop = time_stop,
	.cpuid_get = cpuid_get,
	.vcpu_get = vcpu_get,
	.vcpu_set = vcpu_set,
};
