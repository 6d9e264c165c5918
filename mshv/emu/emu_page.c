// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator's register page: what a VMM reads and changes without a call. */
#include <errno.h>
#include <string.h>

#include "mshv/emu/emu_priv.h"

#define CR4_OSXSAVE (1ULL << 18)

struct mshv_register_page *emu_page_of(const struct emu_vp *vp)
{
	return (struct mshv_register_page *)(void *)vp->pages;
}

/*
 * XMM registers are not filled in: exit handlers do not read them, and it would
 * cost a system call each time.
 *
 * XFEM and DR7 cost a call of KVM each. A guest writes XCR0 once, after it has set
 * CR4.OSXSAVE, so that one is read until then; DR7 is read for a new VP, and both
 * when the VMM sets registers.
 */
static void page_fill_rare(struct emu_vp *vp, struct mshv_register_page *page)
{
	bool may_be_set = vp->sregs.cr4 & CR4_OSXSAVE && page->xfem <= 1;
	union mshv_value value = {.u64 = 0};

	if ((!page->xfem || may_be_set) &&
	    !emu_reg_get(vp, MSHV_REG_XFEM, &value))
		page->xfem = value.u64;
	if (!page->dr7 && !emu_reg_get(vp, MSHV_REG_DR7, &value))
		page->dr7 = value.u64;
}

static void page_fill_gprs(struct emu_vp *vp, struct mshv_register_page *page)
{
	const struct kvm_regs *r = &vp->regs;
	const uint64_t gprs[16] = {
		r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi,
		r->r8,  r->r9,  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15};

	memcpy(page->gpr, gprs, sizeof(gprs));
}

/* They seldom change; what the VMM writes here without a dirty bit stays until they
 * do. */
static void page_fill_sregs(struct emu_vp *vp, struct mshv_register_page *page)
{
	uint32_t i;

	for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
		if (!(page->dirty & MSHV_DIRTY_SEGMENTS))
			page->segments[i] =
				emu_segment(emu_segment_slot(&vp->sregs, i));
	page->cr0 = vp->sregs.cr0;
	page->cr3 = vp->sregs.cr3;
	page->cr4 = vp->sregs.cr4;
	page->cr8 = vp->sregs.cr8;
	page->efer = vp->sregs.efer;
}

static void page_fill_clean(struct emu_vp *vp)
{
	struct mshv_register_page *page = emu_page_of(vp);

	page->version = 1;
	if (!(page->dirty & MSHV_DIRTY_GPR))
		page_fill_gprs(vp, page);
	if (!(page->dirty & MSHV_DIRTY_RIP))
		page->rip = vp->regs.rip;
	if (!(page->dirty & MSHV_DIRTY_FLAGS))
		page->rflags = vp->regs.rflags;
	if (vp->page_is_stale)
		page_fill_sregs(vp, page);
	page->interrupt_state = emu_interrupt_state(&vp->events);
	page->pending_interruption = emu_interruption(&vp->events);
	page_fill_rare(vp, page);
	page->is_valid = 1;
}

void emu_page_refresh(struct emu_vp *vp)
{
	vp->page_is_stale = true;
	page_fill_clean(vp);
}

void emu_page_fill(struct emu_vp *vp)
{
	emu_page_of(vp)->dirty = 0;
	page_fill_clean(vp);
	vp->page_is_stale = false;
}

static int page_xmm_apply(struct emu_vp *vp)
{
	struct kvm_fpu fpu;

	if (emu_kvm(vp, KVM_GET_FPU, &fpu))
		return -errno;
	memcpy(fpu.xmm, emu_page_of(vp)->xmm, sizeof(emu_page_of(vp)->xmm));
	return emu_kvm(vp, KVM_SET_FPU, &fpu) ? -errno : 0;
}

/* Only classes whose dirty bit is set count. */
int emu_page_apply(struct emu_vp *vp)
{
	struct mshv_register_page *page = emu_page_of(vp);
	uint32_t dirty = page->is_valid ? page->dirty : 0;
	int ret = 0;
	uint32_t i;

	if (!dirty)
		return 0;
	for (i = 0; i < 16 && (dirty & MSHV_DIRTY_GPR); i++)
		*emu_gpr(&vp->regs, i) = page->gpr[i];
	if (dirty & MSHV_DIRTY_RIP)
		vp->regs.rip = page->rip;
	if (dirty & MSHV_DIRTY_FLAGS)
		vp->regs.rflags = page->rflags;
	if (dirty & (MSHV_DIRTY_GPR | MSHV_DIRTY_RIP | MSHV_DIRTY_FLAGS))
		vp->regs_are_dirty = true;
	if (dirty & MSHV_DIRTY_XMM)
		ret = page_xmm_apply(vp);
	if (dirty & MSHV_DIRTY_SEGMENTS) {
		for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
			emu_segment_set(emu_segment_slot(&vp->sregs, i),
					&page->segments[i]);
		vp->page_is_stale = true;
		ret = emu_vp_sregs_flush(vp);
	}
	page->dirty = 0;
	return ret;
}
