// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The emulator's RUN_VP: enter the guest with KVM, and make of KVM's exit the
 * message that the hypervisor would have sent.
 *
 * KVM finishes an instruction itself when it is entered again; the hypervisor
 * leaves that to the VMM. emu_finish.c makes one of the other.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mshv/emu/emu_decode.h"
#include "mshv/walk.h"

/* As long as a load of SS can be, but for superfluous prefixes. */
#define SHADOW_BYTES 9

static int read_entry(void *arg, uint64_t gpa, uint64_t *value)
{
	struct emu_vp *vp = arg;
	const void *ram = emu_ram(vp->pt, gpa, sizeof(*value));

	if (!ram)
		return -EFAULT;
	memcpy(value, ram, sizeof(*value));
	return 0;
}

int emu_translate(struct emu_vp *vp, uint64_t gva, uint64_t *gpa)
{
	struct walk walk = {.cr0 = vp->sregs.cr0,
			    .cr3 = vp->sregs.cr3,
			    .cr4 = vp->sregs.cr4,
			    .efer = vp->sregs.efer,
			    .read = read_entry,
			    .arg = vp};

	return walk_translate(&walk, gva, gpa);
}

/* --- entering KVM --------------------------------------------------------- */

/*
 * Whether what ends in front of RIP may be an STI, or a load of SS, which hold
 * interrupts off for one instruction. In doubt it may.
 */
static bool may_be_in_shadow(struct emu_vp *vp)
{
	const struct kvm_run *run = vp->run;
	const uint8_t *bytes;
	bool found = false;
	int i;

	/* A store has ended the shadow, as each instruction does. */
	if (run->exit_reason == KVM_EXIT_MMIO && run->mmio.is_write)
		return false;
	if (emu_fetch(vp, vp->regs.rip - SHADOW_BYTES, SHADOW_BYTES, &bytes) !=
	    SHADOW_BYTES)
		return true;
	for (i = 0; i < SHADOW_BYTES; i++)
		found |= bytes[i] == 0x8e || bytes[i] == 0xb2;
	return found || bytes[SHADOW_BYTES - 1] == 0xfb ||
	       bytes[SHADOW_BYTES - 1] == 0x17;
}

/*
 * KVM takes its time to tell of events. When a plain instruction has caused the
 * exit, none is being delivered, and interrupts can be held off only where the
 * code says so; whether NMIs are is as it was.
 */
static void events_read(struct emu_vp *vp)
{
	uint32_t reason = vp->run->exit_reason;
	struct kvm_vcpu_events *e = &vp->events;

	if ((reason == KVM_EXIT_IO || reason == KVM_EXIT_MMIO) &&
	    !may_be_in_shadow(vp)) {
		memset(&e->exception, 0, sizeof(e->exception));
		memset(&e->interrupt, 0, sizeof(e->interrupt));
		e->nmi.injected = 0;
	} else if (ioctl(vp->vcpu_fd, KVM_GET_VCPU_EVENTS, e)) {
		emu_log_once("KVM does not tell of events");
	}
}

static int enter(struct emu_vp *vp)
{
	struct kvm_run *run = vp->run;
	int ret = emu_extint_inject(vp);

	if (ret)
		return ret;
	emu_finish_by_entry(vp);
	emu_code_forget(vp);
	run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
	if (vp->regs_are_dirty) {
		run->s.regs.regs = vp->regs;
		run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
		vp->regs_are_dirty = false;
	}
	vp->resume_rip = vp->regs.rip;
	/* KVM says EAGAIN when a VP that waited has been started. */
	do {
		ret = ioctl(vp->vcpu_fd, KVM_RUN, 0);
	} while (ret && errno == EAGAIN);
	ret = ret ? -errno : 0;
	vp->regs = run->s.regs.regs;
	/* They seldom change, and are not worth a copy then. */
	if (memcmp(&vp->sregs, &run->s.regs.sregs, sizeof(vp->sregs))) {
		vp->sregs = run->s.regs.sregs;
		vp->page_is_stale = true;
	}
	events_read(vp);
	return ret;
}

/* --- messages ------------------------------------------------------------- */

static void header_fill(const struct emu_vp *vp, struct mshv_msg_header *head,
			enum mshv_access access, uint8_t length)
{
	const struct kvm_sregs *s = &vp->sregs;

	*head = (struct mshv_msg_header){
		.vp = vp->index,
		.length_cr8 = (uint8_t)(length | s->cr8 << 4),
		.access = (uint8_t)access,
		.cs = emu_segment(&s->cs),
		.rip = vp->regs.rip,
		.rflags = vp->regs.rflags,
	};
	head->exec_state = (uint16_t)(s->ss.dpl & MSHV_EXEC_CPL);
	if (s->cr0 & 1)
		head->exec_state |= MSHV_EXEC_PE;
	if (s->cr0 >> 18 & 1)
		head->exec_state |= MSHV_EXEC_AM;
	if (s->efer >> 10 & 1)
		head->exec_state |= MSHV_EXEC_LMA;
}

/* In the VP's page for messages. */
static struct mshv_message *message_of(const struct emu_vp *vp)
{
	return (void *)(vp->pages + MSHV_VP_PAGE_MESSAGE * MSHV_PAGE_BYTES);
}

static void *message_start(struct emu_vp *vp, uint32_t type, size_t bytes)
{
	struct mshv_message *msg = message_of(vp);

	memset(msg, 0, sizeof(*msg));
	msg->type = type;
	msg->payload_bytes = (uint8_t)bytes;
	return msg->payload;
}

static uint8_t bytes_give(const struct emu_insn *insn, uint8_t *to)
{
	uint8_t count = insn->count;

	if (emu_knobs.insn_bytes && count > emu_knobs.insn_bytes)
		count = (uint8_t)(emu_knobs.insn_bytes - 1);
	memcpy(to, insn->bytes, count);
	return count;
}

static void header_only(struct emu_vp *vp, uint32_t type)
{
	struct mshv_msg_header *head = message_start(vp, type, sizeof(*head));

	header_fill(vp, head, MSHV_ACCESS_READ, 0);
}

/* --- ports ---------------------------------------------------------------- */

static void io_fill(struct emu_vp *vp, const struct emu_insn *insn,
		    uint16_t port, uint8_t size, bool is_out)
{
	struct mshv_msg_io *io =
		message_start(vp, MSHV_MSG_IO_PORT, sizeof(*io));

	header_fill(vp, &io->header,
		    is_out ? MSHV_ACCESS_WRITE : MSHV_ACCESS_READ,
		    insn->length);
	io->port = port;
	io->info = size;
	if (insn->is_string)
		io->info |= MSHV_IO_STRING;
	if (insn->is_rep)
		io->info |= MSHV_IO_REP;
	io->rax = vp->regs.rax;
	io->rcx = vp->regs.rcx;
	io->rsi = vp->regs.rsi;
	io->rdi = vp->regs.rdi;
	io->ds = emu_segment(&vp->sregs.ds);
	io->es = emu_segment(&vp->sregs.es);
	io->byte_count = bytes_give(insn, io->bytes);
}

/*
 * KVM stops in front of an OUT if the CPU told it all about the port access, and
 * behind an OUT if it emulated the instruction. In front, it advances RIP when
 * it finishes; behind, there is nothing left to finish.
 */
static bool is_in_front(struct emu_vp *vp, const struct emu_insn *insn)
{
	struct kvm_run *run = vp->run;
	__typeof__(run->io) io = run->io;
	uint8_t data[8];

	if (!insn->is_the_out)
		return false;
	/* If no other one ends here, it can only be this one. */
	if (!emu_out_may_be_behind(vp) && emu_leave_step(vp, insn, NULL))
		return true;
	memcpy(data, (uint8_t *)run + io.data_offset, io.size);
	emu_finish(vp);
	if (run->s.regs.regs.rip != vp->regs.rip)
		return true;
	run->io = io;
	memcpy((uint8_t *)run + io.data_offset, data, io.size);
	return false;
}

static void take_out(struct emu_vp *vp, struct emu_insn *insn)
{
	emu_describe(vp, 0, insn);
	if (is_in_front(vp, insn))
		return;
	vp->due = vp->regs;
	emu_rewind_out(vp, insn);
	emu_leave(vp);
}

static void take_in(struct emu_vp *vp, struct emu_insn *insn)
{
	emu_describe(vp, 0, insn);
	if (!insn->load.bytes || insn->load.bytes != vp->run->io.size ||
	    vp->run->io.count != 1 || !emu_leave_step(vp, insn, &insn->load))
		emu_finish_in(vp, insn);
}

static void take_io(struct emu_vp *vp)
{
	bool is_out = vp->run->io.direction == KVM_EXIT_IO_OUT;
	uint16_t port = vp->run->io.port;
	uint8_t size = vp->run->io.size;
	struct emu_insn insn;

	if (is_out)
		take_out(vp, &insn);
	else
		take_in(vp, &insn);
	vp->regs_are_dirty = true;
	io_fill(vp, &insn, port, size, is_out);
}

/* --- memory --------------------------------------------------------------- */

static void memory_fill(struct emu_vp *vp, const struct emu_insn *insn,
			uint64_t gpa, bool is_write)
{
	bool is_rom = emu_is_readonly(vp->pt, gpa);
	struct mshv_msg_memory *m = message_start(
		vp, is_rom ? MSHV_MSG_GPA_INTERCEPT : MSHV_MSG_UNMAPPED_GPA,
		sizeof(*m));

	header_fill(vp, &m->header,
		    is_write ? MSHV_ACCESS_WRITE : MSHV_ACCESS_READ, 0);
	m->gpa = gpa;
	m->byte_count = bytes_give(insn, m->bytes);
	if (!insn->has_gva)
		return;
	m->gva = insn->gva;
	m->info = MSHV_MEM_GVA_VALID;
	if (!emu_knobs.no_gva_gpa)
		m->info |= MSHV_MEM_GVA_GPA_VALID;
	if (emu_knobs.page_aligned_gpa)
		m->gpa &= ~(MSHV_PAGE_BYTES - 1ULL);
}

/* KVM's registers are those after the write already. How long a write of several
 * pieces is, and so which instruction, is known when all have come. */
static void take_mmio_write(struct emu_vp *vp, struct emu_insn *insn)
{
	uint32_t bytes;

	vp->due = vp->regs;
	if (emu_rewind_mmio_write(vp, 0, insn)) {
		emu_leave(vp);
		return;
	}
	bytes = emu_finish_write(vp);
	if (bytes > vp->run->mmio.len) {
		vp->regs = vp->due;
		emu_rewind_mmio_write(vp, bytes, insn);
	}
}

static void take_mmio_read(struct emu_vp *vp, uint64_t gpa,
			   struct emu_insn *insn)
{
	emu_describe(vp, gpa, insn);
	if (!insn->load.bytes || insn->load.bytes != vp->run->mmio.len ||
	    !insn->has_gva || !emu_leave_step(vp, insn, &insn->load))
		emu_finish_read(vp, insn);
}

static void take_mmio(struct emu_vp *vp)
{
	bool is_write = vp->run->mmio.is_write;
	uint64_t gpa = vp->run->mmio.phys_addr;
	struct emu_insn insn;

	if (is_write)
		take_mmio_write(vp, &insn);
	else
		take_mmio_read(vp, gpa, &insn);
	vp->regs_are_dirty = true;
	memory_fill(vp, &insn, gpa, is_write);
}

/* --- the loop ------------------------------------------------------------- */

static bool take_eoi(struct emu_vp *vp)
{
	uint8_t vector = vp->run->eoi.vector;
	struct mshv_msg_eoi *eoi;

	if (!emu_is_level(vp->pt, vector))
		return false;
	eoi = message_start(vp, MSHV_MSG_APIC_EOI, sizeof(*eoi));
	eoi->vp = vp->index;
	eoi->vector = vector;
	return true;
}

static bool take_msr(struct emu_vp *vp)
{
	uint32_t index = vp->run->msr.index;
	bool is_write = vp->run->exit_reason == KVM_EXIT_X86_WRMSR;
	struct mshv_msg_msr *m;

	if (!emu_msr_is_wanted(vp))
		return false;
	emu_finish(vp);
	vp->regs_are_dirty = true;
	m = message_start(vp, MSHV_MSG_MSR, sizeof(*m));
	header_fill(vp, &m->header,
		    is_write ? MSHV_ACCESS_WRITE : MSHV_ACCESS_READ, 2);
	m->msr = index;
	m->rax = vp->regs.rax;
	m->rdx = vp->regs.rdx;
	return true;
}

/*
 * KVM cannot emulate an instruction where there is no memory to fetch it
 * from; the hypervisor reports the fetch, and a VMM may map something there
 * and go on, as QEMU does for its firmware.
 */
static bool take_fetch(struct emu_vp *vp)
{
	uint64_t gva = vp->regs.rip;
	struct mshv_msg_memory *m;
	uint64_t gpa;

	if (!(vp->sregs.efer >> 10 & 1) || !vp->sregs.cs.l)
		gva = (uint32_t)(vp->sregs.cs.base + gva);
	if (emu_translate(vp, gva, &gpa) || emu_ram(vp->pt, gpa, 1))
		return false;
	m = message_start(vp, MSHV_MSG_UNMAPPED_GPA, sizeof(*m));
	header_fill(vp, &m->header, MSHV_ACCESS_EXECUTE, 0);
	m->gva = gva;
	m->gpa = gpa;
	m->info = MSHV_MEM_GVA_VALID | MSHV_MEM_GVA_GPA_VALID;
	/* KVM has queued a #UD for what it could not emulate. Registers that are
	 * set take it back. */
	vp->regs_are_dirty = true;
	return true;
}

/* What a real hypervisor deals with by itself. Calls that KVM does not know
 * are refused; that the guest told of a crash of its own, is between them. */
static int take_hyperv(struct emu_vp *vp)
{
	struct kvm_run *run = vp->run;

	if (run->exit_reason == KVM_EXIT_HYPERV &&
	    run->hyperv.type == KVM_EXIT_HYPERV_HCALL)
		run->hyperv.u.hcall.result = MSHV_STATUS_INVALID_CODE;
	if (run->exit_reason == KVM_EXIT_HYPERV &&
	    run->hyperv.type == KVM_EXIT_HYPERV_SYNIC)
		emu_synic_note(vp);
	return 0;
}

/* 1: there is a message; 0: enter again. */
static int take_exit(struct emu_vp *vp)
{
	const struct kvm_run *run = vp->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		take_io(vp);
		return 1;
	case KVM_EXIT_MMIO:
		take_mmio(vp);
		return 1;
	case KVM_EXIT_IOAPIC_EOI:
		return take_eoi(vp);
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		return take_msr(vp);
	case KVM_EXIT_HYPERV:
	case KVM_EXIT_SYSTEM_EVENT:
		return take_hyperv(vp);
	case KVM_EXIT_SHUTDOWN:
		header_only(vp, MSHV_MSG_UNRECOVERABLE);
		return 1;
	case KVM_EXIT_HLT:
		header_only(vp, MSHV_MSG_HALT);
		return 1;
	case KVM_EXIT_INTR:
		return -EINTR;
	case KVM_EXIT_INTERNAL_ERROR:
		if (take_fetch(vp))
			return 1;
		emu_log("KVM internal error, suberror %u, at rip 0x%llx",
			run->internal.suberror,
			(unsigned long long)vp->regs.rip);
		return -EIO;
	default:
		emu_log("KVM exit %u cannot be emulated", run->exit_reason);
		return -EIO;
	}
}

/* Once for each buffer; it is the same one for a VP's whole life. */
static int buffer_check(struct emu_vp *vp, uint64_t user)
{
	struct mshv_message probe;

	if (vp->checked == (const void *)(uintptr_t)user)
		return 0;
	if (emu_copy_in(&probe, user, sizeof(probe)) ||
	    emu_copy_out(user, &probe, sizeof(probe)))
		return -EFAULT;
	vp->checked = (const void *)(uintptr_t)user;
	return 0;
}

int emu_run(struct emu_vp *vp, uint64_t user)
{
	int ret = buffer_check(vp, user);

	if (!ret && !vp->has_cpuid)
		ret = emu_cpuid_apply(vp);
	if (!ret)
		ret = emu_page_apply(vp);
	if (ret)
		emu_log_once("VP %u cannot be entered: %s", vp->index,
			     strerror(-ret));
	while (!ret) {
		ret = enter(vp);
		if (!ret)
			ret = take_exit(vp);
	}
	emu_page_fill(vp);
	if (ret < 0)
		return ret;
	memcpy((void *)(uintptr_t)user, message_of(vp),
	       sizeof(struct mshv_message));
	return 0;
}
