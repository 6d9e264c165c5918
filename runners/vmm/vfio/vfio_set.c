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
#include "runners/vmm/dev/ioapic.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/stamp.h"
#include "runners/vmm/vfio/vfio_sys.h"

enum event { EVENT_ERROR, EVENT_REQUEST, EVENT_INTX, EVENT_COUNT };

static const struct {
	uint32_t irq_index;
	const char *text;
} events[] = {
	[EVENT_ERROR] = {VFIO_PCI_ERR_IRQ_INDEX,
			 "reported an uncorrectable error"},
	[EVENT_REQUEST] = {VFIO_PCI_REQ_IRQ_INDEX, "is taken back by the host"},
	[EVENT_INTX] = {VFIO_PCI_INTX_IRQ_INDEX, NULL},
};
_Static_assert(ARRAY_SIZE(events) == EVENT_COUNT,
	       "every event has an interrupt of vfio");

/* The guest has served it: vfio may signal it again, at once if it still is. */
static void resample(void *arg)
{
	struct vfio_pci *vp = arg;

	vfio_device_intx_unmask(&vp->dev);
}

/* A device that reports nothing is fine. */
static int watch(struct vfio_set *set, uint32_t i, struct err *err)
{
	struct vfio_device *dev = &set->devices[i].dev;
	int kind;

	for (kind = 0; kind < EVENT_COUNT; kind++) {
		struct epoll_event event = {.events = EPOLLIN,
					    .data.u32 = i * EVENT_COUNT +
							(uint32_t)kind};
		int *fd = &set->event_fds[i][kind];
		uint32_t index = events[kind].irq_index;

		if (!dev->irq_counts[index] ||
		    (kind == EVENT_INTX && !set->devices[i].has_intx))
			continue;
		*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (*fd < 0 ||
		    epoll_ctl(set->event_fd, EPOLL_CTL_ADD, *fd, &event))
			return err_sys(err, -errno, "cannot watch %s",
				       dev->address);
		vfio_device_irqs_set(dev, index, fd, 1);
		if (kind == EVENT_INTX)
			ioapic_resample(set->ioapic, VFIO_FIRST_PIN + i,
					resample, &set->devices[i]);
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
	ret = vfio_pci_init(&set->devices[i], &dev, bus, VFIO_SLOT + i, err);
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
		    struct ioapic *ioapic, struct stamp_log *stamps,
		    struct err *err)
{
	const struct vfio_sys *sys = cfg->sys ? cfg->sys : &vfio_sys_host;
	uint32_t i;
	int ret, k;

	*set = (struct vfio_set){
		.iommu = {.fd = -1}, .event_fd = -1, .ioapic = ioapic};
	if (!cfg->count)
		return 0;
	for (i = 0; i < VFIO_MAX_DEVICES; i++)
		for (k = 0; k < EVENT_COUNT; k++)
			set->event_fds[i][k] = -1;
	set->devices = calloc(cfg->count, sizeof(*set->devices));
	if (!set->devices)
		return err_set(err, -ENOMEM, "no room for the host's devices");
	set->event_fd = epoll_create1(EPOLL_CLOEXEC);
	if (set->event_fd < 0)
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
		ioapic_resample(set->ioapic, VFIO_FIRST_PIN + i, NULL, NULL);
		if (set->event_fds[i][EVENT_INTX] >= 0)
			vfio_device_irqs_set(&set->devices[i].dev,
					     VFIO_PCI_INTX_IRQ_INDEX, NULL, 0);
		vfio_pci_release(&set->devices[i]);
		for (kind = 0; kind < EVENT_COUNT; kind++)
			if (set->event_fds[i][kind] >= 0)
				close(set->event_fds[i][kind]);
	}
	vfio_iommu_close(&set->iommu);
	if (set->event_fd >= 0)
		close(set->event_fd);
	free(set->devices);
	*set = (struct vfio_set){.iommu = {.fd = -1}, .event_fd = -1};
}

int vfio_set_take_event(struct vfio_set *set, char *text, size_t size)
{
	struct epoll_event event;
	uint64_t count;
	uint32_t i;

	if (epoll_wait(set->event_fd, &event, 1, 0) != 1)
		return -EAGAIN;
	i = event.data.u32 / EVENT_COUNT;
	if (event.data.u32 % EVENT_COUNT == EVENT_INTX) {
		if (read(set->event_fds[i][EVENT_INTX], &count,
			 sizeof(count)) == sizeof(count))
			ioapic_set(set->ioapic, VFIO_FIRST_PIN + i, true);
		return -EAGAIN;
	}
	snprintf(text, size, "%s %s", set->devices[i].dev.address,
		 events[event.data.u32 % EVENT_COUNT].text);
	return 0;
}
