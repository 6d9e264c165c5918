/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_MSHV_H
#define MSHV_MSHV_H

/*
 * mshv - the backend over /dev/mshv, as root or L1VH partition. The device's
 * path can be changed by L1VH_MSHV_DEVICE in the environment.
 *
 * Unlike KVM, this hypervisor emulates no instruction by itself: it stops
 * before an instruction that it cannot execute, and the VMM executes it. So
 * hv_vcpu_run() contains an instruction emulator, which callers do not see.
 */
#include "runners/vmm/hv.h"

struct mshv_sys;
struct sandbox_requests;

extern const struct hv_ops hv_mshv;

/* What the VMM's threads ask of the device while a guest runs. */
extern const struct sandbox_requests mshv_requests;

/* A VM of this backend over other system calls than the device's. SYS is
 * borrowed and must outlive the VM. */
int mshv_vm_create_on(const struct mshv_sys *sys,
		      const struct hv_vm_config *cfg, struct hv_vm **out,
		      struct err *err);

/* The backend's operations with another way to create a VM. */
#define MSHV_HV_OPS(hv_name, hv_calls, create)                           \
	{                                                                \
		.name = hv_name, .calls = hv_calls, .vm_create = create, \
		.vm_destroy = mshv_vm_destroy, .mem_map = mshv_mem_map,  \
		.mem_unmap = mshv_mem_unmap,                             \
		.device_attach = mshv_device_attach,                     \
		.msi_send = mshv_msi_send, .route_set = mshv_route_set,  \
		.irqfd_set = mshv_irqfd_set,                             \
		.doorbell_set = mshv_doorbell_set,                       \
		.vcpu_create = mshv_vcpu_create,                         \
		.vcpu_destroy = mshv_vcpu_destroy,                       \
		.vcpu_regs_get = mshv_vcpu_regs_get,                     \
		.vcpu_regs_set = mshv_vcpu_regs_set,                     \
		.vcpu_run = mshv_vcpu_run, .vcpu_kick = mshv_vcpu_kick,  \
		.state = &mshv_state_ops,                                \
	}

/* vp_state.c */
extern const struct hv_state_ops mshv_state_ops;

void mshv_vm_destroy(struct hv_vm *vm);
int mshv_mem_map(struct hv_vm *vm, const struct hv_mem *mem, struct err *err);
int mshv_mem_unmap(struct hv_vm *vm, const struct hv_mem *mem);
int mshv_device_attach(struct hv_vm *vm, int fd, struct err *err);
int mshv_msi_send(struct hv_vm *vm, const struct hv_msi *msi);
int mshv_route_set(struct hv_vm *vm, uint32_t route, const struct hv_msi *msi);
int mshv_irqfd_set(struct hv_vm *vm, uint32_t slot, int fd,
		   const struct hv_msi *msi);
int mshv_doorbell_set(struct hv_vm *vm, const struct hv_doorbell *bell,
		      bool is_on);
int mshv_vcpu_create(struct hv_vm *vm, uint32_t index, struct hv_vcpu **out,
		     struct err *err);
void mshv_vcpu_destroy(struct hv_vcpu *vcpu);
int mshv_vcpu_regs_get(struct hv_vcpu *vcpu, struct vcpu_regs *regs);
int mshv_vcpu_regs_set(struct hv_vcpu *vcpu, const struct vcpu_regs *regs);
int mshv_vcpu_run(struct hv_vcpu *vcpu, struct hv_exit *exit);
void mshv_vcpu_kick(struct hv_vcpu *vcpu);

#endif
