// SPDX-License-Identifier: GPL-3.0-or-later
/* The KVM backend: one vCPU, its registers, its CPUID and its exits. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "runners/vmm/cpuid.h"
#include "runners/vmm/kvm_priv.h"
#include "runners/vmm/vcpu_regs.h"

#define MSR_IA32_MISC_ENABLE 0x1a0
#define MISC_ENABLE_FAST_STRING 1
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MTRR_ENABLED_WRITE_BACK 0x806

void kvm_cpuid_table(const struct kvm_cpuid_buffer *buf,
		     struct cpuid_table *table)
{
	size_t i;

	for (i = 0; i < buf->head.nent; i++) {
		const struct kvm_cpuid_entry2 *k = &buf->entries[i];

		table->entries[i] = (struct cpuid_entry){
			.function = k->function,
			.index = k->index,
			.has_index = k->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
			.eax = k->eax,
			.ebx = k->ebx,
			.ecx = k->ecx,
			.edx = k->edx,
		};
	}
	table->count = buf->head.nent;
}

static void cpuid_to_kvm(const struct cpuid_table *table,
			 struct kvm_cpuid_buffer *buf)
{
	size_t i;

	memset(buf, 0, sizeof(*buf));
	for (i = 0; i < table->count; i++) {
		const struct cpuid_entry *e = &table->entries[i];

		buf->entries[i] = (struct kvm_cpuid_entry2){
			.function = e->function,
			.index = e->index,
			.flags = e->has_index ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX
					      : 0,
			.eax = e->eax,
			.ebx = e->ebx,
			.ecx = e->ecx,
			.edx = e->edx,
		};
	}
	buf->head.nent = (uint32_t)table->count;
}

/* Once per VM, into vm->supported. */
static int kvm_cpuid_read(struct kvm_vm *vm, struct err *err)
{
	struct kvm_cpuid_buffer *buf = calloc(1, sizeof(*buf));
	struct cpuid_table *table = calloc(1, sizeof(*table));
	int ret = 0;

	if (!buf || !table) {
		ret = err_set(err, -ENOMEM, "cannot allocate a CPUID table");
		goto out;
	}
	buf->head.nent = KVM_CPUID_MAX;
	if (ioctl(vm->dev_fd, KVM_GET_SUPPORTED_CPUID, buf)) {
		ret = err_sys(err, -errno, "cannot read KVM's CPUID");
		goto out;
	}
	kvm_cpuid_table(buf, table);
	vm->supported = table;
	table = NULL;
out:
	free(table);
	free(buf);
	return ret;
}

static int kvm_cpuid_set(struct kvm_vm *vm, struct kvm_vcpu *vcpu,
			 uint32_t index, struct err *err)
{
	struct cpuid_policy policy = {
		.paravirt = vm->cfg.paravirt,
		.vcpu_index = index,
		.vcpu_count = vm->cfg.vcpu_count,
		.has_invariant_tsc =
			cpuid_native(0x80000007, 0).edx & (1u << 8),
	};
	struct kvm_cpuid_buffer *buf = calloc(1, sizeof(*buf));
	struct cpuid_table *table = calloc(1, sizeof(*table));
	int ret = ioctl(vm->dev_fd, KVM_CHECK_EXTENSION,
			KVM_CAP_TSC_DEADLINE_TIMER);

	/* A guest that lacks this timer would be another guest. */
	if (ret < 0) {
		ret = err_sys(err, -errno, "cannot ask KVM for its timer");
		goto out;
	}
	policy.has_tsc_deadline = ret > 0;
	if (!buf || !table) {
		ret = err_set(err, -ENOMEM, "cannot allocate a CPUID table");
		goto out;
	}
	ret = vm->supported ? 0 : kvm_cpuid_read(vm, err);
	if (ret)
		goto out;
	*table = *vm->supported;
	ret = cpuid_apply(table, &policy);
	if (ret) {
		err_sys(err, ret, "cannot build the guest's CPUID");
		goto out;
	}
	cpuid_to_kvm(table, buf);
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, buf))
		ret = err_sys(err, -errno, "KVM refuses the guest's CPUID");
out:
	free(table);
	free(buf);
	return ret;
}

/*
 * Firmware would do this, but there is none: REP MOVS is fast only if one
 * register enables it, and memory is cached only if another does.
 */
static int kvm_msrs_init(struct kvm_vcpu *vcpu, struct err *err)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entries[2];
	} msrs = {
		.head.nmsrs = 2,
		.entries = {{.index = MSR_IA32_MISC_ENABLE,
			     .data = MISC_ENABLE_FAST_STRING},
			    {.index = MSR_MTRR_DEF_TYPE,
			     .data = MTRR_ENABLED_WRITE_BACK}},
	};

	int set = ioctl(vcpu->fd, KVM_SET_MSRS, &msrs);

	/* How many it took, from the first: api.rst, 4.19. */
	if (set < 0)
		return err_sys(err, -errno, "cannot set MSRs");
	if (set < (int)msrs.head.nmsrs)
		return err_set(err, -ENOTSUP, "KVM refuses MSR 0x%x",
			       msrs.entries[set].index);
	return 0;
}

void kvm_vcpu_destroy(struct hv_vcpu *base)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;

	if (vcpu->run)
		munmap(vcpu->run, vcpu->run_bytes);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	free(vcpu);
}

int kvm_vcpu_create(struct hv_vm *base, uint32_t index, struct hv_vcpu **out,
		    struct err *err)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	struct kvm_vcpu *vcpu = calloc(1, sizeof(*vcpu));
	void *run;
	int ret;

	if (!vcpu)
		return err_set(err, -ENOMEM, "cannot allocate a vCPU");
	vcpu->fd = ioctl(vm->vm_fd, KVM_CREATE_VCPU, (unsigned long)index);
	if (vcpu->fd < 0) {
		ret = err_sys(err, -errno, "KVM cannot create vCPU %u", index);
		goto fail;
	}
	run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu->fd, 0);
	if (run == MAP_FAILED) {
		ret = err_sys(err, -errno, "cannot map vCPU %u", index);
		goto fail;
	}
	vcpu->vm = vm;
	vcpu->run = run;
	vcpu->run_bytes = vm->run_bytes;
	ret = kvm_cpuid_set(vm, vcpu, index, err);
	if (ret)
		goto fail;
	ret = kvm_msrs_init(vcpu, err);
	if (ret)
		goto fail;
	*out = &vcpu->base;
	return 0;

fail:
	kvm_vcpu_destroy(&vcpu->base);
	return ret;
}

/* The order of struct kvm_regs is not the order of the register numbers. */
uint64_t *kvm_gpr(struct kvm_regs *k, enum vcpu_gpr gpr)
{
	uint64_t *const slots[VCPU_GPR_COUNT] = {
		(uint64_t *)&k->rax, (uint64_t *)&k->rcx, (uint64_t *)&k->rdx,
		(uint64_t *)&k->rbx, (uint64_t *)&k->rsp, (uint64_t *)&k->rbp,
		(uint64_t *)&k->rsi, (uint64_t *)&k->rdi, (uint64_t *)&k->r8,
		(uint64_t *)&k->r9,  (uint64_t *)&k->r10, (uint64_t *)&k->r11,
		(uint64_t *)&k->r12, (uint64_t *)&k->r13, (uint64_t *)&k->r14,
		(uint64_t *)&k->r15,
	};

	return slots[gpr];
}

void kvm_segment_set(const struct vcpu_segment *s, struct kvm_segment *k)
{
	*k = (struct kvm_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->selector,
		.type = s->attr & 0xf,
		.s = s->attr >> 4 & 1,
		.dpl = s->attr >> 5 & 3,
		.present = s->attr >> 7 & 1,
		.avl = s->attr >> 12 & 1,
		.l = s->attr >> 13 & 1,
		.db = s->attr >> 14 & 1,
		.g = s->attr >> 15 & 1,
		.unusable = !(s->attr >> 7 & 1),
	};
}

struct vcpu_segment kvm_segment_get(const struct kvm_segment *k)
{
	return (struct vcpu_segment){
		.base = k->base,
		.limit = k->limit,
		.selector = k->selector,
		.attr = (uint16_t)(k->type | k->s << 4 | k->dpl << 5 |
				   k->present << 7 | k->avl << 12 | k->l << 13 |
				   k->db << 14 | k->g << 15),
	};
}

int kvm_vcpu_regs_get(struct hv_vcpu *base, struct vcpu_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	struct kvm_sregs sregs;
	struct kvm_regs kregs;
	int i;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &kregs) ||
	    ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	for (i = 0; i < VCPU_GPR_COUNT; i++)
		regs->gpr[i] = *kvm_gpr(&kregs, (enum vcpu_gpr)i);
	regs->rip = kregs.rip;
	regs->rflags = kregs.rflags;
	regs->cr0 = sregs.cr0;
	regs->cr3 = sregs.cr3;
	regs->cr4 = sregs.cr4;
	regs->efer = sregs.efer;
	regs->cs = kvm_segment_get(&sregs.cs);
	regs->data = kvm_segment_get(&sregs.ds);
	regs->tr = kvm_segment_get(&sregs.tr);
	regs->gdt_base = sregs.gdt.base;
	regs->gdt_limit = sregs.gdt.limit;
	return 0;
}

int kvm_vcpu_regs_set(struct hv_vcpu *base, const struct vcpu_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;
	struct kvm_regs kregs = {.rip = regs->rip, .rflags = regs->rflags};
	struct kvm_segment data;
	struct kvm_sregs sregs;
	int i;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	for (i = 0; i < VCPU_GPR_COUNT; i++)
		*kvm_gpr(&kregs, (enum vcpu_gpr)i) = regs->gpr[i];
	kvm_segment_set(&regs->cs, &sregs.cs);
	kvm_segment_set(&regs->tr, &sregs.tr);
	kvm_segment_set(&regs->data, &data);
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.gdt.base = regs->gdt_base;
	sregs.gdt.limit = regs->gdt_limit;
	sregs.cr0 = regs->cr0;
	sregs.cr3 = regs->cr3;
	sregs.cr4 = regs->cr4;
	sregs.efer = regs->efer;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) ||
	    ioctl(vcpu->fd, KVM_SET_REGS, &kregs))
		return -errno;
	return 0;
}

/*
 * The kick signal only has to interrupt KVM_RUN. One that arrives before
 * the entry is caught by immediate_exit, which kick sets first.
 */
void kvm_vcpu_kick(struct hv_vcpu *base)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;

	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	if (atomic_load_explicit(&vcpu->has_thread, memory_order_acquire))
		pthread_kill(vcpu->thread, SIGUSR1);
}

static void hand_up_pio_item(struct kvm_vcpu *vcpu, struct hv_exit *exit)
{
	const struct kvm_run *run = vcpu->run;

	exit->kind = HV_EXIT_PIO;
	exit->access = (struct hv_access){
		.addr = run->io.port,
		.len_bytes = run->io.size,
		.is_write = run->io.direction == KVM_EXIT_IO_OUT,
	};
	if (exit->access.is_write)
		memcpy(&exit->access.data, vcpu->pio_next, run->io.size);
	else
		vcpu->read_into = vcpu->pio_next;
	vcpu->pio_next += run->io.size;
	vcpu->pio_left--;
}

static void exit_pio(struct kvm_vcpu *vcpu, struct hv_exit *exit)
{
	vcpu->pio_left = vcpu->run->io.count;
	vcpu->pio_next = (uint8_t *)vcpu->run + vcpu->run->io.data_offset;
	hand_up_pio_item(vcpu, exit);
}

static void exit_mmio(struct kvm_vcpu *vcpu, struct hv_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	exit->kind = HV_EXIT_MMIO;
	exit->access = (struct hv_access){
		.addr = run->mmio.phys_addr,
		.len_bytes = (uint8_t)run->mmio.len,
		.is_write = run->mmio.is_write,
	};
	if (run->mmio.is_write)
		memcpy(&exit->access.data, run->mmio.data, run->mmio.len);
	else
		vcpu->read_into = run->mmio.data;
}

static void exit_msr(struct kvm_vcpu *vcpu, struct hv_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	exit->kind = HV_EXIT_MSR;
	exit->access = (struct hv_access){
		.addr = run->msr.index,
		.len_bytes = sizeof(run->msr.data),
		.is_write = run->exit_reason == KVM_EXIT_X86_WRMSR,
		.data = run->msr.data,
	};
	run->msr.error = 0;
	if (!exit->access.is_write)
		vcpu->read_into =
			(uint8_t *)run + offsetof(struct kvm_run, msr.data);
}

static void exit_error(struct kvm_vcpu *vcpu, struct hv_exit *exit)
{
	struct kvm_run *run = vcpu->run;

	exit->kind = HV_EXIT_ERROR;
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		snprintf(exit->detail, sizeof(exit->detail),
			 "KVM internal error, suberror %u",
			 run->internal.suberror);
	else if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		snprintf(exit->detail, sizeof(exit->detail),
			 "KVM cannot enter the guest, hardware reason 0x%llx",
			 (unsigned long long)
				 run->fail_entry.hardware_entry_failure_reason);
	else
		snprintf(exit->detail, sizeof(exit->detail),
			 "unexpected KVM exit %u", run->exit_reason);
}

static void decode_exit(struct kvm_vcpu *vcpu, struct hv_exit *exit)
{
	exit->raw_reason = vcpu->run->exit_reason;
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_IO:
		exit_pio(vcpu, exit);
		break;
	case KVM_EXIT_MMIO:
		exit_mmio(vcpu, exit);
		break;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		exit_msr(vcpu, exit);
		break;
	case KVM_EXIT_HLT:
		exit->kind = HV_EXIT_HALT;
		break;
	case KVM_EXIT_INTR:
		exit->kind = HV_EXIT_KICKED;
		break;
	case KVM_EXIT_IOAPIC_EOI:
		exit->kind = HV_EXIT_EOI;
		exit->vector = vcpu->run->eoi.vector;
		break;
	case KVM_EXIT_SHUTDOWN:
		exit->kind = HV_EXIT_SHUTDOWN;
		break;
	default:
		exit_error(vcpu, exit);
	}
}

static void finish_read(struct kvm_vcpu *vcpu, const struct hv_exit *exit)
{
	if (vcpu->read_into)
		memcpy(vcpu->read_into, &exit->access.data,
		       exit->access.len_bytes);
	vcpu->read_into = NULL;
}

int kvm_vcpu_run(struct hv_vcpu *base, struct hv_exit *exit)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)base;

	finish_read(vcpu, exit);
	if (vcpu->pio_left) {
		hand_up_pio_item(vcpu, exit);
		return 0;
	}
	if (!atomic_load_explicit(&vcpu->has_thread, memory_order_relaxed)) {
		vcpu->thread = pthread_self();
		atomic_store_explicit(&vcpu->has_thread, true,
				      memory_order_release);
	}
	if (!ioctl(vcpu->fd, KVM_RUN, 0)) {
		decode_exit(vcpu, exit);
		return 0;
	}
	exit->raw_reason = KVM_EXIT_INTR;
	exit->kind = HV_EXIT_KICKED;
	/* A kick that lands just here is not lost: whoever kicks has first
	 * written down why, and the caller looks after every exit. */
	__atomic_store_n(&vcpu->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	if (errno != EINTR && errno != EAGAIN) {
		exit->kind = HV_EXIT_ERROR;
		exit->raw_reason = (uint32_t)errno;
		snprintf(exit->detail, sizeof(exit->detail), "KVM_RUN: %s",
			 strerror(errno));
	}
	return 0;
}
