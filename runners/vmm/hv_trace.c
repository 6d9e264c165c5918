// SPDX-License-Identifier: GPL-3.0-or-later
/* The H lines of a trace: a backend that calls another one and records the
 * results. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "runners/vmm/trace.h"
#include "runners/vmm/vcpu_regs.h"

struct traced_vm {
	struct hv_vm base;
	struct hv_vm *inner; /* owned */
};

struct traced_vcpu {
	struct hv_vcpu base;
	struct hv_vcpu *inner; /* owned */
};

static const struct hv_ops *wrapped; /* set once, before any call */

static struct hv_vm *vm_of(struct hv_vm *vm)
{
	return ((struct traced_vm *)vm)->inner;
}

static struct hv_vcpu *vcpu_of(struct hv_vcpu *vcpu)
{
	return ((struct traced_vcpu *)vcpu)->inner;
}

static int traced_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			    struct err *err)
{
	struct traced_vm *vm = calloc(1, sizeof(*vm));
	char msr[12] = "";
	int ret;

	if (!vm)
		return err_set(err, -ENOMEM, "cannot allocate a traced vm");
	ret = hv_vm_create(wrapped, cfg, &vm->inner, err);
	if (cfg->exit_msr)
		snprintf(msr, sizeof(msr), " %x", cfg->exit_msr);
	trace_line("H vm_create %s %u %d = %d %u%s", wrapped->name,
		   cfg->vcpu_count, (int)cfg->paravirt, ret,
		   ret ? 0 : vm->inner->tsc_khz, msr);
	if (ret) {
		free(vm);
		return ret;
	}
	vm->base.tsc_khz = vm->inner->tsc_khz;
	vm->base.has_exit_msr = vm->inner->has_exit_msr;
	vm->base.doubts_bells = vm->inner->doubts_bells;
	vm->base.fills_lazily = vm->inner->fills_lazily;
	*out = &vm->base;
	return 0;
}

static void traced_vm_destroy(struct hv_vm *vm)
{
	hv_vm_destroy(vm_of(vm));
	trace_line("H vm_destroy");
	free(vm);
}

static int traced_mem_map(struct hv_vm *vm, const struct hv_mem *mem,
			  struct err *err)
{
	int ret = hv_mem_map(vm_of(vm), mem, err);

	trace_line("H mem_map %llx %llx %d = %d", (unsigned long long)mem->gpa,
		   (unsigned long long)mem->size_bytes, mem->readonly, ret);
	return ret;
}

static int traced_mem_unmap(struct hv_vm *vm, const struct hv_mem *mem)
{
	int ret = hv_mem_unmap(vm_of(vm), mem);

	trace_line("H mem_unmap %llx %llx = %d", (unsigned long long)mem->gpa,
		   (unsigned long long)mem->size_bytes, ret);
	return ret;
}

static int traced_device_attach(struct hv_vm *vm, int fd, struct err *err)
{
	int ret = hv_device_attach(vm_of(vm), fd, err);

	trace_line("H device_attach %d = %d", fd, ret);
	return ret;
}

static int traced_msi_send(struct hv_vm *vm, const struct hv_msi *msi)
{
	int ret = hv_msi_send(vm_of(vm), msi);

	trace_line("H msi_send %llx %x = %d", (unsigned long long)msi->addr,
		   msi->data, ret);
	return ret;
}

static int traced_route_set(struct hv_vm *vm, uint32_t route,
			    const struct hv_msi *msi)
{
	int ret = hv_route_set(vm_of(vm), route, msi);

	trace_line("H route_set %u %llx %x = %d", route,
		   msi ? (unsigned long long)msi->addr : 0, msi ? msi->data : 0,
		   ret);
	return ret;
}

static int traced_irqfd_set(struct hv_vm *vm, uint32_t slot, int fd,
			    const struct hv_msi *msi)
{
	int ret = hv_irqfd_set(vm_of(vm), slot, fd, msi);

	trace_line("H irqfd_set %u %d %d %llx %x = %d", slot, fd, msi != NULL,
		   msi ? (unsigned long long)msi->addr : 0, msi ? msi->data : 0,
		   ret);
	return ret;
}

static int traced_doorbell_set(struct hv_vm *vm, const struct hv_doorbell *b,
			       bool is_on)
{
	int ret = hv_doorbell_set(vm_of(vm), b, is_on);

	trace_line("H doorbell_set %llx %u %d %llx %d %d = %d",
		   (unsigned long long)b->gpa, b->len_bytes, b->has_datamatch,
		   (unsigned long long)b->datamatch, b->fd, is_on, ret);
	return ret;
}

static int traced_vcpu_create(struct hv_vm *vm, uint32_t index,
			      struct hv_vcpu **out, struct err *err)
{
	struct traced_vcpu *vcpu = calloc(1, sizeof(*vcpu));
	int ret;

	if (!vcpu)
		return err_set(err, -ENOMEM, "cannot allocate a traced vCPU");
	ret = hv_vcpu_create(vm_of(vm), index, &vcpu->inner, err);
	trace_line("H vcpu_create %u = %d", index, ret);
	if (ret) {
		free(vcpu);
		return ret;
	}
	/* A backend finds it when it gives a vCPU its CPUID. */
	vm->cpuid_source = vm_of(vm)->cpuid_source;
	*out = &vcpu->base;
	return 0;
}

static void traced_vcpu_destroy(struct hv_vcpu *vcpu)
{
	hv_vcpu_destroy(vcpu_of(vcpu));
	trace_line("H vcpu_destroy %u", vcpu->index);
	free(vcpu);
}

static int traced_regs_get(struct hv_vcpu *vcpu, struct vcpu_regs *regs)
{
	char text[TRACE_TEXT_MAX(sizeof(*regs))];
	int ret = hv_vcpu_regs_get(vcpu_of(vcpu), regs);

	trace_line("H vcpu_regs_get %u = %d %s", vcpu->index, ret,
		   trace_encode(regs, ret ? 0 : sizeof(*regs), text));
	return ret;
}

static int traced_regs_set(struct hv_vcpu *vcpu, const struct vcpu_regs *regs)
{
	char text[TRACE_TEXT_MAX(sizeof(*regs))];
	int ret = hv_vcpu_regs_set(vcpu_of(vcpu), regs);

	trace_line("H vcpu_regs_set %u %s = %d", vcpu->index,
		   trace_encode(regs, sizeof(*regs), text), ret);
	return ret;
}

static int traced_run(struct hv_vcpu *vcpu, struct hv_exit *exit)
{
	uint64_t answer = exit->access.data;
	int ret = hv_vcpu_run(vcpu_of(vcpu), exit);
	bool is_access = exit->kind == HV_EXIT_MMIO ||
			 exit->kind == HV_EXIT_PIO || exit->kind == HV_EXIT_MSR;
	const struct hv_access none = {.addr = 0};
	const struct hv_access *a = is_access ? &exit->access : &none;

	trace_line("H vcpu_run %u %llx = %d %s %llx %u %d %llx %u", vcpu->index,
		   (unsigned long long)answer, ret,
		   hv_exit_kind_name(exit->kind), (unsigned long long)a->addr,
		   a->len_bytes, a->is_write,
		   a->is_write ? (unsigned long long)a->data : 0,
		   exit->kind == HV_EXIT_EOI ? exit->vector : 0);
	return ret;
}

static void traced_kick(struct hv_vcpu *vcpu)
{
	trace_line("H vcpu_kick %u", vcpu->index);
	hv_vcpu_kick(vcpu_of(vcpu));
}

const struct hv_ops *trace_wrap(const struct hv_ops *inner)
{
	static struct hv_ops traced = {
		.vm_create = traced_vm_create,
		.vm_destroy = traced_vm_destroy,
		.mem_map = traced_mem_map,
		.mem_unmap = traced_mem_unmap,
		.device_attach = traced_device_attach,
		.msi_send = traced_msi_send,
		.route_set = traced_route_set,
		.irqfd_set = traced_irqfd_set,
		.doorbell_set = traced_doorbell_set,
		.vcpu_create = traced_vcpu_create,
		.vcpu_destroy = traced_vcpu_destroy,
		.vcpu_regs_get = traced_regs_get,
		.vcpu_regs_set = traced_regs_set,
		.vcpu_run = traced_run,
		.vcpu_kick = traced_kick,
	};

	wrapped = inner;
	traced.name = inner->name;
	return &traced;
}
