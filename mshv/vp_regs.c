// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend: registers. During an exit they go through the register
 * page, which costs no system call; where that page is absent or not valid,
 * through hypercalls.
 */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "runners/vmm/vcpu_regs.h"

#define GPR_COUNT 16
#define CS_LONG (1 << 13)
#define CS_DEFAULT_32 (1 << 14)

static bool has_page(const struct mshv_vcpu *vcpu)
{
	return vcpu->page && vcpu->page->is_valid;
}

/* The message says in which mode the instruction was. */
static enum insn_mode mode_of(const struct mshv_vcpu *vcpu)
{
	const struct mshv_msg_header *head = (const void *)vcpu->msg.payload;

	if ((head->exec_state & MSHV_EXEC_LMA) && (head->cs.attr & CS_LONG))
		return INSN_MODE_64;
	return head->cs.attr & CS_DEFAULT_32 ? INSN_MODE_32 : INSN_MODE_16;
}

static int cpu_load_by_call(struct mshv_vcpu *vcpu)
{
	uint32_t names[GPR_COUNT + 2 + MSHV_SEGMENT_COUNT];
	union mshv_value values[ARRAY_SIZE(names)];
	uint32_t i;
	int ret;

	for (i = 0; i < GPR_COUNT + 2; i++)
		names[i] = MSHV_REG_RAX + i;
	for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
		names[GPR_COUNT + 2 + i] = MSHV_REG_ES + i;
	ret = hvcall_regs_get(vcpu->vm->sys, vcpu->fd, vcpu->base.index, names,
			      values, ARRAY_SIZE(names));
	if (ret)
		return ret;
	vcpu->cpu.gpr = vcpu->gpr;
	for (i = 0; i < GPR_COUNT; i++)
		vcpu->gpr[i] = values[i].u64;
	vcpu->cpu.rip = values[GPR_COUNT].u64;
	vcpu->cpu.rflags = values[GPR_COUNT + 1].u64;
	for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
		vcpu->cpu.segment_base[i] =
			values[GPR_COUNT + 2 + i].segment.base;
	return 0;
}

/* The page's registers are worked on where they are. */
int mshv_cpu_load(struct mshv_vcpu *vcpu)
{
	vcpu->cpu.mode = mode_of(vcpu);
	if (!has_page(vcpu))
		return cpu_load_by_call(vcpu);
	vcpu->cpu.gpr = vcpu->page->gpr;
	vcpu->cpu.rip = vcpu->page->rip;
	vcpu->cpu.rflags = vcpu->page->rflags;
	return 0;
}

/* Apart from the rest, because in 64-bit mode hardly anything needs them. */
void mshv_segments_load(struct mshv_vcpu *vcpu)
{
	int i;

	for (i = 0; i < MSHV_SEGMENT_COUNT && has_page(vcpu); i++)
		vcpu->cpu.segment_base[i] = vcpu->page->segments[i].base;
}

int mshv_cpu_store(struct mshv_vcpu *vcpu)
{
	struct mshv_register regs[GPR_COUNT + 2];
	uint32_t i;

	if (has_page(vcpu)) {
		vcpu->page->rip = vcpu->cpu.rip;
		vcpu->page->rflags = vcpu->cpu.rflags;
		vcpu->page->dirty |=
			MSHV_DIRTY_GPR | MSHV_DIRTY_RIP | MSHV_DIRTY_FLAGS;
		return 0;
	}
	memset(regs, 0, sizeof(regs));
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		regs[i].name = MSHV_REG_RAX + i;
		regs[i].value.u64 = i < GPR_COUNT    ? vcpu->cpu.gpr[i]
				    : i == GPR_COUNT ? vcpu->cpu.rip
						     : vcpu->cpu.rflags;
	}
	return hvcall_regs_set(vcpu->vm->sys, vcpu->fd, vcpu->base.index, regs,
			       ARRAY_SIZE(regs));
}

int mshv_rip_rax_store(struct mshv_vcpu *vcpu, uint64_t rip, uint64_t rax)
{
	struct mshv_register regs[2] = {
		{.name = MSHV_REG_RIP, .value.u64 = rip},
		{.name = MSHV_REG_RAX, .value.u64 = rax},
	};

	if (!has_page(vcpu))
		return hvcall_regs_set(vcpu->vm->sys, vcpu->fd,
				       vcpu->base.index, regs, 2);
	vcpu->page->rip = rip;
	vcpu->page->gpr[VCPU_RAX] = rax;
	vcpu->page->dirty |= MSHV_DIRTY_GPR | MSHV_DIRTY_RIP;
	return 0;
}

static struct vcpu_segment segment_from(const struct mshv_segment *s)
{
	return (struct vcpu_segment){.base = s->base,
				     .limit = s->limit,
				     .selector = s->selector,
				     .attr = s->attr};
}

static struct mshv_segment segment_to(const struct vcpu_segment *s)
{
	return (struct mshv_segment){.base = s->base,
				     .limit = s->limit,
				     .selector = s->selector,
				     .attr = s->attr};
}

int mshv_vcpu_regs_get(struct hv_vcpu *base, struct vcpu_regs *regs)
{
	static const uint32_t others[] = {
		MSHV_REG_CR0, MSHV_REG_CR3, MSHV_REG_CR4, MSHV_REG_EFER,
		MSHV_REG_CS,  MSHV_REG_DS,  MSHV_REG_TR,  MSHV_REG_GDTR};
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	uint32_t names[GPR_COUNT + 2 + ARRAY_SIZE(others)];
	union mshv_value v[ARRAY_SIZE(names)];
	const union mshv_value *o = v + GPR_COUNT + 2;
	uint32_t i;
	int ret;

	for (i = 0; i < GPR_COUNT + 2; i++)
		names[i] = MSHV_REG_RAX + i;
	memcpy(names + GPR_COUNT + 2, others, sizeof(others));
	ret = hvcall_regs_get(vcpu->vm->sys, vcpu->fd, vcpu->base.index, names,
			      v, ARRAY_SIZE(names));
	if (ret)
		return ret;
	for (i = 0; i < GPR_COUNT; i++)
		regs->gpr[i] = v[i].u64;
	regs->rip = v[GPR_COUNT].u64;
	regs->rflags = v[GPR_COUNT + 1].u64;
	/* What an exit has changed there is not in the VP before its next run. */
	if (has_page(vcpu)) {
		memcpy(regs->gpr, vcpu->page->gpr, sizeof(regs->gpr));
		regs->rip = vcpu->page->rip;
		regs->rflags = vcpu->page->rflags;
	}
	regs->cr0 = o[0].u64;
	regs->cr3 = o[1].u64;
	regs->cr4 = o[2].u64;
	regs->efer = o[3].u64;
	regs->cs = segment_from(&o[4].segment);
	regs->data = segment_from(&o[5].segment);
	regs->tr = segment_from(&o[6].segment);
	regs->gdt_base = o[7].table.base;
	regs->gdt_limit = o[7].table.limit;
	return 0;
}

static void put(struct mshv_register **r, uint32_t name, uint64_t value)
{
	*(*r)++ = (struct mshv_register){.name = name, .value.u64 = value};
}

static void put_segment(struct mshv_register **r, uint32_t name,
			const struct vcpu_segment *s)
{
	*(*r)++ = (struct mshv_register){.name = name,
					 .value.segment = segment_to(s)};
}

/* What an exit left in the page would overwrite them at the next run. */
static void page_set(struct mshv_vcpu *vcpu, const struct vcpu_regs *regs)
{
	if (!has_page(vcpu))
		return;
	memcpy(vcpu->page->gpr, regs->gpr, sizeof(regs->gpr));
	vcpu->page->rip = regs->rip;
	vcpu->page->rflags = regs->rflags;
	vcpu->page->dirty = 0;
}

/* All in one call: the hypervisor checks control registers as a set. */
int mshv_vcpu_regs_set(struct hv_vcpu *base, const struct vcpu_regs *regs)
{
	struct mshv_vcpu *vcpu = (struct mshv_vcpu *)base;
	struct mshv_register list[GPR_COUNT + 2 + 12];
	struct mshv_register *r = list;
	uint32_t i;
	int ret;

	for (i = 0; i < GPR_COUNT; i++)
		put(&r, MSHV_REG_RAX + i, regs->gpr[i]);
	put(&r, MSHV_REG_RIP, regs->rip);
	put(&r, MSHV_REG_RFLAGS, regs->rflags);
	put_segment(&r, MSHV_REG_CS, &regs->cs);
	for (i = 0; i < MSHV_SEGMENT_COUNT; i++)
		if (MSHV_REG_ES + i != MSHV_REG_CS)
			put_segment(&r, MSHV_REG_ES + i, &regs->data);
	put_segment(&r, MSHV_REG_TR, &regs->tr);
	*r++ = (struct mshv_register){
		.name = MSHV_REG_GDTR,
		.value.table = {.base = regs->gdt_base,
				.limit = regs->gdt_limit}};
	put(&r, MSHV_REG_CR0, regs->cr0);
	put(&r, MSHV_REG_CR3, regs->cr3);
	put(&r, MSHV_REG_CR4, regs->cr4);
	put(&r, MSHV_REG_EFER, regs->efer);
	ret = hvcall_regs_set(vcpu->vm->sys, vcpu->fd, vcpu->base.index, list,
			      (size_t)(r - list));
	if (!ret)
		page_set(vcpu, regs);
	return ret;
}
