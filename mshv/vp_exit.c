// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend: from the hypervisor's messages to exits, and the
 * instructions behind them. A message stops the VP in front of an
 * instruction that has had no effect yet.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "mshv/mshv_priv.h"
#include "runners/vmm/vcpu_regs.h"

/* WRMSR has as many. */
#define RDMSR_BYTES 2

static bool fail(struct hv_exit *exit, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(struct hv_exit *exit, const char *fmt, ...)
{
	va_list ap;

	exit->kind = HV_EXIT_ERROR;
	va_start(ap, fmt);
	vsnprintf(exit->detail, sizeof(exit->detail), fmt, ap);
	va_end(ap);
	return true;
}

static bool fail_insn(struct hv_exit *exit, const uint8_t *bytes, int code)
{
	char hex[2 * INSN_MAX_BYTES + 1];
	int i;

	for (i = 0; i < INSN_MAX_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	return fail(exit, "cannot %s the instruction with bytes %s",
		    code == -ENOTSUP ? "emulate" : "decode", hex);
}

static bool hand_up(struct hv_exit *exit, enum hv_exit_kind kind, uint64_t addr,
		    uint8_t len_bytes, bool is_write, uint64_t data)
{
	exit->kind = kind;
	exit->access = (struct hv_access){.addr = addr,
					  .len_bytes = len_bytes,
					  .is_write = is_write,
					  .data = data};
	return true;
}

/* --- finding the instruction --------------------------------------------- */

static struct insn_slot *slot_of(struct mshv_vcpu *vcpu, const uint8_t *bytes)
{
	uint64_t half[2], hash;

	memcpy(half, bytes, sizeof(half));
	hash = (half[0] ^ half[1] >> 7) * 0x9e3779b97f4a7c15ULL;
	return &vcpu->cache[hash >> 58];
}
_Static_assert(INSN_CACHE_SLOTS == 64, "the hash yields six bits");

/* The message may carry fewer bytes than the instruction has, even none. COUNT:
 * how many are there. */
static int fetch(struct mshv_vcpu *vcpu, uint8_t bytes[16], size_t *count)
{
	uint64_t rip = vcpu->cpu.rip;
	size_t first;
	int ret;

	if (vcpu->cpu.mode != INSN_MODE_64) {
		mshv_segments_load(vcpu);
		rip = (uint32_t)(rip + vcpu->cpu.segment_base[1]);
	}
	first = MSHV_PAGE_BYTES - (rip & (MSHV_PAGE_BYTES - 1));
	memset(bytes, 0, 16);
	*count = INSN_MAX_BYTES;
	if (first >= INSN_MAX_BYTES)
		return mshv_guest_read(vcpu, rip, bytes, INSN_MAX_BYTES);
	ret = mshv_guest_read(vcpu, rip, bytes, first);
	/* What lies behind need not be there, if it is not needed. */
	if (!ret && mshv_guest_read(vcpu, rip + first, bytes + first,
				    INSN_MAX_BYTES - first))
		*count = first;
	return ret;
}

/* The bases are the guest's of now, also where the instruction is kept: code
 * that runs twice may have loaded FS in between. */
static int use_insn(struct mshv_vcpu *vcpu, const struct insn *insn)
{
	vcpu->insn = insn;
	if (vcpu->cpu.mode != INSN_MODE_64 || insn->segment >= 4)
		mshv_segments_load(vcpu);
	return 0;
}

/* Sets vcpu->insn; on failure EXIT says what the bytes were. */
static int find_insn(struct mshv_vcpu *vcpu, const uint8_t *given, size_t count,
		     struct hv_exit *exit)
{
	uint8_t bytes[16] = {0};
	struct insn_slot *slot;
	int ret;

	memcpy(bytes, given, count < 16 ? count : 16);
	slot = slot_of(vcpu, bytes);
	if (slot->is_used && slot->mode == vcpu->cpu.mode &&
	    slot->insn.length_bytes <= count && !memcmp(slot->bytes, bytes, 16))
		return use_insn(vcpu, &slot->insn);
	slot->is_used = false;
	ret = insn_decode(bytes, count, vcpu->cpu.mode, &slot->insn);
	if (ret == -ENODATA) {
		ret = fetch(vcpu, bytes, &count);
		if (ret) {
			fail(exit, "cannot fetch the instruction at 0x%llx",
			     (unsigned long long)vcpu->cpu.rip);
			return ret;
		}
		ret = insn_decode(bytes, count, vcpu->cpu.mode, &slot->insn);
	} else if (!ret) {
		memcpy(slot->bytes, bytes, 16);
		slot->mode = (uint8_t)vcpu->cpu.mode;
		slot->is_used = true;
	}
	if (!ret)
		return use_insn(vcpu, &slot->insn);
	fail_insn(exit, bytes, ret);
	return ret;
}

/* --- ports ---------------------------------------------------------------- */

static bool port_scalar(struct mshv_vcpu *vcpu, const struct mshv_msg_io *io,
			struct hv_exit *exit)
{
	bool is_write = io->header.access == MSHV_ACCESS_WRITE;
	uint8_t size = io->info & MSHV_IO_SIZE;

	if (size != 1 && size != 2 && size != 4)
		return fail(exit, "a port access of %u bytes", size);
	vcpu->cpu.rip = io->header.rip + (io->header.length_cr8 & 0xf);
	vcpu->gpr[VCPU_RAX] = io->rax;
	if (is_write && mshv_rip_rax_store(vcpu, vcpu->cpu.rip, io->rax))
		return fail(exit, "cannot set registers");
	if (!is_write)
		vcpu->step = VP_STEP_IN;
	return hand_up(exit, HV_EXIT_PIO, io->port, size, is_write,
		       is_write ? io->rax & (~0ULL >> (64 - 8 * size)) : 0);
}

static bool port_string(struct mshv_vcpu *vcpu, const struct mshv_msg_io *io,
			struct hv_exit *exit)
{
	uint64_t data = 0;

	if (mshv_cpu_load(vcpu))
		return fail(exit, "cannot read registers");
	if (find_insn(vcpu, io->bytes, io->byte_count, exit))
		return true;
	if ((vcpu->insn->op != INSN_INS && vcpu->insn->op != INSN_OUTS) ||
	    vcpu->insn->mem_bytes != (io->info & MSHV_IO_SIZE))
		return fail_insn(exit, io->bytes, -ENOTSUP);
	if (!insn_string_count(vcpu->insn, &vcpu->cpu)) {
		insn_retire(vcpu->insn, &vcpu->cpu);
		return mshv_cpu_store(vcpu) ? fail(exit, "cannot set registers")
					    : false;
	}
	if (vcpu->insn->op == INSN_INS) {
		vcpu->step = VP_STEP_INS;
		return hand_up(exit, HV_EXIT_PIO, io->port,
			       vcpu->insn->mem_bytes, false, 0);
	}
	if (mshv_guest_read(vcpu, insn_address(vcpu->insn, &vcpu->cpu), &data,
			    vcpu->insn->mem_bytes))
		return fail(exit, "outs from 0x%llx, which is not RAM",
			    (unsigned long long)insn_address(vcpu->insn,
							     &vcpu->cpu));
	insn_string_advance(vcpu->insn, &vcpu->cpu);
	if (mshv_cpu_store(vcpu))
		return fail(exit, "cannot set registers");
	return hand_up(exit, HV_EXIT_PIO, io->port, vcpu->insn->mem_bytes, true,
		       data);
}

static bool exit_port(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct mshv_msg_io *io = (const void *)vcpu->msg.payload;

	if (io->info & MSHV_IO_STRING)
		return port_string(vcpu, io, exit);
	return port_scalar(vcpu, io, exit);
}

static bool resume_in(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	struct insn into = {.reg = VCPU_RAX,
			    .reg_bytes = exit->access.len_bytes};

	vcpu->cpu.gpr = vcpu->gpr;
	insn_reg_write(&into, &vcpu->cpu, exit->access.data);
	if (mshv_rip_rax_store(vcpu, vcpu->cpu.rip, vcpu->gpr[VCPU_RAX]))
		return fail(exit, "cannot set registers");
	return false;
}

static bool resume_ins(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	uint64_t dest = insn_string_dest(vcpu->insn, &vcpu->cpu);

	if (mshv_guest_write(vcpu, dest, &exit->access.data,
			     vcpu->insn->mem_bytes))
		return fail(exit, "ins to 0x%llx, which is not RAM",
			    (unsigned long long)dest);
	insn_string_advance(vcpu->insn, &vcpu->cpu);
	if (mshv_cpu_store(vcpu))
		return fail(exit, "cannot set registers");
	return false;
}

/* --- memory --------------------------------------------------------------- */

/*
 * Where GVA is: the message knows it for the page that it is about. Some
 * hosts report only that page, so the low bits are those of GVA.
 */
static int operand_gpa(struct mshv_vcpu *vcpu, uint64_t gva, uint64_t *gpa)
{
	const struct mshv_msg_memory *m = (const void *)vcpu->msg.payload;
	const uint64_t offset = MSHV_PAGE_BYTES - 1;

	if ((m->info & MSHV_MEM_GVA_GPA_VALID) &&
	    (gva & ~offset) == (m->gva & ~offset)) {
		*gpa = (m->gpa & ~offset) | (gva & offset);
		return 0;
	}
	return mshv_translate(vcpu, gva, gpa);
}

/* The instruction is complete: registers, then its write, if it has one. */
static bool complete(struct mshv_vcpu *vcpu, struct hv_exit *exit, bool writes,
		     uint64_t data)
{
	if (insn_is_string(vcpu->insn))
		insn_string_advance(vcpu->insn, &vcpu->cpu);
	else
		insn_retire(vcpu->insn, &vcpu->cpu);
	if (mshv_cpu_store(vcpu))
		return fail(exit, "cannot set registers");
	if (!writes)
		return false;
	return hand_up(exit, HV_EXIT_MMIO, vcpu->gpa, vcpu->insn->mem_bytes,
		       true, data);
}

/* The element of a string that was read goes where it belongs. */
static bool string_deliver(struct mshv_vcpu *vcpu, struct hv_exit *exit,
			   uint64_t data)
{
	uint64_t dest = insn_string_dest(vcpu->insn, &vcpu->cpu);

	if (vcpu->insn->op == INSN_LODS) {
		insn_reg_write(vcpu->insn, &vcpu->cpu, data);
		return complete(vcpu, exit, false, 0);
	}
	if (!mshv_guest_write(vcpu, dest, &data, vcpu->insn->mem_bytes))
		return complete(vcpu, exit, false, 0);
	/* RAM that cannot be written in full is no device. */
	if (operand_gpa(vcpu, dest, &vcpu->gpa) ||
	    mshv_ram(vcpu->vm, vcpu->gpa, 1))
		return fail(exit, "movs to 0x%llx, which is not mapped",
			    (unsigned long long)dest);
	return complete(vcpu, exit, true, data);
}

static bool have_operand(struct mshv_vcpu *vcpu, struct hv_exit *exit,
			 uint64_t data)
{
	uint64_t result;

	if (insn_is_string(vcpu->insn))
		return string_deliver(vcpu, exit, data);
	result = insn_execute(vcpu->insn, &vcpu->cpu, data);
	return complete(vcpu, exit, vcpu->insn->mem_is_written, result);
}

/* Read the operand at GVA: from RAM at once, from a device by an exit. */
static bool read_operand(struct mshv_vcpu *vcpu, uint64_t gva,
			 struct hv_exit *exit)
{
	uint64_t data = 0;

	if (operand_gpa(vcpu, gva, &vcpu->gpa))
		return fail(exit, "0x%llx is not mapped",
			    (unsigned long long)gva);
	if (mshv_ram(vcpu->vm, vcpu->gpa, vcpu->insn->mem_bytes)) {
		if (mshv_guest_read(vcpu, gva, &data, vcpu->insn->mem_bytes))
			return fail(exit, "cannot read 0x%llx",
				    (unsigned long long)gva);
		return have_operand(vcpu, exit, data);
	}
	vcpu->step = VP_STEP_READ;
	return hand_up(exit, HV_EXIT_MMIO, vcpu->gpa, vcpu->insn->mem_bytes,
		       false, 0);
}

static bool run_string(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct insn *insn = vcpu->insn;
	uint64_t dest = insn_string_dest(insn, &vcpu->cpu);

	if (!insn_string_count(insn, &vcpu->cpu)) {
		insn_retire(insn, &vcpu->cpu);
		return mshv_cpu_store(vcpu) ? fail(exit, "cannot set registers")
					    : false;
	}
	if (insn->op != INSN_STOS)
		return read_operand(vcpu, insn_address(insn, &vcpu->cpu), exit);
	if (operand_gpa(vcpu, dest, &vcpu->gpa))
		return fail(exit, "stos to 0x%llx, which is not mapped",
			    (unsigned long long)dest);
	return complete(vcpu, exit, true,
			vcpu->cpu.gpr[VCPU_RAX] &
				(~0ULL >> (64 - 8 * insn->mem_bytes)));
}

static bool run_insn(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct insn *insn = vcpu->insn;
	uint64_t gva;

	if (insn_is_string(insn))
		return run_string(vcpu, exit);
	gva = insn_address(insn, &vcpu->cpu);
	if ((gva & (MSHV_PAGE_BYTES - 1)) + insn->mem_bytes > MSHV_PAGE_BYTES)
		return fail(exit, "a device access across pages at 0x%llx",
			    (unsigned long long)gva);
	if (insn->mem_is_read)
		return read_operand(vcpu, gva, exit);
	if (operand_gpa(vcpu, gva, &vcpu->gpa))
		return fail(exit, "0x%llx is not mapped",
			    (unsigned long long)gva);
	return complete(vcpu, exit, true, insn_execute(insn, &vcpu->cpu, 0));
}

/* Nothing was executed, and an event that was under way is delivered anew. */
static bool exit_lost_ram(struct mshv_vcpu *vcpu, const struct hv_mem *ram,
			  struct hv_exit *exit)
{
	const struct mshv_msg_memory *m = (const void *)vcpu->msg.payload;
	int ret = mshv_ram_give(vcpu, ram, m->gpa);

	return ret ? fail(exit, "the host has no memory for RAM at 0x%llx: %s",
			  (unsigned long long)m->gpa, strerror(-ret))
		   : false;
}

static bool exit_memory(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct mshv_msg_memory *m = (const void *)vcpu->msg.payload;
	const struct hv_mem *ram = mshv_region(vcpu->vm, m->gpa);

	if (ram && !(ram->readonly && m->header.access == MSHV_ACCESS_WRITE))
		return exit_lost_ram(vcpu, ram, exit);
	if (m->header.access == MSHV_ACCESS_EXECUTE)
		return fail(exit, "the guest executes 0x%llx, which is not RAM",
			    (unsigned long long)m->gpa);
	if (m->header.exec_state & MSHV_EXEC_INTERRUPTION)
		return fail(exit, "an event was delivered through 0x%llx",
			    (unsigned long long)m->gpa);
	if (mshv_cpu_load(vcpu))
		return fail(exit, "cannot read registers");
	if (find_insn(vcpu, m->bytes, m->byte_count, exit))
		return true;
	if (vcpu->insn->op == INSN_INS || vcpu->insn->op == INSN_OUTS)
		return fail_insn(exit, m->bytes, -ENOTSUP);
	return run_insn(vcpu, exit);
}

/* --- the rest ------------------------------------------------------------- */

/* One MSR is ours. A hypervisor may intercept others for its own reasons: an
 * unimplemented MSR reads as 0 and ignores writes. */
static bool exit_msr(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct mshv_msg_msr *m = (const void *)vcpu->msg.payload;
	bool is_read = m->header.access == MSHV_ACCESS_READ;
	bool is_ours = m->msr && m->msr == vcpu->vm->cfg.exit_msr;

	if (mshv_cpu_load(vcpu))
		return fail(exit, "cannot read registers");
	vcpu->cpu.rip = m->header.rip + RDMSR_BYTES;
	if (is_ours && is_read) {
		vcpu->step = VP_STEP_MSR;
		return hand_up(exit, HV_EXIT_MSR, m->msr, 8, false, 0);
	}
	if (is_read)
		vcpu->cpu.gpr[VCPU_RAX] = vcpu->cpu.gpr[VCPU_RDX] = 0;
	if (mshv_cpu_store(vcpu))
		return fail(exit, "cannot set registers");
	if (!is_ours)
		return false;
	return hand_up(exit, HV_EXIT_MSR, m->msr, 8, true,
		       (uint32_t)m->rax | m->rdx << 32);
}

static bool resume_msr(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	vcpu->cpu.gpr[VCPU_RAX] = (uint32_t)exit->access.data;
	vcpu->cpu.gpr[VCPU_RDX] = exit->access.data >> 32;
	if (mshv_cpu_store(vcpu))
		return fail(exit, "cannot set registers");
	return false;
}

static bool exit_cpuid(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct mshv_msg_cpuid *m = (const void *)vcpu->msg.payload;

	if (mshv_cpu_load(vcpu))
		return fail(exit, "cannot read registers");
	vcpu->cpu.gpr[VCPU_RAX] = m->default_rax;
	vcpu->cpu.gpr[VCPU_RBX] = m->default_rbx;
	vcpu->cpu.gpr[VCPU_RCX] = m->default_rcx;
	vcpu->cpu.gpr[VCPU_RDX] = m->default_rdx;
	vcpu->cpu.rip = m->header.rip + 2;
	if (mshv_cpu_store(vcpu))
		return fail(exit, "cannot set registers");
	return false;
}

static bool exit_unsupported(const struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct mshv_msg_unsupported *m = (const void *)vcpu->msg.payload;

	return fail(exit, "unsupported feature %u, parameter 0x%llx", m->code,
		    (unsigned long long)m->parameter);
}

bool mshv_exit_decode(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	const struct mshv_msg_eoi *eoi = (const void *)vcpu->msg.payload;

	exit->raw_reason = vcpu->msg.type;
	if (vcpu->msg.type != MSHV_MSG_UNMAPPED_GPA &&
	    vcpu->msg.type != MSHV_MSG_GPA_INTERCEPT)
		vcpu->lost_count = 0;
	switch (vcpu->msg.type) {
	case MSHV_MSG_IO_PORT:
		return exit_port(vcpu, exit);
	case MSHV_MSG_UNMAPPED_GPA:
	case MSHV_MSG_GPA_INTERCEPT:
		return exit_memory(vcpu, exit);
	case MSHV_MSG_APIC_EOI:
		exit->kind = HV_EXIT_EOI;
		exit->vector = (uint8_t)eoi->vector;
		return true;
	case MSHV_MSG_UNRECOVERABLE:
		exit->kind = HV_EXIT_SHUTDOWN;
		return true;
	case MSHV_MSG_HALT:
		exit->kind = HV_EXIT_HALT;
		return true;
	case MSHV_MSG_MSR:
		return exit_msr(vcpu, exit);
	case MSHV_MSG_CPUID:
		return exit_cpuid(vcpu, exit);
	case MSHV_MSG_INVALID_REGISTER:
		return fail(exit, "the hypervisor finds a register invalid");
	case MSHV_MSG_UNSUPPORTED_FEATURE:
		return exit_unsupported(vcpu, exit);
	default:
		return fail(exit, "unknown hypervisor message 0x%x",
			    vcpu->msg.type);
	}
}

bool mshv_exit_resume(struct mshv_vcpu *vcpu, struct hv_exit *exit)
{
	enum vp_step step = vcpu->step;

	vcpu->step = VP_STEP_NONE;
	switch (step) {
	case VP_STEP_IN:
		return resume_in(vcpu, exit);
	case VP_STEP_INS:
		return resume_ins(vcpu, exit);
	case VP_STEP_READ:
		return have_operand(vcpu, exit, exit->access.data);
	case VP_STEP_MSR:
		return resume_msr(vcpu, exit);
	case VP_STEP_NONE:
		break;
	}
	return false;
}
