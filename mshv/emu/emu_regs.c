// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's registers: one table row for every name that KVM has. */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/emu/emu_priv.h"

uint64_t *emu_gpr(struct kvm_regs *k, uint32_t number)
{
#define SLOT(reg) offsetof(struct kvm_regs, reg)
	static const uint8_t slots[16] = {
		SLOT(rax), SLOT(rcx), SLOT(rdx), SLOT(rbx),
		SLOT(rsp), SLOT(rbp), SLOT(rsi), SLOT(rdi),
		SLOT(r8),  SLOT(r9),  SLOT(r10), SLOT(r11),
		SLOT(r12), SLOT(r13), SLOT(r14), SLOT(r15),
	};
#undef SLOT

	return (uint64_t *)(void *)((uint8_t *)k + slots[number]);
}

struct kvm_segment *emu_segment_slot(struct kvm_sregs *s, uint32_t number)
{
	struct kvm_segment *const slots[8] = {&s->es, &s->cs, &s->ss,  &s->ds,
					      &s->fs, &s->gs, &s->ldt, &s->tr};

	return slots[number];
}

struct mshv_segment emu_segment(const struct kvm_segment *k)
{
	return (struct mshv_segment){
		.base = k->base,
		.limit = k->limit,
		.selector = k->selector,
		.attr = (uint16_t)(k->type | k->s << 4 | k->dpl << 5 |
				   k->present << 7 | k->avl << 12 | k->l << 13 |
				   k->db << 14 | k->g << 15),
	};
}

void emu_segment_set(struct kvm_segment *k, const struct mshv_segment *m)
{
	*k = (struct kvm_segment){
		.base = m->base,
		.limit = m->limit,
		.selector = m->selector,
		.type = m->attr & 15,
		.s = m->attr >> 4 & 1,
		.dpl = m->attr >> 5 & 3,
		.present = m->attr >> 7 & 1,
		.avl = m->attr >> 12 & 1,
		.l = m->attr >> 13 & 1,
		.db = m->attr >> 14 & 1,
		.g = m->attr >> 15 & 1,
		.unusable = !(m->attr >> 7 & 1),
	};
}

/* Registers that are MSRs to KVM. Ranges have a count and a step. */
static const struct {
	uint32_t name;
	uint32_t count;
	uint32_t msr;
	uint32_t step;
} msrs[] = {
	{MSHV_REG_TSC, 1, 0x10, 0},
	{MSHV_REG_KERNEL_GS_BASE, 1, 0xc0000102, 0},
	{MSHV_REG_PAT, 1, 0x277, 0},
	{MSHV_REG_SYSENTER_CS, 1, 0x174, 0},
	{MSHV_REG_SYSENTER_EIP, 1, 0x176, 0},
	{MSHV_REG_SYSENTER_ESP, 1, 0x175, 0},
	{MSHV_REG_STAR, 1, 0xc0000081, 0},
	{MSHV_REG_LSTAR, 1, 0xc0000082, 0},
	{MSHV_REG_CSTAR, 1, 0xc0000083, 0},
	{MSHV_REG_SFMASK, 1, 0xc0000084, 0},
	{MSHV_REG_MTRR_CAP, 1, 0xfe, 0},
	{MSHV_REG_MTRR_DEF_TYPE, 1, 0x2ff, 0},
	{MSHV_REG_MTRR_PHYS_BASE0, 8, 0x200, 2},
	{MSHV_REG_MTRR_PHYS_MASK0, 8, 0x201, 2},
	{MSHV_REG_MTRR_FIX64K, 1, 0x250, 0},
	{MSHV_REG_MTRR_FIX16K, 2, 0x258, 1},
	{MSHV_REG_MTRR_FIX4K, 8, 0x268, 1},
	{MSHV_REG_TSC_AUX, 1, 0xc0000103, 0},
	{MSHV_REG_BNDCFGS, 1, 0xd90, 0},
	{MSHV_REG_DEBUG_CTL, 1, 0x1d9, 0},
	{MSHV_REG_SPEC_CTRL, 1, 0x48, 0},
	{MSHV_REG_U_XSS, 1, 0xda0, 0},
	{MSHV_REG_U_CET, 1, 0x6a0, 0},
	{MSHV_REG_S_CET, 1, 0x6a2, 0},
	{MSHV_REG_PL0_SSP, 4, 0x6a4, 1},
	{MSHV_REG_SSP_TABLE, 1, 0x6a8, 0},
	{MSHV_REG_TSC_DEADLINE, 1, 0x6e0, 0},
	{MSHV_REG_TSC_ADJUST, 1, 0x3b, 0},
	{MSHV_REG_MISC_ENABLE, 1, 0x1a0, 0},
	{MSHV_REG_VP_RUNTIME, 1, 0x40000010, 0},
	{MSHV_REG_GUEST_OS_ID, 1, 0x40000000, 0},
	{MSHV_REG_HYPERCALL, 1, 0x40000001, 0},
	{MSHV_REG_TIME_REF_COUNT, 1, 0x40000020, 0},
	{MSHV_REG_REFERENCE_TSC, 1, 0x40000021, 0},
	{MSHV_REG_VP_ASSIST_PAGE, 1, 0x40000073, 0},
	{MSHV_REG_SCONTROL, 1, 0x40000080, 0},
	{MSHV_REG_SVERSION, 1, 0x40000081, 0},
	{MSHV_REG_SIEFP, 1, 0x40000082, 0},
	{MSHV_REG_SIMP, 1, 0x40000083, 0},
	{MSHV_REG_EOM, 1, 0x40000084, 0},
	{MSHV_REG_SINT0, 16, 0x40000090, 1},
	{MSHV_REG_STIMER0_CONFIG, 8, 0x400000b0, 1},
};

static bool msr_of(uint32_t name, uint32_t *msr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		if (name >= msrs[i].name &&
		    name - msrs[i].name < msrs[i].count) {
			*msr = msrs[i].msr +
			       (name - msrs[i].name) * msrs[i].step;
			return true;
		}
	return false;
}

static bool kvm_msr_access(struct emu_vp *vp, uint32_t msr, uint64_t *value,
			   bool is_set)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} arg = {.head.nmsrs = 1, .entry = {.index = msr, .data = *value}};

	if (emu_kvm(vp, is_set ? KVM_SET_MSRS : KVM_GET_MSRS, &arg) != 1)
		return false;
	*value = arg.entry.data;
	return true;
}

/*
 * A partition has registers that this KVM may lack: Hyper-V's where it was built
 * without, those of CET. They are kept for who saves and restores them; a value
 * that KVM refuses for an MSR that it has is a bad value.
 */
static uint16_t msr_access(struct emu_vp *vp, uint32_t msr, uint64_t *value,
			   bool is_set)
{
	uint64_t had = 0;

	if (kvm_msr_access(vp, msr, value, is_set))
		return MSHV_STATUS_SUCCESS;
	/* What it has already may always be set again. */
	if (is_set && kvm_msr_access(vp, msr, &had, false))
		return had == *value ? MSHV_STATUS_SUCCESS
				     : MSHV_STATUS_INVALID_REGISTER_VALUE;
	return emu_msr_shadow(vp, msr, value, is_set);
}

static bool is_synic(uint32_t name)
{
	return name >= MSHV_REG_SINT0 && name < MSHV_REG_STIMER0_CONFIG + 8;
}

/* KVM takes them from the VMM, which restores a guest, once its SynIC is on. */
static uint16_t synic_set(struct emu_vp *vp, uint32_t name, uint64_t *value)
{
	uint16_t status = MSHV_STATUS_INVALID_PARAMETER;
	uint32_t msr;

	emu_synic_enable(vp);
	if (msr_of(name, &msr))
		status = msr_access(vp, msr, value, true);
	if (name >= MSHV_REG_SCONTROL && name <= MSHV_REG_SIMP)
		emu_synic_note_set(vp);
	return status;
}

/* --- control registers and tables ----------------------------------------- */

static uint64_t *control(struct kvm_sregs *s, uint32_t name)
{
	switch (name) {
	case MSHV_REG_CR0:
	case MSHV_REG_INTERMEDIATE_CR0:
		return (uint64_t *)&s->cr0;
	case MSHV_REG_CR2:
		return (uint64_t *)&s->cr2;
	case MSHV_REG_CR3:
	case MSHV_REG_INTERMEDIATE_CR3:
		return (uint64_t *)&s->cr3;
	case MSHV_REG_CR4:
	case MSHV_REG_INTERMEDIATE_CR4:
		return (uint64_t *)&s->cr4;
	case MSHV_REG_CR8:
	case MSHV_REG_INTERMEDIATE_CR8:
		return (uint64_t *)&s->cr8;
	case MSHV_REG_EFER:
		return (uint64_t *)&s->efer;
	case MSHV_REG_APIC_BASE:
		return (uint64_t *)&s->apic_base;
	default:
		return NULL;
	}
}

static struct kvm_dtable *table_of(struct kvm_sregs *s, uint32_t name)
{
	if (name == MSHV_REG_IDTR)
		return &s->idt;
	return name == MSHV_REG_GDTR ? &s->gdt : NULL;
}

/* --- floating point ------------------------------------------------------- */

static bool is_fpu(uint32_t name)
{
	return name >= MSHV_REG_XMM0 && name <= MSHV_REG_XMM_CONTROL;
}

/* Where each one is in the legacy part of an XSAVE area (SDM vol. 1, 13.4.1):
 * KVM_SET_FPU would do, but for MXCSR, which it leaves alone. */
#define XSAVE_MXCSR 24
#define XSAVE_ST 32
#define XSAVE_XMM 160
#define XSAVE_BV 512
#define XSAVE_BV_X87_SSE 3

static void fpu_move(uint8_t *area, uint32_t name, union mshv_value *value,
		     bool is_set)
{
	size_t at = 0, len = 16, skipped = 0;

	if (name < MSHV_REG_FPMMX0) {
		at = XSAVE_XMM + 16 * (name - MSHV_REG_XMM0);
	} else if (name < MSHV_REG_FP_CONTROL) {
		at = XSAVE_ST + 16 * (name - MSHV_REG_FPMMX0);
	} else if (name == MSHV_REG_XMM_CONTROL) {
		at = XSAVE_MXCSR;
		len = 4;
		skipped = 8;
		memcpy(is_set ? area + 16 : value->bytes,
		       is_set ? value->bytes : area + 16, 8);
	}
	memcpy(is_set ? area + at : value->bytes + skipped,
	       is_set ? value->bytes + skipped : area + at, len);
	if (name == MSHV_REG_XMM_CONTROL && !is_set)
		value->words[1] |= 0xffffULL << 32; /* the mask */
}

static uint16_t fpu_access(struct emu_vp *vp, uint32_t name,
			   union mshv_value *value, bool is_set)
{
	struct kvm_xsave xsave;
	uint8_t *area = (uint8_t *)&xsave;

	if (emu_kvm(vp, KVM_GET_XSAVE, &xsave))
		return MSHV_STATUS_OPERATION_DENIED;
	fpu_move(area, name, value, is_set);
	area[XSAVE_BV] |= XSAVE_BV_X87_SSE;
	if (is_set && emu_kvm(vp, KVM_SET_XSAVE, &xsave))
		return MSHV_STATUS_INVALID_REGISTER_VALUE;
	return MSHV_STATUS_SUCCESS;
}

/* --- debug registers, events, activity ------------------------------------ */

static uint16_t debug_access(struct emu_vp *vp, uint32_t name,
			     union mshv_value *value, bool is_set)
{
	struct kvm_debugregs regs;
	__u64 *slot;

	if (emu_kvm(vp, KVM_GET_DEBUGREGS, &regs))
		return MSHV_STATUS_OPERATION_DENIED;
	slot = name == MSHV_REG_DR6   ? &regs.dr6
	       : name == MSHV_REG_DR7 ? &regs.dr7
				      : &regs.db[name - MSHV_REG_DR0];
	if (!is_set) {
		value->u64 = *slot;
		return MSHV_STATUS_SUCCESS;
	}
	*slot = value->u64;
	return emu_kvm(vp, KVM_SET_DEBUGREGS, &regs)
		       ? MSHV_STATUS_INVALID_REGISTER_VALUE
		       : MSHV_STATUS_SUCCESS;
}

static uint16_t xfem_access(struct emu_vp *vp, union mshv_value *value,
			    bool is_set)
{
	struct kvm_xcrs xcrs = {.nr_xcrs = 1, .xcrs[0].value = value->u64};

	if (emu_kvm(vp, is_set ? KVM_SET_XCRS : KVM_GET_XCRS, &xcrs))
		return is_set ? MSHV_STATUS_INVALID_REGISTER_VALUE
			      : MSHV_STATUS_OPERATION_DENIED;
	value->u64 = xcrs.xcrs[0].value;
	return MSHV_STATUS_SUCCESS;
}

#define EVENT_PENDING 1u
#define EVENT_EXCEPTION 3u

/* PENDING_EVENT0: an exception to be injected. */
static uint16_t event_set(struct kvm_vcpu_events *e,
			  const union mshv_value *value)
{
	e->exception.injected = value->u64 & EVENT_PENDING;
	e->exception.nr = (uint8_t)(value->u64 >> 16);
	e->exception.has_error_code = value->u64 >> 8 & 1;
	e->exception.error_code = (uint32_t)(value->u64 >> 32);
	return MSHV_STATUS_SUCCESS;
}

/* PENDING_INTERRUPTION: what was being delivered. */
static uint16_t interruption_set(struct kvm_vcpu_events *e, uint64_t value)
{
	bool pending = value & EVENT_PENDING;
	uint32_t type = value >> 1 & 7;

	e->interrupt.injected = pending && type == 0;
	e->interrupt.nr = (uint8_t)(value >> 16);
	e->nmi.injected = pending && type == 2;
	e->exception.injected = pending && type == EVENT_EXCEPTION;
	if (e->exception.injected) {
		e->exception.nr = (uint8_t)(value >> 16);
		e->exception.has_error_code = value >> 4 & 1;
		e->exception.error_code = (uint32_t)(value >> 32);
	}
	return MSHV_STATUS_SUCCESS;
}

uint64_t emu_interruption(const struct kvm_vcpu_events *e)
{
	if (e->exception.injected)
		return EVENT_PENDING | EVENT_EXCEPTION << 1 |
		       (uint64_t)e->exception.has_error_code << 4 |
		       (uint64_t)e->exception.nr << 16 |
		       (uint64_t)e->exception.error_code << 32;
	if (e->nmi.injected)
		return EVENT_PENDING | 2 << 1 | 2 << 16;
	if (e->interrupt.injected)
		return EVENT_PENDING | (uint64_t)e->interrupt.nr << 16;
	return 0;
}

uint64_t emu_interrupt_state(const struct kvm_vcpu_events *e)
{
	return (e->interrupt.shadow ? 1 : 0) | (e->nmi.masked ? 2 : 0);
}

static uint16_t events_access(struct emu_vp *vp, uint32_t name,
			      union mshv_value *value, bool is_set)
{
	struct kvm_vcpu_events e;

	if (emu_kvm(vp, KVM_GET_VCPU_EVENTS, &e))
		return MSHV_STATUS_OPERATION_DENIED;
	if (!is_set) {
		if (name == MSHV_REG_INTERRUPT_STATE)
			value->u64 = emu_interrupt_state(&e);
		else if (name == MSHV_REG_PENDING_INTERRUPTION)
			value->u64 = emu_interruption(&e);
		return MSHV_STATUS_SUCCESS;
	}
	e.flags = KVM_VCPUEVENT_VALID_SHADOW;
	if (name == MSHV_REG_INTERRUPT_STATE) {
		e.interrupt.shadow =
			value->u64 & 1 ? KVM_X86_SHADOW_INT_STI : 0;
		e.nmi.masked = value->u64 >> 1 & 1;
	} else if (name == MSHV_REG_PENDING_INTERRUPTION) {
		interruption_set(&e, value->u64);
	} else {
		event_set(&e, value);
	}
	return emu_kvm(vp, KVM_SET_VCPU_EVENTS, &e)
		       ? MSHV_STATUS_INVALID_REGISTER_VALUE
		       : MSHV_STATUS_SUCCESS;
}

/* Build 26100 of 10.0 (TLFS, 2.4.3). */
#define HYPERVISOR_VERSION (26100ULL | 10ULL << 48)

#define ACTIVITY_STARTUP 1u
#define ACTIVITY_HALT 2u

static uint16_t activity_access(struct emu_vp *vp, union mshv_value *value,
				bool is_set)
{
	struct kvm_mp_state mp;

	if (is_set) {
		mp.mp_state = value->u64 & ACTIVITY_STARTUP
				      ? KVM_MP_STATE_UNINITIALIZED
			      : value->u64 & ACTIVITY_HALT
				      ? KVM_MP_STATE_HALTED
				      : KVM_MP_STATE_RUNNABLE;
		return emu_kvm(vp, KVM_SET_MP_STATE, &mp)
			       ? MSHV_STATUS_INVALID_REGISTER_VALUE
			       : MSHV_STATUS_SUCCESS;
	}
	if (emu_kvm(vp, KVM_GET_MP_STATE, &mp))
		return MSHV_STATUS_OPERATION_DENIED;
	value->u64 = mp.mp_state == KVM_MP_STATE_HALTED ? ACTIVITY_HALT
		     : mp.mp_state == KVM_MP_STATE_UNINITIALIZED ||
				     mp.mp_state == KVM_MP_STATE_INIT_RECEIVED
			     ? ACTIVITY_STARTUP
			     : 0;
	return MSHV_STATUS_SUCCESS;
}

/* --- by name -------------------------------------------------------------- */

/* Names that are neither in the shadow copies nor MSRs. */
static uint16_t other_access(struct emu_vp *vp, uint32_t name,
			     union mshv_value *value, bool is_set)
{
	if (is_fpu(name))
		return fpu_access(vp, name, value, is_set);
	if (name == MSHV_REG_DR7 && is_set)
		emu_page_of(vp)->dr7 = 0;
	if (name >= MSHV_REG_DR0 && name <= MSHV_REG_DR7)
		return debug_access(vp, name, value, is_set);
	switch (name) {
	case MSHV_REG_XFEM:
		if (is_set)
			emu_page_of(vp)->xfem = 0; /* to be read again */
		return xfem_access(vp, value, is_set);
	case MSHV_REG_PENDING_INTERRUPTION:
	case MSHV_REG_INTERRUPT_STATE:
	case MSHV_REG_PENDING_EVENT0:
		return events_access(vp, name, value, is_set);
	case MSHV_REG_ACTIVITY:
		return activity_access(vp, value, is_set);
	case MSHV_REG_EXPLICIT_SUSPEND:
		value->u64 = is_set ? value->u64 : 1;
		return MSHV_STATUS_SUCCESS;
	case MSHV_REG_INTERCEPT_SUSPEND:
	case MSHV_REG_PENDING_EVENT1:
		return MSHV_STATUS_SUCCESS;
	case MSHV_REG_DELIVERABILITY:
		/* Whoever has no local APIC of its own asks for none. */
		return is_set && value->u64 ? MSHV_STATUS_INVALID_PARAMETER
					    : MSHV_STATUS_SUCCESS;
	case MSHV_REG_SSP:
		return emu_msr_shadow(vp, name, &value->u64, is_set);
	case MSHV_REG_VERSION:
		value->u64 = HYPERVISOR_VERSION;
		return is_set ? MSHV_STATUS_ACCESS_DENIED : MSHV_STATUS_SUCCESS;
	case MSHV_REG_VP_INDEX:
	case MSHV_REG_APIC_ID:
	case MSHV_REG_INITIAL_APIC_ID:
		if (is_set && value->u64 != vp->index)
			return MSHV_STATUS_INVALID_PARAMETER;
		value->u64 = vp->index;
		return MSHV_STATUS_SUCCESS;
	default:
		return MSHV_STATUS_INVALID_PARAMETER;
	}
}

uint16_t emu_reg_get(struct emu_vp *vp, uint32_t name, union mshv_value *value)
{
	const uint64_t *cr = control(&vp->sregs, name);
	const struct kvm_dtable *table = table_of(&vp->sregs, name);
	uint32_t msr;

	if (name >= MSHV_REG_RAX && name <= MSHV_REG_R15)
		value->u64 = *emu_gpr(&vp->regs, name - MSHV_REG_RAX);
	else if (name == MSHV_REG_RIP)
		value->u64 = vp->regs.rip;
	else if (name == MSHV_REG_RFLAGS)
		value->u64 = vp->regs.rflags;
	else if (cr)
		value->u64 = *cr;
	else if (name >= MSHV_REG_ES && name <= MSHV_REG_TR)
		value->segment = emu_segment(
			emu_segment_slot(&vp->sregs, name - MSHV_REG_ES));
	else if (table)
		value->table = (struct mshv_table){.limit = table->limit,
						   .base = table->base};
	else if (msr_of(name, &msr))
		return msr_access(vp, msr, &value->u64, false);
	else
		return other_access(vp, name, value, false);
	return MSHV_STATUS_SUCCESS;
}

uint16_t emu_reg_set(struct emu_vp *vp, uint32_t name,
		     const union mshv_value *value, bool *sregs_changed)
{
	uint64_t *cr = control(&vp->sregs, name);
	struct kvm_dtable *table = table_of(&vp->sregs, name);
	union mshv_value copy = *value;
	uint32_t msr;

	if (name >= MSHV_REG_RAX && name <= MSHV_REG_RFLAGS) {
		uint64_t *slot =
			name == MSHV_REG_RIP ? (uint64_t *)&vp->regs.rip
			: name == MSHV_REG_RFLAGS
				? (uint64_t *)&vp->regs.rflags
				: emu_gpr(&vp->regs, name - MSHV_REG_RAX);

		*slot = value->u64;
		vp->regs_are_dirty = true;
		return MSHV_STATUS_SUCCESS;
	}
	if (cr) {
		*cr = value->u64;
	} else if (name >= MSHV_REG_ES && name <= MSHV_REG_TR) {
		emu_segment_set(
			emu_segment_slot(&vp->sregs, name - MSHV_REG_ES),
			&value->segment);
	} else if (table) {
		table->limit = value->table.limit;
		table->base = value->table.base;
	} else if (is_synic(name)) {
		return synic_set(vp, name, &copy.u64);
	} else if (msr_of(name, &msr)) {
		return msr_access(vp, msr, &copy.u64, true);
	} else {
		return other_access(vp, name, &copy, true);
	}
	*sregs_changed = true;
	return MSHV_STATUS_SUCCESS;
}
