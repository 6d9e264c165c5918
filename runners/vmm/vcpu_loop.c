// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The one exit loop for every hypervisor. It counts and times exits, so
 * ledgers of different backends mean the same.
 */
#include <stdio.h>
#include <string.h>

#include "harness/base/clock.h"
#include "harness/base/thread.h"
#include "runners/vmm/bell_check.h"
#include "runners/vmm/event.h"
#include "runners/vmm/sandbox/sandbox.h"
#include "runners/vmm/snapshot/snapshot.h"
#include "runners/vmm/vcpu_regs.h"
#include "runners/vmm/vm.h"

/* Of exits until a vCPU is between two instructions. */
#define SETTLE_MAX 1000

static void note_kernel_entry(struct vm *vm, uint64_t exit_ns)
{
	if (atomic_load(&vm->stamps.kernel_seen) ||
	    atomic_exchange(&vm->stamps.kernel_seen, true))
		return;
	stamp_phase(&vm->stamps,
		    vm->cfg.restores ? "first_word" : "kernel_entry", exit_ns);
}

/* Even numbers begin something, the odd one that follows ends it. */
static void take_counts(struct vm_vcpu *vcpu, uint32_t number)
{
	struct vm *vm = vcpu->vm;

	vm_write_counts(vm, number);
	if (!vm->cfg.micro_path || !vm->cfg.events)
		return;
	event_count(vm->cfg.events, number, atomic_load(&vcpu->ledger.run_ns),
		    "run_ns");
	if (number & 1)
		ledger_write_each(&vcpu->ledger, number / 2, vm->cfg.events);
	else
		ledger_begin_each(&vcpu->ledger);
	fflush(vm->cfg.events);
}

static void handle_pio(struct vm_vcpu *vcpu, struct hv_access *access,
		       uint64_t exit_ns)
{
	struct vm *vm = vcpu->vm;

	if (access->addr == STAMP_PORT && access->is_write) {
		uint32_t value = (uint32_t)access->data;

		if ((value & STAMP_KIND_MASK) == STAMP_COUNTS)
			take_counts(vcpu, value & ~STAMP_KIND_MASK);
		else
			stamp_write(&vm->stamps, &vcpu->wait, value, exit_ns);
		if (value == (STAMP_PHASE | STAMP_PHASE_GOES_ON) &&
		    vm->cfg.restores)
			note_kernel_entry(vm, exit_ns);
		if (value == (STAMP_PHASE | STAMP_PHASE_AGENT_READY) &&
		    vm->cfg.saves && vm->cfg.saves->is_at_ready)
			vm_snapshot(vm);
		return;
	}
	note_kernel_entry(vm, exit_ns);
	bus_dispatch(&vm->ports, access);
}

/* The guest's position, for debugging. */
static void fail_with_state(struct vm_vcpu *vcpu, enum vm_end end,
			    const char *what)
{
	struct vcpu_regs regs = {.rip = 0};
	char detail[sizeof(vcpu->vm->end_detail)];

	if (hv_vcpu_regs_get(vcpu->hv, &regs))
		snprintf(detail, sizeof(detail), "%s", what);
	else
		snprintf(detail, sizeof(detail),
			 "%s at rip 0x%llx, cr0 0x%llx, cr3 0x%llx, vCPU %u",
			 what, (unsigned long long)regs.rip,
			 (unsigned long long)regs.cr0,
			 (unsigned long long)regs.cr3, vcpu->hv->index);
	vm_finish(vcpu->vm, end, detail);
}

/* Somebody may have asked where the guest is (vm_ask_place()). */
static void tell_place(struct vm_vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	struct vcpu_regs regs;

	if (vcpu->hv->index || !atomic_exchange(&vm->asks_place, false) ||
	    hv_vcpu_regs_get(vcpu->hv, &regs))
		return;
	event_place(vm->cfg.events, regs.rip,
		    vm_devices_disk_requests(&vm->devices));
	if (vm->cfg.events)
		fflush(vm->cfg.events);
}

static void handle_exit(struct vm_vcpu *vcpu, struct hv_exit *exit,
			uint64_t exit_ns)
{
	struct vm *vm = vcpu->vm;

	switch (exit->kind) {
	case HV_EXIT_PIO:
		handle_pio(vcpu, &exit->access, exit_ns);
		break;
	case HV_EXIT_MMIO:
		note_kernel_entry(vm, exit_ns);
		bus_dispatch(&vm->mmio, &exit->access);
		break;
	case HV_EXIT_MSR:
		micro_nop_access(&vm->micro, &exit->access);
		break;
	case HV_EXIT_EOI:
		ioapic_eoi(&vm->ioapic, exit->vector);
		break;
	case HV_EXIT_SHUTDOWN:
		fail_with_state(vcpu, VM_END_TRIPLE_FAULT, "triple fault");
		break;
	case HV_EXIT_HALT:
		/* The LAPIC is in the hypervisor, which waits by itself; a
		 * halt that comes up here has nothing that could end it. */
		fail_with_state(vcpu, VM_END_HV_ERROR, "halted for good");
		break;
	case HV_EXIT_ERROR:
		fail_with_state(vcpu, VM_END_HV_ERROR, exit->detail);
		break;
	case HV_EXIT_KICKED:
		tell_place(vcpu);
		break;
	case HV_EXIT_KIND_COUNT:
		break;
	}
}

/*
 * To be saved, a vCPU must be between two instructions: what the last exit asked for
 * is given to the hypervisor, which may want more of it, and no other is begun. A read
 * that found no answer is left undone, and is made again after the restore.
 */
static bool is_settled(const struct hv_exit *exit)
{
	bool is_access = exit->kind == HV_EXIT_PIO ||
			 exit->kind == HV_EXIT_MMIO ||
			 exit->kind == HV_EXIT_MSR;

	return exit->kind == HV_EXIT_KICKED ||
	       (is_access && exit->access.is_unanswered);
}

static bool is_beyond(const struct hv_exit *exit)
{
	return exit->kind == HV_EXIT_HALT || exit->kind == HV_EXIT_SHUTDOWN ||
	       exit->kind == HV_EXIT_ERROR;
}

static void settle(struct vm_vcpu *vcpu, struct hv_exit *exit)
{
	struct vm *vm = vcpu->vm;
	int i;

	for (i = 0; i < SETTLE_MAX && !is_settled(exit) && !is_beyond(exit);
	     i++) {
		hv_vcpu_kick(vcpu->hv);
		if (hv_vcpu_run(vcpu->hv, exit))
			break;
		handle_exit(vcpu, exit, clock_mono_ns());
	}
	if (!is_settled(exit) &&
	    atomic_exchange(&vm->end, VM_END_HV_ERROR) == VM_END_SNAPSHOT)
		snprintf(vm->end_detail, sizeof(vm->end_detail),
			 "no snapshot: vCPU %u comes to no rest",
			 vcpu->hv->index);
}

/* The first vCPU, before a guest begins that rings doorbells: a boot without
 * devices is timed without this. */
static void check_bells(struct vm_vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	const struct vm_config *cfg = &vm->cfg;
	bool works;

	if (vcpu->hv->index || !vm->hv->doubts_bells ||
	    (cfg->micro_path ? !cfg->checks_bells
			     : !cfg->kernel_path || (!cfg->devices.disk_count &&
						     !cfg->devices.net_count)))
		return;
	if (bell_check(vm->hv, vcpu->hv, &vm->mem, &works)) {
		fail_with_state(vcpu, VM_END_HV_ERROR,
				"registers cannot be put back");
		return;
	}
	event_fact(cfg->events, "doorbells", works ? "eventfd" : "dead: exits");
	if (!works && cfg->micro_path)
		micro_bells_drop(&vm->micro);
}

void *vcpu_loop(void *arg)
{
	struct vm_vcpu *vcpu = arg;
	struct vm *vm = vcpu->vm;
	struct vcpu_regs regs;
	struct hv_exit exit;
	uint64_t entry_ns;

	memset(&exit, 0, sizeof(exit));
	/* Who pins vCPUs knows their threads by this, see placement.h. */
	thread_set_name("vcpu%d", (int)(vcpu - vm->vcpus));
	if (vm->cfg.events)
		sandbox_open_wait(&vcpu->wait);
	sandbox_enter(SANDBOX_VCPU);
	if (vm->cfg.restores && !vcpu->hv->index)
		snapshot_resume(vm);
	else
		check_bells(vcpu);
	/* Each reading ends one interval and begins the next, so that nothing
	 * is left out. */
	entry_ns = clock_mono_ns();
	while (atomic_load(&vm->end) == VM_END_NONE) {
		uint64_t exit_ns;

		if (hv_vcpu_run(vcpu->hv, &exit)) {
			fail_with_state(vcpu, VM_END_HV_ERROR,
					"cannot run the vCPU");
			break;
		}
		exit_ns = clock_mono_ns();
		ledger_add_run(&vcpu->ledger, exit_ns - entry_ns);
		handle_exit(vcpu, &exit, exit_ns);
		entry_ns = clock_mono_ns();
		ledger_add_exit(&vcpu->ledger, exit.kind, entry_ns - exit_ns);
	}
	if (atomic_load(&vm->end) == VM_END_SNAPSHOT)
		settle(vcpu, &exit);
	if (!hv_vcpu_regs_get(vcpu->hv, &regs))
		vcpu->last_rip = regs.rip;
	sem_post(&vcpu->ended);
	return NULL;
}
