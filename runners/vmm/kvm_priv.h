/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_KVM_PRIV_H
#define RUNNERS_VMM_KVM_PRIV_H

/* kvm_priv - what kvm.c and kvm_vcpu.c share; nobody else includes it. */

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>

#include "runners/vmm/hv.h"

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

	pthread_mutex_t route_lock; /* guards the two below */
	struct hv_msi routes[KVM_GSI_COUNT];
	bool route_used[KVM_GSI_COUNT];
};

struct kvm_vcpu {
	struct hv_vcpu base;
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

#endif
