// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The KVM backend: the VM, its memory and its interrupts. vCPUs are in
 * kvm_vcpu.c. Interface: Documentation/virt/kvm/api.rst of the kernel; the
 * section of each call is named where it is not obvious.
 */
#include "runners/vmm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "runners/vmm/hv.h"
#include "runners/vmm/kvm_priv.h"

static int kvm_open(int *fd, struct err *err)
{
	const char *path = getenv("L1VH_KVM_DEVICE");
	int version;

	if (!path)
		path = "/dev/kvm";
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return err_set(
			err, -ENOENT,
			"cannot open '%s': no such device; load kvm_intel or kvm_amd, or use --lab",
			path);
	if (*fd < 0 && errno == EACCES)
		return err_set(
			err, -EACCES,
			"cannot open '%s': permission denied; run as root or join the device's group",
			path);
	if (*fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	version = ioctl(*fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return err_set(err, -ENODEV, "'%s' is not a KVM device", path);
	return 0;
}

static int kvm_require(int fd, long cap, const char *what, struct err *err)
{
	if (ioctl(fd, KVM_CHECK_EXTENSION, cap) > 0)
		return 0;
	return err_set(err, -ENOTSUP, "this KVM has no %s", what);
}

static int kvm_split_irqchip(struct kvm_vm *vm, struct err *err)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_SPLIT_IRQCHIP,
		.args = {HV_ROUTE_COUNT},
	};

	if (ioctl(vm->vm_fd, KVM_ENABLE_CAP, &cap))
		return err_sys(err, -errno, "cannot split the irqchip");
	return 0;
}

/*
 * Intel without unrestricted guest needs three pages of guest-physical
 * space for itself; other CPUs ignore them (api.rst 4.30, 4.37).
 */
static void kvm_reserve_pages(struct kvm_vm *vm)
{
	uint64_t identity = 0xfeffc000;

	ioctl(vm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm->vm_fd, KVM_SET_TSS_ADDR, 0xfeffd000UL);
}

/*
 * Accesses to one MSR come up instead of being answered (api.rst 4.98 and
 * 7.21). A KVM that cannot do it still runs guests.
 */
static bool kvm_exit_msr(struct kvm_vm *vm)
{
	uint8_t denied = 0;
	struct kvm_enable_cap cap = {.cap = KVM_CAP_X86_USER_SPACE_MSR,
				     .args = {KVM_MSR_EXIT_REASON_FILTER}};
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges[0] = {.flags = KVM_MSR_FILTER_READ |
				       KVM_MSR_FILTER_WRITE,
			      .nmsrs = 1,
			      .base = vm->cfg.exit_msr,
			      .bitmap = &denied},
	};

	return vm->cfg.exit_msr && !ioctl(vm->vm_fd, KVM_ENABLE_CAP, &cap) &&
	       !ioctl(vm->vm_fd, KVM_X86_SET_MSR_FILTER, &filter);
}

static void kvm_vm_destroy(struct hv_vm *base)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;

	if (vm->vfio_fd >= 0)
		close(vm->vfio_fd);
	if (vm->vm_fd >= 0)
		close(vm->vm_fd);
	if (vm->dev_fd >= 0)
		close(vm->dev_fd);
	pthread_mutex_destroy(&vm->route_lock);
	pthread_mutex_destroy(&vm->slot_lock);
	free(vm->msr_list);
	free(vm->supported);
	free(vm);
}

/* A CPU has one hypervisor at a time (kvm_main.c, hardware_enable). */
static int vm_refused(int error, struct err *err)
{
	if (error != EBUSY)
		return err_sys(err, -error, "KVM cannot create a vm");
	return err_set(
		err, -EBUSY,
		"KVM cannot create a vm: another hypervisor uses this CPU; stop it (VirtualBox, VMware), or use --lab");
}

static int kvm_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			 struct err *err)
{
	struct kvm_vm *vm = calloc(1, sizeof(*vm));
	int khz;
	int ret;

	if (!vm)
		return err_set(err, -ENOMEM, "cannot allocate a KVM vm");
	pthread_mutex_init(&vm->route_lock, NULL);
	pthread_mutex_init(&vm->slot_lock, NULL);
	vm->cfg = *cfg;
	vm->vm_fd = -1;
	vm->vfio_fd = -1;
	ret = kvm_open(&vm->dev_fd, err);
	if (!ret)
		ret = kvm_require(vm->dev_fd, KVM_CAP_SPLIT_IRQCHIP,
				  "split irqchip", err);
	if (!ret)
		ret = kvm_require(vm->dev_fd, KVM_CAP_IMMEDIATE_EXIT,
				  "immediate exit", err);
	if (ret)
		goto fail;
	vm->vm_fd = ioctl(vm->dev_fd, KVM_CREATE_VM, 0);
	if (vm->vm_fd < 0) {
		ret = vm_refused(errno, err);
		goto fail;
	}
	kvm_reserve_pages(vm);
	ret = kvm_split_irqchip(vm, err);
	if (ret)
		goto fail;
	vm->base.has_exit_msr = kvm_exit_msr(vm);
	khz = ioctl(vm->vm_fd, KVM_GET_TSC_KHZ, 0);
	vm->base.tsc_khz = khz > 0 ? (uint32_t)khz : 0;
	vm->run_bytes = (size_t)ioctl(vm->dev_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	*out = &vm->base;
	return 0;

fail:
	kvm_vm_destroy(&vm->base);
	return ret;
}

static int slot_set(struct kvm_vm *vm, uint32_t i, const struct hv_mem *mem,
		    uint64_t size_bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = i,
		.flags = mem->readonly ? KVM_MEM_READONLY : 0,
		.guest_phys_addr = mem->gpa,
		.memory_size = size_bytes,
		.userspace_addr = (uintptr_t)mem->host,
	};

	if (ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region))
		return -errno;
	vm->slots[i] = (struct kvm_slot){mem->gpa, size_bytes};
	return 0;
}

/* The slot with what begins at GPA, or a free one. */
static uint32_t slot_find(const struct kvm_vm *vm, uint64_t gpa, bool is_free)
{
	uint32_t i;

	for (i = 0; i < KVM_SLOT_COUNT; i++)
		if (is_free ? !vm->slots[i].size_bytes
			    : vm->slots[i].size_bytes &&
				      vm->slots[i].gpa == gpa)
			break;
	return i;
}

static int kvm_mem_map(struct hv_vm *base, const struct hv_mem *mem,
		       struct err *err)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	int ret = -ENOSPC;
	uint32_t i;

	pthread_mutex_lock(&vm->slot_lock);
	i = slot_find(vm, 0, true);
	if (i < KVM_SLOT_COUNT)
		ret = slot_set(vm, i, mem, mem->size_bytes);
	pthread_mutex_unlock(&vm->slot_lock);
	return ret ? err_sys(err, ret,
			     "KVM cannot map %llu bytes at guest address 0x%llx",
			     (unsigned long long)mem->size_bytes,
			     (unsigned long long)mem->gpa)
		   : 0;
}

static int kvm_mem_unmap(struct hv_vm *base, const struct hv_mem *mem)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	int ret = -ENOENT;
	uint32_t i;

	pthread_mutex_lock(&vm->slot_lock);
	i = slot_find(vm, mem->gpa, false);
	if (i < KVM_SLOT_COUNT)
		ret = slot_set(vm, i, mem, 0);
	pthread_mutex_unlock(&vm->slot_lock);
	return ret;
}

/* So that KVM knows of DMA that does not snoop, and may post interrupts
 * (Documentation/virt/kvm/devices/vfio.rst). */
static int kvm_device_attach(struct hv_vm *base, int fd, struct err *err)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_VFIO};
	int32_t group_fd = fd;
	struct kvm_device_attr attr = {.group = KVM_DEV_VFIO_GROUP,
				       .attr = KVM_DEV_VFIO_GROUP_ADD,
				       .addr = (uintptr_t)&group_fd};

	if (vm->vfio_fd < 0) {
		if (ioctl(vm->vm_fd, KVM_CREATE_DEVICE, &device))
			return err_sys(err, -errno,
				       "this KVM knows no devices of vfio");
		vm->vfio_fd = (int)device.fd;
	}
	/* Two functions of one group come with the same one. */
	if (ioctl(vm->vfio_fd, KVM_SET_DEVICE_ATTR, &attr) && errno != EEXIST)
		return err_sys(err, -errno, "KVM does not take the device");
	return 0;
}

static int kvm_msi_send(struct hv_vm *base, const struct hv_msi *msi)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	struct kvm_msi kmsi = {
		.address_lo = (uint32_t)msi->addr,
		.address_hi = (uint32_t)(msi->addr >> 32),
		.data = msi->data,
	};

	return ioctl(vm->vm_fd, KVM_SIGNAL_MSI, &kmsi) < 0 ? -errno : 0;
}

/* The whole table is set at once (api.rst 4.52). */
static int kvm_routes_flush(struct kvm_vm *vm)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entries[KVM_GSI_COUNT];
	} table = {.head.nr = 0};
	uint32_t i;

	for (i = 0; i < KVM_GSI_COUNT; i++) {
		struct kvm_irq_routing_entry *e;

		if (!vm->route_used[i])
			continue;
		e = &table.entries[table.head.nr++];
		e->gsi = i;
		e->type = KVM_IRQ_ROUTING_MSI;
		e->u.msi.address_lo = (uint32_t)vm->routes[i].addr;
		e->u.msi.address_hi = (uint32_t)(vm->routes[i].addr >> 32);
		e->u.msi.data = vm->routes[i].data;
	}
	return ioctl(vm->vm_fd, KVM_SET_GSI_ROUTING, &table) ? -errno : 0;
}

static int kvm_route_set(struct hv_vm *base, uint32_t route,
			 const struct hv_msi *msi)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	int ret = 0;

	pthread_mutex_lock(&vm->route_lock);
	/* Setting the table waits for a grace period; most calls change
	 * nothing, as a guest masks pins that are masked. */
	if (!msi && !vm->route_used[route])
		goto unlock;
	vm->route_used[route] = msi != NULL;
	if (msi)
		vm->routes[route] = *msi;
	ret = kvm_routes_flush(vm);
unlock:
	pthread_mutex_unlock(&vm->route_lock);
	return ret;
}

static int kvm_irqfd_set(struct hv_vm *base, uint32_t slot, int fd,
			 const struct hv_msi *msi)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	struct kvm_irqfd arg = {
		.fd = (uint32_t)fd,
		.gsi = HV_ROUTE_COUNT + slot,
		.flags = msi ? 0 : KVM_IRQFD_FLAG_DEASSIGN,
	};
	int ret = 0;

	/* The route outlives the eventfd, or a signal in between would find
	 * none and be lost. */
	if (!msi && ioctl(vm->vm_fd, KVM_IRQFD, &arg))
		ret = -errno;
	if (!ret)
		ret = kvm_route_set(base, arg.gsi, msi);
	if (!ret && msi && ioctl(vm->vm_fd, KVM_IRQFD, &arg))
		ret = -errno;
	return ret;
}

static int kvm_doorbell_set(struct hv_vm *base, const struct hv_doorbell *bell,
			    bool is_on)
{
	struct kvm_vm *vm = (struct kvm_vm *)base;
	struct kvm_ioeventfd arg = {
		.datamatch = bell->datamatch,
		.addr = bell->gpa,
		.len = bell->len_bytes,
		.fd = bell->fd,
		.flags = is_on ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN,
	};

	if (bell->has_datamatch)
		arg.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	return ioctl(vm->vm_fd, KVM_IOEVENTFD, &arg) ? -errno : 0;
}

const struct hv_ops hv_kvm = {
	.name = "kvm",
	.calls = SANDBOX_CALLS_KVM,
	.vm_create = kvm_vm_create,
	.vm_destroy = kvm_vm_destroy,
	.mem_map = kvm_mem_map,
	.mem_unmap = kvm_mem_unmap,
	.device_attach = kvm_device_attach,
	.msi_send = kvm_msi_send,
	.route_set = kvm_route_set,
	.irqfd_set = kvm_irqfd_set,
	.doorbell_set = kvm_doorbell_set,
	.vcpu_create = kvm_vcpu_create,
	.vcpu_destroy = kvm_vcpu_destroy,
	.vcpu_regs_get = kvm_vcpu_regs_get,
	.vcpu_regs_set = kvm_vcpu_regs_set,
	.vcpu_run = kvm_vcpu_run,
	.vcpu_kick = kvm_vcpu_kick,
	.state = &kvm_state_ops,
};
