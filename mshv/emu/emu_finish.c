// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Finishes the instruction of an exit in KVM.
 *
 * After an exit KVM still has to finish the instruction, and does so when it is
 * entered again: it advances RIP, or writes what was read to a register. The
 * hypervisor leaves all that to the VMM. There are two ways to make one of the
 * other:
 *
 * - At once: enter KVM with immediate_exit and dummy data, and undo the effects.
 *   It is right for each instruction, and costs an entry.
 * - At the next entry: if the VMM has set the very registers that KVM will make
 *   itself, KVM is entered as it is, finishes and goes on. Only plain
 *   instructions wait for that, those whose effect on the registers is known.
 *   If the VMM wants other registers, the instruction is finished first.
 *
 * Until then no other call may reach the VP's descriptor in KVM, so they all go
 * through emu_kvm(), which finishes the instruction first.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/base/qemu_cpu.h"
#include "mshv/emu/emu_priv.h"

/* More exits than any one instruction causes in KVM. */
#define MAX_FOLLOWERS 64

#define FLAG_TF (1ULL << 8)
#define FLAG_DF (1ULL << 10)
#define FLAG_RF (1ULL << 16)

static uint8_t *io_data(struct kvm_run *run)
{
	return (uint8_t *)run + run->io.data_offset;
}

/* --- at once -------------------------------------------------------------- */

static void answer_nothing(struct kvm_run *run)
{
	if (run->exit_reason == KVM_EXIT_MMIO && !run->mmio.is_write)
		memset(run->mmio.data, 0, sizeof(run->mmio.data));
	else if (run->exit_reason == KVM_EXIT_IO &&
		 run->io.direction == KVM_EXIT_IO_IN)
		memset(io_data(run), 0, (size_t)run->io.size * run->io.count);
}

static int sregs_set(struct emu_vp *vp, const struct kvm_sregs *from)
{
	struct kvm_sregs sregs = *from;

	sregs.tr.type = qemu_cpu_task_type(sregs.tr.type);
	return ioctl(vp->vcpu_fd, KVM_SET_SREGS, &sregs);
}

/*
 * With data that nobody meant, an instruction may load a table or a segment, or
 * raise an exception; there was none before. General registers go back with the
 * next entry in any case.
 */
static void effects_undo(struct emu_vp *vp, const struct kvm_sregs *before)
{
	struct kvm_sync_regs *now = &vp->run->s.regs;

	if (memcmp(&now->sregs, before, sizeof(*before)) &&
	    sregs_set(vp, before))
		emu_log_once("KVM does not take back its control registers");
	if (!(vp->synced & KVM_SYNC_X86_EVENTS) ||
	    !(now->events.exception.injected || now->events.exception.pending))
		return;
	/* An NMI may have come meanwhile, and stays. */
	memset(&now->events.exception, 0, sizeof(now->events.exception));
	now->events.flags &= ~(KVM_VCPUEVENT_VALID_NMI_PENDING |
			       KVM_VCPUEVENT_VALID_SIPI_VECTOR);
	if (ioctl(vp->vcpu_fd, KVM_SET_VCPU_EVENTS, &now->events))
		emu_log_once("KVM does not take back an exception");
}

/* The data of the first exit are in place. Returns how many bytes of memory KVM
 * wrote by further exits. */
static uint32_t finish(struct emu_vp *vp)
{
	struct kvm_run *run = vp->run;
	struct kvm_sregs before = run->s.regs.sregs;
	uint32_t written = 0;
	int i;

	run->kvm_valid_regs = vp->synced;
	run->immediate_exit = 1;
	for (i = 0; i < MAX_FOLLOWERS && !ioctl(vp->vcpu_fd, KVM_RUN, 0); i++) {
		if (run->exit_reason == KVM_EXIT_MMIO && run->mmio.is_write)
			written += run->mmio.len;
		answer_nothing(run);
	}
	run->immediate_exit = 0;
	if (i == MAX_FOLLOWERS)
		emu_log_once("an instruction at rip 0x%llx has no end",
			     (unsigned long long)vp->regs.rip);
	effects_undo(vp, &before);
	return written;
}

void emu_finish(struct emu_vp *vp)
{
	finish(vp);
}

uint32_t emu_finish_write(struct emu_vp *vp)
{
	struct kvm_run *run = vp->run;
	__typeof__(run->mmio) first = run->mmio;
	uint32_t bytes = first.len + finish(vp);

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio = first;
	return bytes;
}

/* KVM would overwrite the destination of INS: let it write the old bytes, element
 * by element, as their order in RAM depends on DF. */
void emu_finish_in(struct emu_vp *vp, const struct emu_insn *insn)
{
	struct kvm_run *run = vp->run;
	size_t size = run->io.size, i;
	uint64_t dest = emu_string_dest(vp);
	uint64_t step = vp->regs.rflags & FLAG_DF ? -(uint64_t)size : size;

	answer_nothing(run);
	for (i = 0; i < run->io.count && insn->is_string; i++)
		emu_guest_copy(vp, dest + i * step, io_data(run) + i * size,
			       NULL, size);
	/* RCX limits a repeated instruction to what is under way. */
	if (insn->is_rep) {
		run->s.regs.regs.rcx = run->io.count;
		run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	}
	finish(vp);
}

/* MOVS writes the dummy data to RAM: restore the old bytes. */
void emu_finish_read(struct emu_vp *vp, const struct emu_insn *insn)
{
	struct kvm_run *run = vp->run;
	uint64_t dest = emu_string_dest(vp);
	uint8_t saved[8];
	size_t n = 0;

	answer_nothing(run);
	if (insn->is_string && insn->moves_to_ram)
		n = emu_guest_copy(vp, dest, saved, NULL, insn->element_bytes);
	if (insn->is_rep) {
		run->s.regs.regs.rcx = 1;
		run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
	}
	finish(vp);
	emu_guest_copy(vp, dest, NULL, saved, n);
}

/* --- at the next entry ---------------------------------------------------- */

static uint64_t mask_of(unsigned int bytes)
{
	return ~0ULL >> (64 - 8 * bytes);
}

/* A trap or a wrapped RIP is more than a plain step, and is not foreseen. */
static bool is_plain_step(const struct emu_vp *vp, const struct emu_insn *insn)
{
	uint64_t last = vp->sregs.cs.db ? UINT32_MAX : UINT16_MAX;

	if (!insn->length || (vp->regs.rflags & (FLAG_TF | FLAG_RF)))
		return false;
	if ((vp->sregs.efer >> 10 & 1) && vp->sregs.cs.l)
		last = INT64_MAX;
	return vp->regs.rip + insn->length <= last;
}

void emu_leave(struct emu_vp *vp)
{
	vp->is_unfinished = true;
	vp->load.bytes = 0;
}

bool emu_leave_step(struct emu_vp *vp, const struct emu_insn *insn,
		    const struct emu_load *load)
{
	if (!is_plain_step(vp, insn))
		return false;
	vp->due = vp->regs;
	vp->due.rip += insn->length;
	emu_leave(vp);
	if (load)
		vp->load = *load;
	return true;
}

/* What KVM makes of a register when it loads DATA (SDM vol. 1, 3.4.1.1). */
static uint64_t loaded(const struct emu_load *load, uint64_t had, uint64_t data)
{
	uint64_t mask = mask_of(load->reg_bytes) << load->shift;

	if (load->is_signed && data >> (8 * load->bytes - 1) & 1)
		data |= ~mask_of(load->bytes);
	/* 32 bits clear the upper half. */
	if (load->reg_bytes >= 4)
		return data & mask;
	return (had & ~mask) | (data << load->shift & mask);
}

/*
 * Whether KVM, when it finishes, makes the registers that the VMM wants. For a
 * load the VMM's value says which data were read; there are none if, for
 * example, it is no sign extension of anything.
 */
static bool is_due(struct emu_vp *vp, uint64_t *data)
{
	const struct emu_load *load = &vp->load;
	uint64_t *slot;

	if (load->bytes) {
		slot = emu_gpr(&vp->due, load->number);
		*data = *emu_gpr(&vp->regs, load->number) >> load->shift &
			mask_of(load->bytes);
		*slot = loaded(load, *slot, *data);
	}
	return !memcmp(&vp->due, &vp->regs, sizeof(vp->due));
}

static void settle(struct emu_vp *vp)
{
	if (!vp->is_unfinished)
		return;
	vp->is_unfinished = false;
	answer_nothing(vp->run);
	finish(vp);
}

void emu_finish_by_entry(struct emu_vp *vp)
{
	struct kvm_run *run = vp->run;
	uint64_t data = 0;

	if (!vp->is_unfinished)
		return;
	if (!is_due(vp, &data)) {
		settle(vp);
		return;
	}
	if (vp->load.bytes)
		memcpy(run->exit_reason == KVM_EXIT_IO ? io_data(run)
						       : run->mmio.data,
		       &data, vp->load.bytes);
	vp->is_unfinished = false;
	vp->regs_are_dirty = false;
}

int emu_kvm(struct emu_vp *vp, unsigned long request, void *arg)
{
	settle(vp);
	return request == KVM_SET_SREGS ? sregs_set(vp, arg)
					: ioctl(vp->vcpu_fd, request, arg);
}
