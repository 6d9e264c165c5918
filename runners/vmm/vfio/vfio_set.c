// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/vfio/vfio_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vfio/vfio_sys.h"

/* Behind the disks and the network cards. */
#define SLOT_VFIO 16

enum trouble { TROUBLE_ERROR, TROUBLE_REQUEST, TROUBLE_COUNT };

static const struct {
	uint32_t irq_index;
	const char *text;
} troubles[] = {
	[TROUBLE_ERROR] = {VFIO_PCI_ERR_IRQ_INDEX,
			   "reported an uncorrectable error"},
	[TROUBLE_REQUEST] = {VFIO_PCI_REQ_IRQ_INDEX,
			     "is taken back by the host"},
};
_Static_assert(ARRAY_SIZE(troubles) == TROUBLE_COUNT,
	       "every trouble has words");

/* A device that reports nothing is fine. */
static int watch(struct vfio_set *set, uint32_t i, struct err *err)
{
	struct vfio_device *dev = &set->devices[i].dev;
	int kind;

	for (kind = 0; kind < TROUBLE_COUNT; kind++) {
		struct epoll_event event = {.events = EPOLLIN,
					    .data.u32 = i * TROUBLE_COUNT +
							(uint32_t)kind};
		int *fd = &set->trouble_fds[i][kind];
		uint32_t index = troubles[kind].irq_index;

		if (!dev->irq_counts[index])
			continue;
		*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (*fd < 0 ||
		    epoll_ctl(set->trouble_fd, EPOLL_CTL_ADD, *fd, &event))
			return err_sys(err, -errno, "cannot watch %s",
				       dev->address);
		vfio_device_irqs_set(dev, index, fd, 1);
	}
	return 0;
}

/* The device's memory is not shown to it before a hypervisor has agreed. */
static int add(struct vfio_set *set, uint32_t i, const char *address,
	       struct pci_bus *bus, struct err *err)
{
	struct vfio_device dev;
	uint32_t k;
	int ret;

	/* A container would give it a second time. */
	for (k = 0; k < i; k++)
		if (!strcmp(set->devices[k].dev.address, address))
			return err_set(err, -EEXIST,
				       "%s is there twice: name it once",
				       address);
	ret = vfio_device_open(&dev, &set->iommu, address, err);
	if (ret)
		return ret;
	ret = hv_device_attach(bus->hv, dev.hv_fd, err);
	if (ret) {
		vfio_device_close(&dev);
		return ret;
	}
	set->count++;
	ret = vfio_pci_init(&set->devices[i], &dev, bus, SLOT_VFIO + i, err);
	return ret ? ret : watch(set, i, err);
}

static int map_ram(struct vfio_set *set, const struct mem *mem, struct err *err)
{
	uint64_t high_bytes = mem->bytes - mem->low_bytes;
	int ret =
		vfio_iommu_map(&set->iommu, 0, mem->host, mem->low_bytes, err);

	if (!ret && high_bytes)
		ret = vfio_iommu_map(&set->iommu, MEM_HOLE_END,
				     (char *)mem->host + mem->low_bytes,
				     high_bytes, err);
	return ret;
}

int vfio_set_create(struct vfio_set *set, const struct vfio_set_config *cfg,
		    const struct mem *mem, struct pci_bus *bus,
		    struct stamp_log *stamps, struct err *err)
{
	const struct vfio_sys *sys = cfg->sys ? cfg->sys : &vfio_sys_host;
	uint32_t i;
	int ret;

	*set = (struct vfio_set){.iommu = {.fd = -1}, .trouble_fd = -1};
	if (!cfg->count)
		return 0;
	for (i = 0; i < VFIO_MAX_DEVICES; i++)
		set->trouble_fds[i][0] = set->trouble_fds[i][1] = -1;
	set->devices = calloc(cfg->count, sizeof(*set->devices));
	if (!set->devices)
		return err_set(err, -ENOMEM, "no room for the host's devices");
	set->trouble_fd = epoll_create1(EPOLL_CLOEXEC);
	if (set->trouble_fd < 0)
		return err_sys(err, -errno, "cannot watch the host's devices");
	ret = vfio_iommu_open(&set->iommu, sys, cfg->iommu, err);
	for (i = 0; i < cfg->count && !ret; i++)
		ret = add(set, i, cfg->addresses[i], bus, err);
	if (ret)
		return ret;
	stamp_phase(stamps, "vfio_opened", clock_mono_ns());
	ret = map_ram(set, mem, err);
	if (!ret)
		stamp_phase(stamps, "dma_mapped", clock_mono_ns());
	return ret;
}

void vfio_set_destroy(struct vfio_set *set)
{
	uint32_t i;
	int kind;

	if (!set->devices)
		return;
	for (i = 0; i < set->count; i++) {
		vfio_pci_release(&set->devices[i]);
		for (kind = 0; kind < TROUBLE_COUNT; kind++)
			if (set->trouble_fds[i][kind] >= 0)
				close(set->trouble_fds[i][kind]);
	}
	vfio_iommu_close(&set->iommu);
	if (set->trouble_fd >= 0)
		close(set->trouble_fd);
	free(set->devices);
	*set = (struct vfio_set){.iommu = {.fd = -1}, .trouble_fd = -1};
}

int vfio_set_trouble(struct vfio_set *set, char *text, size_t size)
{
	struct epoll_event event;
	uint32_t i;

	if (epoll_wait(set->trouble_fd, &event, 1, 0) != 1)
		return -EAGAIN;
	i = event.data.u32 / TROUBLE_COUNT;
	snprintf(text, size, "%s %s", set->devices[i].dev.address,
		 troubles[event.data.u32 % TROUBLE_COUNT].text);
	return 0;
}
