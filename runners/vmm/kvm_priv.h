/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_KVM_PRIV_H
#define RUNNERS_VMM_KVM_PRIV_H

/* kvm_priv - what the backend's files share; nobody else includes it. */

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>

#include "runners/vmm/hv.h"
#include "runners/vmm/vcpu_regs.h"

/* The pins of the IOAPIC, then the slots of irqfds. */
#define KVM_GSI_COUNT (HV_ROUTE_COUNT + HV_IRQFD_COUNT)

/* Two of RAM, and those of devices' BARs. */
#define KVM_SLOT_COUNT 64

struct kvm_slot {
	uint64_t gpa, size_bytes; /* 0 bytes: free */
};

struct kvm_vm {
	struct hv_vm base;
	struct hv_vm_config cfg;
	int dev_fd;
	int vm_fd;
	int vfio_fd; /* KVM's own view of vfio's devices; -1: none */
	pthread_mutex_t slot_lock; /* guards the next */
	struct kvm_slot slots[KVM_SLOT_COUNT];
	size_t run_bytes; /* size of each vCPU's shared page */
	/* Owned; NULL until the first vCPU. KVM executes CPUID for each row, which
	 * inside a VM is an exit each: 0.3 ms. */
	struct cpuid_table *supported;

	/* Since hv_state_prepare(). */
	struct kvm_msr_list *msr_list; /* owned */
	bool has_xsave2;

	pthread_mutex_t route_lock; /* guards the two below */
	struct hv_msi routes[KVM_GSI_COUNT];
	bool route_used[KVM_GSI_COUNT];
};

struct kvm_vcpu {
	struct hv_vcpu base;
	struct kvm_vm *vm; /* borrowed */
	int fd;
	struct kvm_run *run; /* owned mapping */
	size_t run_bytes;
	pthread_t thread;       /* valid once has_thread is set */
	atomic_bool has_thread; /* release in run, acquire in kick */
	uint32_t pio_left;      /* string I/O items still to hand up */
	uint8_t *pio_next;      /* inside the shared page */
	uint8_t *read_into;     /* where the answer to a read belongs */
};

int kvm_vcpu_create(struct hv_vm *vm, uint32_t index, struct hv_vcpu **out,
		    struct err *err);
void kvm_vcpu_destroy(struct hv_vcpu *vcpu);
int kvm_vcpu_regs_get(struct hv_vcpu *vcpu, struct vcpu_regs *regs);
int kvm_vcpu_regs_set(struct hv_vcpu *vcpu, const struct vcpu_regs *regs);
int kvm_vcpu_run(struct hv_vcpu *vcpu, struct hv_exit *exit);
void kvm_vcpu_kick(struct hv_vcpu *vcpu);

/* Segments to and from KVM's layout. */
void kvm_segment_set(const struct vcpu_segment *s, struct kvm_segment *k);
struct vcpu_segment kvm_segment_get(const struct kvm_segment *k);
/* Of K, where GPR is. */
uint64_t *kvm_gpr(struct kvm_regs *k, enum vcpu_gpr gpr);

/* kvm_vcpu.c: a table of KVM's. */
#define KVM_CPUID_MAX 256
struct kvm_cpuid_buffer {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[KVM_CPUID_MAX];
};
void kvm_cpuid_table(const struct kvm_cpuid_buffer *buf,
		     struct cpuid_table *table);

/* kvm_state.c */
extern const struct hv_state_ops kvm_state_ops;

#endif
