// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The KVM backend: all of a vCPU's state, for snapshots. The order in which it is
 * given back matters: api.rst says where, and the comments here what depends on
 * what.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/qemu_cpu.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/kvm_priv.h"
#include "runners/vmm/vcpu_state.h"

#define MSR_IA32_TSC 0x10
#define MSR_TSC_DEADLINE 0x6e0
#define XSAVE_BYTES 4096u
_Static_assert(sizeof(struct kvm_xsave) == XSAVE_BYTES, "as KVM_GET_XSAVE");
_Static_assert(VCPU_STATE_LAPIC_BYTES == KVM_APIC_REG_SIZE, "a LAPIC fits");

/* KVM fills in the flexible array behind, where an XSAVE is larger. */
union xsave_buffer {
	struct kvm_xsave xsave;
	uint8_t bytes[VCPU_STATE_XSAVE_BYTES];
};

/* KVM lists what an emulator must not forget, and not the types of memory: MTRRs by
 * number (Intel's manual, 12.11.2.1), the one that enables them last. */
static void add_mtrrs(struct kvm_msr_list *list)
{
	static const struct {
		uint32_t first, count;
	} mtrrs[] = {
		{0x200, 16}, {0x250, 1}, {0x258, 2}, {0x268, 8}, {0x2ff, 1}};
	uint32_t i, k;

	for (i = 0; i < ARRAY_SIZE(mtrrs); i++)
		for (k = 0; k < mtrrs[i].count; k++)
			if (list->nmsrs < VCPU_STATE_MSRS)
				list->indices[list->nmsrs++] =
					mtrrs[i].first + k;
}

static int list_msrs(struct kvm_vm *vm, struct err *err)
{
	size_t bytes = sizeof(*vm->msr_list) +
		       VCPU_STATE_MSRS * sizeof(vm->msr_list->indices[0]);

	vm->msr_list = calloc(1, bytes);
	if (!vm->msr_list)
		return err_set(err, -ENOMEM, "cannot allocate a list of MSRs");
	vm->msr_list->nmsrs = VCPU_STATE_MSRS;
	if (ioctl(vm->dev_fd, KVM_GET_MSR_INDEX_LIST, vm->msr_list))
		return err_sys(err, -errno, "cannot list KVM's MSRs");
	add_mtrrs(vm->msr_list);
	return 0;
}

static int state_prepare(struct hv_vm *base, struct err *err)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	int xsave = ioctl(vm->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	if (xsave > (int)VCPU_STATE_XSAVE_BYTES)
		return err_set(err, -E2BIG,
			       "this CPU's XSAVE has %d bytes: %u are known",
			       xsave, VCPU_STATE_XSAVE_BYTES);
	vm->has_xsave2 = xsave > (int)XSAVE_BYTES;
	return vm->msr_list ? 0 : list_msrs(vm, err);
}

static int clock_get(struct hv_vm *base, uint64_t *ns)
{
	struct kvm_clock_data data = {.clock = 0};

	if (ioctl(((struct kvm_vm *)base)->vm_fd, KVM_GET_CLOCK, &data))
		return -errno;
	*ns = data.clock;
	return 0;
}

static int clock_set(struct hv_vm *base, uint64_t ns)
{
	struct kvm_clock_data data = {.clock = ns};

	return ioctl(((struct kvm_vm *)base)->vm_fd, KVM_SET_CLOCK, &data)
		       ? -errno
		       : 0;
}

/* Older Linux (6.1) leaves the room as it was and does not say how much it filled: what
 * is left is zero, as no leaf but the first one's number is. */
static uint32_t count_leaves(const struct kvm_cpuid_buffer *buf)
{
	uint32_t count = buf->head.nent;

	while (count > 1 && !buf->entries[count - 1].function)
		count--;
	return count;
}

static int cpuid_get(struct hv_vcpu *base, struct cpuid_table *table,
		     struct err *err)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	struct kvm_cpuid_buffer buf = {.head.nent = KVM_CPUID_MAX};

	if (ioctl(vcpu->fd, KVM_GET_CPUID2, &buf))
		return err_sys(err, -errno, "cannot read the vCPU's CPUID");
	buf.head.nent = count_leaves(&buf);
	kvm_cpuid_table(&buf, table);
	return 0;
}

/* --- out of a vCPU --------------------------------------------------------- */

static struct kvm_segment *segment_of(struct kvm_sregs *s,
				      enum vcpu_state_segment which)
{
	struct kvm_segment *const list[VCPU_SEGMENT_COUNT] = {
		[VCPU_ES] = &s->es, [VCPU_CS] = &s->cs,    [VCPU_SS] = &s->ss,
		[VCPU_DS] = &s->ds, [VCPU_FS] = &s->fs,    [VCPU_GS] = &s->gs,
		[VCPU_TR] = &s->tr, [VCPU_LDTR] = &s->ldt,
	};

	return list[which];
}

static int get_regs(int fd, struct vcpu_state *st)
{
	struct kvm_debugregs debug;
	struct kvm_sregs s;
	struct kvm_regs k;
	int i;

	if (ioctl(fd, KVM_GET_REGS, &k) || ioctl(fd, KVM_GET_SREGS, &s) ||
	    ioctl(fd, KVM_GET_DEBUGREGS, &debug))
		return -errno;
	for (i = 0; i < VCPU_GPR_COUNT; i++)
		st->gpr[i] = *kvm_gpr(&k, (enum vcpu_gpr)i);
	st->rip = k.rip;
	st->rflags = k.rflags;
	st->cr0 = s.cr0;
	st->cr2 = s.cr2;
	st->cr3 = s.cr3;
	st->cr4 = s.cr4;
	st->cr8 = s.cr8;
	st->efer = s.efer;
	st->apic_base = s.apic_base;
	for (i = 0; i < VCPU_SEGMENT_COUNT; i++)
		st->segments[i] = kvm_segment_get(
			segment_of(&s, (enum vcpu_state_segment)i));
	st->gdt = (struct vcpu_state_table){s.gdt.base, s.gdt.limit};
	st->idt = (struct vcpu_state_table){s.idt.base, s.idt.limit};
	memcpy(st->debug, debug.db, sizeof(st->debug));
	st->dr6 = debug.dr6;
	st->dr7 = debug.dr7;
	return 0;
}

static int get_extended(const struct kvm_vm *vm, int fd, struct vcpu_state *st)
{
	union xsave_buffer buf = {.bytes = {0}};
	struct kvm_xcrs xcrs;
	uint32_t i;

	if (ioctl(fd, vm->has_xsave2 ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, &buf) ||
	    ioctl(fd, KVM_GET_XCRS, &xcrs))
		return -errno;
	memcpy(st->xsave, buf.bytes, sizeof(st->xsave));
	st->xsave_bytes = vm->has_xsave2 ? VCPU_STATE_XSAVE_BYTES : XSAVE_BYTES;
	st->xcr0 = 1;
	for (i = 0; i < xcrs.nr_xcrs && i < KVM_MAX_XCRS; i++)
		if (xcrs.xcrs[i].xcr == 0)
			st->xcr0 = xcrs.xcrs[i].value;
	return 0;
}

static int get_events(int fd, struct vcpu_state *st)
{
	static const enum vcpu_activity activities[] = {
		[KVM_MP_STATE_RUNNABLE] = VCPU_RUNS,
		[KVM_MP_STATE_UNINITIALIZED] = VCPU_WAITS_FOR_INIT,
		[KVM_MP_STATE_INIT_RECEIVED] = VCPU_WAITS_FOR_SIPI,
		[KVM_MP_STATE_HALTED] = VCPU_HALTED,
	};
	struct kvm_vcpu_events e;
	struct kvm_mp_state mp;

	if (ioctl(fd, KVM_GET_VCPU_EVENTS, &e) ||
	    ioctl(fd, KVM_GET_MP_STATE, &mp))
		return -errno;
	if (mp.mp_state >= ARRAY_SIZE(activities))
		return -EBUSY; /* between a start-up message and its effect */
	st->activity = activities[mp.mp_state];
	st->events = (struct vcpu_state_events){
		.exception = e.exception.nr,
		.exception_is_injected = e.exception.injected,
		.exception_has_error = e.exception.has_error_code,
		.exception_error = e.exception.error_code,
		.interrupt = e.interrupt.nr,
		.interrupt_is_injected = e.interrupt.injected,
		.interrupt_is_soft = e.interrupt.soft,
		.interrupt_shadow =
			(e.interrupt.shadow & KVM_X86_SHADOW_INT_STI ? 1 : 0) |
			(e.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS ? 2
									: 0),
		.nmi_is_injected = e.nmi.injected,
		.nmi_is_pending = e.nmi.pending,
		.nmi_is_masked = e.nmi.masked,
	};
	return 0;
}

/* One at a time, as some are listed and cannot be read (api.rst, 4.18). */
static bool read_msr(int fd, uint32_t index, uint64_t *value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} one = {.head.nmsrs = 1, .entry.index = index};

	if (ioctl(fd, KVM_GET_MSRS, &one) != 1)
		return false;
	*value = one.entry.data;
	return true;
}

static void get_msrs(const struct kvm_vm *vm, int fd, struct vcpu_state *st)
{
	uint32_t i;

	st->msr_count = 0;
	for (i = 0; i < vm->msr_list->nmsrs; i++) {
		uint32_t index = vm->msr_list->indices[i];
		uint64_t value;

		if (index != MSR_IA32_TSC && index != MSR_TSC_DEADLINE &&
		    read_msr(fd, index, &value))
			st->msrs[st->msr_count++] =
				(struct vcpu_state_msr){index, value};
	}
	if (!read_msr(fd, MSR_TSC_DEADLINE, &st->tsc_deadline))
		st->tsc_deadline = 0;
}

static int vcpu_get(struct hv_vcpu *base, struct vcpu_state *st,
		    struct err *err)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	const struct kvm_vm *vm = vcpu->vm;
	struct kvm_lapic_state lapic;
	int ret;

	memset(st, 0, sizeof(*st));
	/* What the local APIC has received takes effect with the activity. */
	ret = get_events(vcpu->fd, st);
	if (!ret)
		ret = get_regs(vcpu->fd, st);
	if (!ret)
		ret = get_extended(vm, vcpu->fd, st);
	if (!ret && ioctl(vcpu->fd, KVM_GET_LAPIC, &lapic))
		ret = -errno;
	if (!ret && !read_msr(vcpu->fd, MSR_IA32_TSC, &st->tsc))
		ret = -EIO;
	if (ret)
		return err_sys(err, ret, "cannot read the state of vCPU %u",
			       base->index);
	memcpy(st->lapic, lapic.regs, sizeof(st->lapic));
	get_msrs(vm, vcpu->fd, st);
	return 0;
}

/* --- into a vCPU ----------------------------------------------------------- */

static int set_sregs(int fd, const struct vcpu_state *st)
{
	struct kvm_sregs s;
	int i;

	if (ioctl(fd, KVM_GET_SREGS, &s))
		return -errno;
	for (i = 0; i < VCPU_SEGMENT_COUNT; i++)
		kvm_segment_set(&st->segments[i],
				segment_of(&s, (enum vcpu_state_segment)i));
	s.tr.type = qemu_cpu_task_type(s.tr.type);
	s.gdt.base = st->gdt.base;
	s.gdt.limit = (uint16_t)st->gdt.limit;
	s.idt.base = st->idt.base;
	s.idt.limit = (uint16_t)st->idt.limit;
	s.cr0 = st->cr0;
	s.cr2 = st->cr2;
	s.cr3 = st->cr3;
	s.cr4 = st->cr4;
	s.cr8 = st->cr8;
	s.efer = st->efer;
	s.apic_base = st->apic_base;
	memset(s.interrupt_bitmap, 0, sizeof(s.interrupt_bitmap));
	return ioctl(fd, KVM_SET_SREGS, &s) ? -errno : 0;
}

static int set_regs(int fd, const struct vcpu_state *st)
{
	struct kvm_debugregs debug = {.dr6 = st->dr6, .dr7 = st->dr7};
	struct kvm_regs k = {.rip = st->rip, .rflags = st->rflags};
	int i;

	for (i = 0; i < VCPU_GPR_COUNT; i++)
		*kvm_gpr(&k, (enum vcpu_gpr)i) = st->gpr[i];
	memcpy(debug.db, st->debug, sizeof(debug.db));
	return ioctl(fd, KVM_SET_REGS, &k) ||
			       ioctl(fd, KVM_SET_DEBUGREGS, &debug)
		       ? -errno
		       : 0;
}

static int set_extended(const struct kvm_vm *vm, int fd,
			const struct vcpu_state *st)
{
	struct kvm_xcrs xcrs = {.nr_xcrs = 1, .xcrs[0].value = st->xcr0};
	union xsave_buffer buf = {.bytes = {0}};

	if (st->xsave_bytes !=
	    (vm->has_xsave2 ? VCPU_STATE_XSAVE_BYTES : XSAVE_BYTES))
		return -EINVAL;
	memcpy(buf.bytes, st->xsave, st->xsave_bytes);
	return ioctl(fd, KVM_SET_XCRS, &xcrs) || ioctl(fd, KVM_SET_XSAVE, &buf)
		       ? -errno
		       : 0;
}

static int set_events(int fd, const struct vcpu_state *st)
{
	static const uint32_t states[VCPU_ACTIVITY_COUNT] = {
		[VCPU_RUNS] = KVM_MP_STATE_RUNNABLE,
		[VCPU_WAITS_FOR_INIT] = KVM_MP_STATE_UNINITIALIZED,
		[VCPU_WAITS_FOR_SIPI] = KVM_MP_STATE_INIT_RECEIVED,
		[VCPU_HALTED] = KVM_MP_STATE_HALTED,
	};
	const struct vcpu_state_events *from = &st->events;
	struct kvm_vcpu_events e = {
		.exception.nr = from->exception,
		.exception.injected = from->exception_is_injected,
		.exception.has_error_code = from->exception_has_error,
		.exception.error_code = from->exception_error,
		.interrupt.nr = from->interrupt,
		.interrupt.injected = from->interrupt_is_injected,
		.interrupt.soft = from->interrupt_is_soft,
		.interrupt.shadow =
			(from->interrupt_shadow & 1 ? KVM_X86_SHADOW_INT_STI
						    : 0) |
			(from->interrupt_shadow & 2 ? KVM_X86_SHADOW_INT_MOV_SS
						    : 0),
		.nmi.injected = from->nmi_is_injected,
		.nmi.pending = from->nmi_is_pending,
		.nmi.masked = from->nmi_is_masked,
		.flags = KVM_VCPUEVENT_VALID_NMI_PENDING |
			 KVM_VCPUEVENT_VALID_SHADOW,
	};
	struct kvm_mp_state mp = {.mp_state = states[st->activity]};

	return ioctl(fd, KVM_SET_VCPU_EVENTS, &e) ||
			       ioctl(fd, KVM_SET_MP_STATE, &mp)
		       ? -errno
		       : 0;
}

static int write_msr(int fd, uint32_t index, uint64_t value, struct err *err)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} one = {.head.nmsrs = 1, .entry = {.index = index, .data = value}};

	if (ioctl(fd, KVM_SET_MSRS, &one) == 1)
		return 0;
	return err_set(err, -EINVAL, "KVM refuses 0x%llx for MSR 0x%x",
		       (unsigned long long)value, index);
}

/* More than any TSC counts in a second. */
#define FAR_CYCLES (1ULL << 36)

/* A new vCPU has most values already, and some of these cannot be written. The
 * timer's deadline is last: it is by the TSC, and needs the local APIC's mode. */
static int set_msrs(int fd, const struct vcpu_state *st, bool is_first,
		    struct err *err)
{
	uint64_t now;
	uint32_t i;
	int ret = 0;

	for (i = 0; i < st->msr_count && !ret; i++) {
		uint32_t index = (uint32_t)st->msrs[i].index;

		if (!read_msr(fd, index, &now) || now != st->msrs[i].value)
			ret = write_msr(fd, index, st->msrs[i].value, err);
	}
	/* KVM before 6.7 takes a first value within a second of a new vCPU's zero for an
	 * attempt to synchronise it, and drops it. The other vCPUs are near this one. */
	if (!ret && is_first)
		ret = write_msr(fd, MSR_IA32_TSC, st->tsc + FAR_CYCLES, err);
	if (!ret)
		ret = write_msr(fd, MSR_IA32_TSC, st->tsc, err);
	if (!ret && st->tsc_deadline)
		ret = write_msr(fd, MSR_TSC_DEADLINE, st->tsc_deadline, err);
	return ret;
}

static int vcpu_set(struct hv_vcpu *base, const struct vcpu_state *st,
		    struct err *err)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	struct kvm_lapic_state lapic;
	int ret;

	memcpy(lapic.regs, st->lapic, sizeof(lapic.regs));
	/* Where the local APIC is, and how, before what is in it. */
	ret = set_sregs(vcpu->fd, st);
	if (!ret)
		ret = set_extended(vcpu->vm, vcpu->fd, st);
	if (!ret)
		ret = set_regs(vcpu->fd, st);
	if (!ret && ioctl(vcpu->fd, KVM_SET_LAPIC, &lapic))
		ret = -errno;
	if (ret)
		return err_sys(err, ret, "KVM refuses the state of vCPU %u",
			       base->index);
	ret = set_msrs(vcpu->fd, st, !base->index, err);
	if (ret)
		return err_wrap(err, "vCPU %u", base->index);
	/* The registers' calls drop what was to be injected. */
	ret = set_events(vcpu->fd, st);
	return ret ? err_sys(err, ret, "KVM refuses the events of vCPU %u",
			     base->index)
		   : 0;
}

const struct hv_state_ops kvm_state_ops = {
	.prepare = state_prepare,
	.clock_get = clock_get,
	.clock_set = clock_set,
	.cpuid_get = cpuid_get,
	.vcpu_get = vcpu_get,
	.vcpu_set = vcpu_set,
};
