// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/vfio/vfio_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/vfio/vfio_sys.h"

/* More than any kernel has to say about a region. */
#define INFO_MAX_BYTES 4096u

union region_info {
	struct vfio_region_info info;
	uint8_t bytes[INFO_MAX_BYTES];
};

static void add_area(struct vfio_region *r, uint64_t off, uint64_t bytes)
{
	if (r->area_count < VFIO_MAX_AREAS && bytes && off < r->size_bytes &&
	    bytes <= r->size_bytes - off)
		r->areas[r->area_count++] = (struct vfio_area){off, bytes};
}

/* What the kernel lets a process map, where that is not all of it. False: it
 * does not say. */
static bool add_sparse(struct vfio_region *r, const union region_info *u)
{
	uint32_t limit =
		u->info.argsz < INFO_MAX_BYTES ? u->info.argsz : INFO_MAX_BYTES;
	uint32_t at = u->info.flags & VFIO_REGION_INFO_FLAG_CAPS
			      ? u->info.cap_offset
			      : 0;
	struct vfio_region_info_cap_sparse_mmap sparse;
	struct vfio_region_sparse_mmap_area area;
	struct vfio_info_cap_header head;
	uint32_t i;

	while (at && at + sizeof(head) <= limit) {
		memcpy(&head, u->bytes + at, sizeof(head));
		if (head.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP)
			break;
		if (head.next <= at)
			return false;
		at = head.next;
	}
	if (!at || at + sizeof(sparse) > limit)
		return false;
	memcpy(&sparse, u->bytes + at, sizeof(sparse));
	at += (uint32_t)sizeof(sparse);
	for (i = 0; i < sparse.nr_areas && at + sizeof(area) <= limit; i++) {
		memcpy(&area, u->bytes + at, sizeof(area));
		add_area(r, area.offset, area.size);
		at += (uint32_t)sizeof(area);
	}
	return true;
}

/* A region that a function does not have is an error to some kernels. */
static int region_get(struct vfio_device *dev, uint32_t index,
		      struct vfio_region *r)
{
	union region_info u = {.info = {.argsz = sizeof(u), .index = index}};
	int ret = dev->sys->ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO,
				  (uintptr_t)&u);

	memset(r, 0, sizeof(*r));
	if (ret)
		return ret;
	r->size_bytes = u.info.size;
	r->file_off = u.info.offset;
	if ((u.info.flags & VFIO_REGION_INFO_FLAG_MMAP) && !add_sparse(r, &u))
		add_area(r, 0, r->size_bytes);
	return 0;
}

static void irqs_get(struct vfio_device *dev)
{
	uint32_t i;

	for (i = 0; i < VFIO_PCI_NUM_IRQS; i++) {
		struct vfio_irq_info info = {.argsz = sizeof(info), .index = i};

		if (!dev->sys->ioctl(dev->fd, VFIO_DEVICE_GET_IRQ_INFO,
				     (uintptr_t)&info) &&
		    (info.flags & VFIO_IRQ_INFO_EVENTFD))
			dev->irq_counts[i] = info.count;
	}
}

static int device_look(struct vfio_device *dev, struct err *err)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	int ret = dev->sys->ioctl(dev->fd, VFIO_DEVICE_GET_INFO,
				  (uintptr_t)&info);
	uint32_t i;

	if (ret)
		return err_sys(err, ret, "vfio says nothing of %s",
			       dev->address);
	if (!(info.flags & VFIO_DEVICE_FLAGS_PCI))
		return err_set(err, -ENOTSUP, "%s is no PCI function",
			       dev->address);
	dev->can_reset = info.flags & VFIO_DEVICE_FLAGS_RESET;
	for (i = 0; i < VFIO_BAR_COUNT; i++)
		region_get(dev, VFIO_PCI_BAR0_REGION_INDEX + i, &dev->bars[i]);
	ret = region_get(dev, VFIO_PCI_CONFIG_REGION_INDEX, &dev->config);
	if (ret || dev->config.size_bytes < 256)
		return err_set(err, ret ? ret : -EIO,
			       "%s shows no configuration space", dev->address);
	irqs_get(dev);
	return 0;
}

int vfio_device_open(struct vfio_device *dev, struct vfio_iommu *iommu,
		     const char *address, struct err *err)
{
	int ret;

	*dev = (struct vfio_device){.sys = iommu->sys, .fd = -1};
	if (strlen(address) >= sizeof(dev->address))
		return err_set(err, -EINVAL,
			       "'%s' is not the address of a PCI function",
			       address);
	snprintf(dev->address, sizeof(dev->address), "%s", address);
	ret = vfio_iommu_add(iommu, address, &dev->fd, &dev->hv_fd, err);
	if (!ret)
		ret = device_look(dev, err);
	if (ret)
		vfio_device_close(dev);
	return ret;
}

void vfio_device_close(struct vfio_device *dev)
{
	if (dev->fd >= 0)
		dev->sys->close(dev->fd);
	dev->fd = -1;
}

int vfio_device_reset(struct vfio_device *dev)
{
	if (!dev->can_reset)
		return -EOPNOTSUPP;
	return dev->sys->ioctl(dev->fd, VFIO_DEVICE_RESET, 0);
}

static bool has(const struct vfio_region *r, uint64_t off, uint32_t len)
{
	return off < r->size_bytes && len <= r->size_bytes - off && len <= 8;
}

int vfio_device_read(const struct vfio_device *dev, const struct vfio_region *r,
		     uint64_t off, uint32_t len, uint64_t *value)
{
	*value = 0;
	if (!has(r, off, len))
		return -EINVAL;
	return dev->sys->read(dev->fd, value, len, r->file_off + off);
}

int vfio_device_write(const struct vfio_device *dev,
		      const struct vfio_region *r, uint64_t off, uint32_t len,
		      uint64_t value)
{
	if (!has(r, off, len))
		return -EINVAL;
	return dev->sys->write(dev->fd, &value, len, r->file_off + off);
}

int vfio_device_irqs_set(struct vfio_device *dev, uint32_t index,
			 const int *fds, uint32_t count)
{
	size_t bytes = sizeof(struct vfio_irq_set) + count * sizeof(*fds);
	struct vfio_irq_set *set = calloc(1, bytes);
	int ret;

	if (!set)
		return -ENOMEM;
	set->argsz = (uint32_t)bytes;
	set->flags =
		VFIO_IRQ_SET_ACTION_TRIGGER |
		(count ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE);
	set->index = index;
	set->count = count;
	if (count)
		memcpy(set->data, fds, count * sizeof(*fds));
	ret = dev->sys->ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, (uintptr_t)set);
	free(set);
	return ret;
}

int vfio_device_intx_unmask(struct vfio_device *dev)
{
	struct vfio_irq_set set = {.argsz = sizeof(set),
				   .flags = VFIO_IRQ_SET_ACTION_UNMASK |
					    VFIO_IRQ_SET_DATA_NONE,
				   .index = VFIO_PCI_INTX_IRQ_INDEX,
				   .count = 1};

	return dev->sys->ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, (uintptr_t)&set);
}
