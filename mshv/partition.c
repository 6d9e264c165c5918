// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The mshv backend: the partition, its memory and its interrupts. VPs are in
 * vp.c and what they stop for in vp_exit.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "mshv/decoder.h"
#include "mshv/hvcall.h"
#include "mshv/mshv_priv.h"
#include "mshv/sys.h"
#include "mshv/trace/sys_trace.h"

#define BIT(n) (1ULL << (n))

/*
 * `best`: what a Linux guest of Hyper-V makes use of. Other VMMs ask for the same
 * ones.
 */
#define BEST_FEATURES                                                 \
	(BIT(MSHV_SYN_HYPERVISOR_PRESENT) | BIT(MSHV_SYN_HV1) |       \
	 BIT(MSHV_SYN_VP_RUNTIME) | BIT(MSHV_SYN_REFERENCE_COUNTER) | \
	 BIT(MSHV_SYN_SYNIC) | BIT(MSHV_SYN_SYNTHETIC_TIMERS) |       \
	 BIT(MSHV_SYN_INTERRUPT_CONTROL) | BIT(MSHV_SYN_HYPERCALL) |  \
	 BIT(MSHV_SYN_VP_INDEX) | BIT(MSHV_SYN_REFERENCE_TSC) |       \
	 BIT(MSHV_SYN_GUEST_IDLE) | BIT(MSHV_SYN_FREQUENCIES) |       \
	 BIT(MSHV_SYN_DIRECT_TIMERS) | BIT(MSHV_SYN_EXTENDED_MASKS) | \
	 BIT(MSHV_SYN_TLB_FLUSH) | BIT(MSHV_SYN_CLUSTER_IPI))

/* Of these, what QEMU does without. */
#define RARE_FEATURES (BIT(MSHV_SYN_VP_RUNTIME) | BIT(MSHV_SYN_EXTENDED_MASKS))

static int device_open(struct mshv_vm *vm, const char *stands_on,
		       struct err *err)
{
	const char *path = getenv("L1VH_MSHV_DEVICE");

	if (!path)
		path = MSHV_DEVICE;
	vm->dev_fd = sys_open(vm->sys, path);
	if (vm->dev_fd < 0 && stands_on)
		return err_sys(
			err, vm->dev_fd,
			"the emulated %s needs '%s', which cannot be opened",
			path, stands_on);
	if (vm->dev_fd == -ENOENT)
		return err_set(
			err, -ENOENT,
			"cannot open '%s': no such device; load mshv_root on a root or L1VH partition, or use --mshv-emu",
			path);
	if (vm->dev_fd == -EACCES)
		return err_set(
			err, -EACCES,
			"cannot open '%s': permission denied; run as root or join the device's group",
			path);
	if (vm->dev_fd < 0)
		return err_sys(err, vm->dev_fd, "cannot open '%s'", path);
	return 0;
}

int mshv_no_memory(struct err *err, const char *what)
{
	return err_set(
		err, -ENOMEM,
		"the hypervisor has no memory left %s: free memory in this partition, or run fewer guests",
		what);
}

static int partition_create(struct mshv_vm *vm, struct err *err)
{
	struct mshv_create_partition arg = {
		.flags = MSHV_PT_LAPIC | MSHV_PT_X2APIC | MSHV_PT_SUPER_PAGES,
	};

	vm->pt_fd = sys_ioctl_patiently(vm->sys, vm->dev_fd,
					MSHV_CREATE_PARTITION, &arg);
	if (vm->pt_fd == -ENOTTY)
		return err_set(
			err, -ENODEV,
			"the device does not create partitions: no mshv device, or one of another ABI (mshv_vtl)");
	if (vm->pt_fd == -ENOMEM)
		return mshv_no_memory(err, "for a partition");
	if (vm->pt_fd < 0)
		return err_sys(err, vm->pt_fd,
			       "the hypervisor refuses a partition");
	return 0;
}

/* A hypervisor refuses them all for one that cannot be assigned. From Linux 6.19
 * it can be asked which can; QEMU's list is the one that works everywhere. */
static int features_set(struct mshv_vm *vm)
{
	uint64_t wanted = BEST_FEATURES, assignable = 0;
	int ret;

	if (!hvcall_property_get_ex(vm->sys, vm->dev_fd,
				    MSHV_PROP_ASSIGNABLE_SYNTHETIC,
				    &assignable))
		wanted &= assignable;
	ret = hvcall_property_set(vm->sys, vm->pt_fd,
				  MSHV_PROP_SYNTHETIC_FEATURES, wanted);
	if (!ret)
		return 0;
	return hvcall_property_set(vm->sys, vm->pt_fd,
				   MSHV_PROP_SYNTHETIC_FEATURES,
				   BEST_FEATURES & ~RARE_FEATURES);
}

/* Features can be chosen before INITIALIZE only. */
static int partition_initialize(struct mshv_vm *vm, struct err *err)
{
	uint64_t hz;
	int ret;

	if (vm->cfg.paravirt == HV_PARAVIRT_BEST) {
		ret = features_set(vm);
		if (ret)
			return err_sys(
				err, ret,
				"the hypervisor refuses its own enlightenments");
	}
	ret = sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_INITIALIZE_PARTITION,
				  NULL);
	if (ret == -ENOMEM)
		return mshv_no_memory(err, "to initialise a partition");
	if (ret)
		return err_sys(err, ret, "cannot initialise the partition");
	/* One socket, as its CPUID says. Not every hypervisor has the property. */
	hvcall_property_set(vm->sys, vm->pt_fd, MSHV_PROP_PROCESSORS_PER_SOCKET,
			    vm->cfg.vcpu_count);
	/* Other VMMs set this. Without it an unimplemented MSR raises #GP, as
	 * under KVM; an old hypervisor can only do that. */
	if (vm->cfg.paravirt == HV_PARAVIRT_BEST)
		hvcall_property_set(vm->sys, vm->pt_fd,
				    MSHV_PROP_UNIMPLEMENTED_MSR_ACTION, 1);
	vm->base.has_exit_msr =
		vm->cfg.exit_msr &&
		!hvcall_msr_intercept(vm->sys, vm->pt_fd, vm->cfg.exit_msr);
	if (!hvcall_property_get(vm->sys, vm->pt_fd, MSHV_PROP_CLOCK_FREQUENCY,
				 &hz))
		vm->base.tsc_khz = (uint32_t)(hz / 1000);
	return 0;
}

int mshv_vm_create_on(const struct mshv_sys *sys,
		      const struct hv_vm_config *cfg, struct hv_vm **out,
		      struct err *err)
{
	struct mshv_vm *vm = calloc(1, sizeof(*vm));
	int ret;

	if (!vm)
		return err_set(err, -ENOMEM, "cannot allocate a partition");
	vm->sys = sys_trace(sys);
	vm->cfg = *cfg;
	vm->pt_fd = -1;
	vm->base.doubts_bells = true;
	/* Memory is movable from Linux 6.19 on: mapped at the first touch. */
	vm->base.fills_lazily = true;
	pthread_mutex_init(&vm->route_lock, NULL);
	ret = device_open(vm, sys->stands_on, err);
	if (!ret)
		ret = decoder_load(err);
	if (!ret)
		ret = partition_create(vm, err);
	if (!ret)
		ret = partition_initialize(vm, err);
	if (ret) {
		mshv_vm_destroy(&vm->base);
		return ret;
	}
	*out = &vm->base;
	return 0;
}

static int device_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			    struct err *err)
{
	return mshv_vm_create_on(&mshv_sys_device, cfg, out, err);
}

void mshv_vm_destroy(struct hv_vm *base)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;

	sys_close(vm->sys, vm->pt_fd);
	sys_close(vm->sys, vm->dev_fd);
	pthread_mutex_destroy(&vm->route_lock);
	free(vm);
}

int mshv_mem_map(struct hv_vm *base, const struct hv_mem *mem, struct err *err)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;
	struct mshv_mem_region arg = {
		.size_bytes = mem->size_bytes,
		.guest_pfn = mem->gpa / MSHV_PAGE_BYTES,
		.host_addr = (uintptr_t)mem->host,
		.flags = MSHV_MEM_EXECUTABLE,
	};
	int ret;

	if (!mem->readonly)
		arg.flags |= MSHV_MEM_WRITABLE;
	if (vm->region_count == MSHV_MAX_REGIONS)
		return err_set(err, -E2BIG, "more than %d memory regions",
			       MSHV_MAX_REGIONS);
	ret = sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_SET_GUEST_MEMORY,
				  &arg);
	if (ret == -ENOMEM)
		return mshv_no_memory(err, "to map guest RAM");
	if (ret)
		return err_sys(
			err, ret,
			"mshv cannot map %llu bytes at guest address 0x%llx",
			(unsigned long long)mem->size_bytes,
			(unsigned long long)mem->gpa);
	/* A VP's instructions work on RAM alone. */
	if (!mem->is_device)
		vm->regions[vm->region_count++] = *mem;
	return 0;
}

int mshv_mem_unmap(struct hv_vm *base, const struct hv_mem *mem)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;
	struct mshv_mem_region arg = {
		.size_bytes = mem->size_bytes,
		.guest_pfn = mem->gpa / MSHV_PAGE_BYTES,
		.flags = MSHV_MEM_UNMAP,
	};

	return sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_SET_GUEST_MEMORY,
				   &arg);
}

/* There is no MSHV_CREATE_DEVICE in mainline (to 7.3): interrupts and the IOMMU
 * of a device that a guest has are the hypervisor's. */
int mshv_device_attach(struct hv_vm *base, int fd, struct err *err)
{
	(void)base;
	(void)fd;
	return err_set(
		err, -ENODEV,
		"no device assignment in this kernel: its /dev/mshv gives guests no device");
}

#define MSI_LOGICAL (1 << 2)

/* Address and data as in the Intel SDM vol. 3A, 11.11; the destination's
 * upper bits are where KVM and interrupt remapping put them. */
int mshv_msi_send(struct hv_vm *base, const struct hv_msi *msi)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;
	struct mshv_in_assert in = {
		.control = msi->data >> 8 & 7,
		.dest = (msi->addr >> 12 & 0xff) |
			(msi->addr >> 32 & 0xffffff00),
		.vector = msi->data & 0xff,
	};
	struct hvcall call = {.code = MSHV_HVCALL_ASSERT_INTERRUPT,
			      .in = &in,
			      .in_bytes = sizeof(in)};

	if (msi->addr & MSI_LOGICAL)
		in.control |= MSHV_ASSERT_LOGICAL;
	if (msi->data & (1 << 15))
		in.control |= MSHV_ASSERT_LEVEL;
	return hvcall(vm->sys, vm->pt_fd, &call);
}

/* The hypervisor reports the end of every level interrupt by itself. */
int mshv_route_set(struct hv_vm *base, uint32_t route, const struct hv_msi *msi)
{
	(void)base;
	(void)route;
	(void)msi;
	return 0;
}

/* The whole table is replaced at once. */
static int routes_flush(struct mshv_vm *vm)
{
	struct {
		struct mshv_route_table head;
		struct mshv_route entries[HV_IRQFD_COUNT];
	} table = {.head.count = 0};
	uint32_t i;

	for (i = 0; i < HV_IRQFD_COUNT; i++)
		if (vm->route_used[i])
			table.entries[table.head.count++] = (struct mshv_route){
				.gsi = HV_ROUTE_COUNT + i,
				.addr_lo = (uint32_t)vm->routes[i].addr,
				.addr_hi = (uint32_t)(vm->routes[i].addr >> 32),
				.data = vm->routes[i].data,
			};
	return sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_SET_MSI_ROUTING,
				   &table);
}

/*
 * The driver looks for the VP of an interrupt in its table without asking whether
 * there is one (mshv_try_assert_irq_fast(), to 7.1): a guest that addresses one which
 * it does not have would end the host. And an upper half makes it refuse all routes.
 */
static bool can_be_routed(const struct mshv_vm *vm, const struct hv_msi *msi)
{
	bool is_logical = msi->addr & MSI_LOGICAL;

	return !(msi->addr >> 32) &&
	       (is_logical || (msi->addr >> 12 & 0xff) < vm->cfg.vcpu_count);
}

/* MSI NULL: none. What cannot be set leaves the others as they were. */
static int route_change(struct mshv_vm *vm, uint32_t slot,
			const struct hv_msi *msi)
{
	bool was_used = vm->route_used[slot];
	struct hv_msi before = vm->routes[slot];
	int ret;

	vm->route_used[slot] = msi != NULL;
	if (msi)
		vm->routes[slot] = *msi;
	ret = routes_flush(vm);
	if (ret && msi) {
		vm->route_used[slot] = was_used;
		vm->routes[slot] = before;
	}
	return ret;
}

int mshv_irqfd_set(struct hv_vm *base, uint32_t slot, int fd,
		   const struct hv_msi *msi)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;
	struct mshv_irqfd arg = {
		.fd = fd,
		.gsi = HV_ROUTE_COUNT + slot,
		.flags = msi ? 0 : MSHV_IRQFD_DEASSIGN,
	};
	int ret = 0;

	if (msi && !can_be_routed(vm, msi))
		return -EINVAL;
	/* The route outlives the eventfd, or a signal in between would find
	 * none and be lost. */
	if (!msi)
		ret = sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_IRQFD, &arg);
	if (ret)
		return ret;
	pthread_mutex_lock(&vm->route_lock);
	ret = route_change(vm, slot, msi);
	pthread_mutex_unlock(&vm->route_lock);
	if (!ret && msi)
		ret = sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_IRQFD, &arg);
	return ret;
}

int mshv_doorbell_set(struct hv_vm *base, const struct hv_doorbell *bell,
		      bool is_on)
{
	struct mshv_vm *vm = (struct mshv_vm *)base;
	struct mshv_ioeventfd arg = {
		.datamatch = bell->datamatch,
		.addr = bell->gpa,
		.len_bytes = bell->len_bytes,
		.fd = bell->fd,
		.flags = is_on ? 0 : MSHV_IOEVENTFD_DEASSIGN,
	};

	if (bell->has_datamatch)
		arg.flags |= MSHV_IOEVENTFD_DATAMATCH;
	return sys_ioctl_patiently(vm->sys, vm->pt_fd, MSHV_IOEVENTFD, &arg);
}

const struct hv_ops hv_mshv =
	MSHV_HV_OPS("mshv", SANDBOX_CALLS_MSHV, device_vm_create);
