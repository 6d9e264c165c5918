// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/hv.h"

#include <errno.h>

#include "harness/base/err.h"

static const char *const exit_kind_names[] = {
	[HV_EXIT_MMIO] = "mmio",         [HV_EXIT_PIO] = "pio",
	[HV_EXIT_MSR] = "msr",           [HV_EXIT_HALT] = "halt",
	[HV_EXIT_KICKED] = "kicked",     [HV_EXIT_EOI] = "eoi",
	[HV_EXIT_SHUTDOWN] = "shutdown", [HV_EXIT_ERROR] = "error",
};
_Static_assert(sizeof(exit_kind_names) / sizeof(exit_kind_names[0]) ==
		       HV_EXIT_KIND_COUNT,
	       "every exit kind has a name");

const char *hv_exit_kind_name(enum hv_exit_kind kind)
{
	return exit_kind_names[kind];
}

int hv_vm_create(const struct hv_ops *ops, const struct hv_vm_config *cfg,
		 struct hv_vm **out, struct err *err)
{
	int ret = ops->vm_create(cfg, out, err);

	if (!ret)
		(*out)->ops = ops;
	return ret;
}

void hv_vm_destroy(struct hv_vm *vm)
{
	if (vm)
		vm->ops->vm_destroy(vm);
}

int hv_mem_map(struct hv_vm *vm, const struct hv_mem *mem, struct err *err)
{
	return vm->ops->mem_map(vm, mem, err);
}

int hv_mem_unmap(struct hv_vm *vm, const struct hv_mem *mem)
{
	return vm->ops->mem_unmap(vm, mem);
}

int hv_device_attach(struct hv_vm *vm, int fd, struct err *err)
{
	return vm->ops->device_attach(vm, fd, err);
}

int hv_msi_send(struct hv_vm *vm, const struct hv_msi *msi)
{
	return vm->ops->msi_send(vm, msi);
}

int hv_route_set(struct hv_vm *vm, uint32_t route, const struct hv_msi *msi)
{
	if (route >= HV_ROUTE_COUNT)
		return -EINVAL;
	return vm->ops->route_set(vm, route, msi);
}

int hv_irqfd_set(struct hv_vm *vm, uint32_t slot, int fd,
		 const struct hv_msi *msi)
{
	if (slot >= HV_IRQFD_COUNT)
		return -EINVAL;
	return vm->ops->irqfd_set(vm, slot, fd, msi);
}

int hv_doorbell_set(struct hv_vm *vm, const struct hv_doorbell *bell,
		    bool is_on)
{
	if (is_on && vm->has_dead_bells)
		return -ENODEV;
	return vm->ops->doorbell_set(vm, bell, is_on);
}

int hv_vcpu_create(struct hv_vm *vm, uint32_t index, struct hv_vcpu **out,
		   struct err *err)
{
	int ret = vm->ops->vcpu_create(vm, index, out, err);

	if (!ret) {
		(*out)->ops = vm->ops;
		(*out)->index = index;
	}
	return ret;
}

void hv_vcpu_destroy(struct hv_vcpu *vcpu)
{
	if (vcpu)
		vcpu->ops->vcpu_destroy(vcpu);
}

int hv_vcpu_regs_get(struct hv_vcpu *vcpu, struct vcpu_regs *regs)
{
	return vcpu->ops->vcpu_regs_get(vcpu, regs);
}

int hv_vcpu_regs_set(struct hv_vcpu *vcpu, const struct vcpu_regs *regs)
{
	return vcpu->ops->vcpu_regs_set(vcpu, regs);
}

int hv_vcpu_run(struct hv_vcpu *vcpu, struct hv_exit *exit)
{
	return vcpu->ops->vcpu_run(vcpu, exit);
}

void hv_vcpu_kick(struct hv_vcpu *vcpu)
{
	vcpu->ops->vcpu_kick(vcpu);
}

int hv_state_prepare(struct hv_vm *vm, struct err *err)
{
	if (!vm->ops->state)
		return err_set(
			err, -ENOTSUP,
			"a guest of '%s' can neither be saved nor restored",
			vm->ops->name);
	return vm->ops->state->prepare ? vm->ops->state->prepare(vm, err) : 0;
}

int hv_clock_get(struct hv_vm *vm, uint64_t *ns)
{
	return vm->ops->state->clock_get(vm, ns);
}

int hv_clock_set(struct hv_vm *vm, uint64_t ns)
{
	return vm->ops->state->clock_set(vm, ns);
}

int hv_time_stop(struct hv_vm *vm, bool is_stopped)
{
	const struct hv_state_ops *ops = vm->ops->state;

	return ops->time_stop ? ops->time_stop(vm, is_stopped) : 0;
}

int hv_vcpu_cpuid_get(struct hv_vcpu *vcpu, struct cpuid_table *table,
		      struct err *err)
{
	return vcpu->ops->state->cpuid_get(vcpu, table, err);
}

int hv_vcpu_state_get(struct hv_vcpu *vcpu, struct vcpu_state *state,
		      struct err *err)
{
	return vcpu->ops->state->vcpu_get(vcpu, state, err);
}

int hv_vcpu_state_set(struct hv_vcpu *vcpu, const struct vcpu_state *state,
		      struct err *err)
{
	return vcpu->ops->state->vcpu_set(vcpu, state, err);
}
