/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VFIO_VFIO_DEVICE_H
#define RUNNERS_VMM_VFIO_VFIO_DEVICE_H

/*
 * vfio_device - one PCI function as vfio-pci gives it to a process: regions,
 * interrupts, reset (linux/vfio.h).
 */
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>

#include "runners/vmm/vfio/vfio_iommu.h"

struct err;
struct vfio_sys;

#define VFIO_BAR_COUNT 6
#define VFIO_MAX_AREAS 8

/* A part of a BAR that a process may map. */
struct vfio_area {
	uint64_t off, size_bytes;
};

struct vfio_region {
	uint64_t size_bytes; /* 0: there is none */
	uint64_t file_off;
	struct vfio_area areas[VFIO_MAX_AREAS]; /* in order */
	uint32_t area_count;
};

struct vfio_device {
	const struct vfio_sys *sys; /* borrowed */
	char address[VFIO_ADDRESS_BYTES];
	int fd;    /* owned; -1: none */
	int hv_fd; /* borrowed; for hv_device_attach() */
	struct vfio_region bars[VFIO_BAR_COUNT];
	struct vfio_region config;
	uint32_t irq_counts[VFIO_PCI_NUM_IRQS];
	bool can_reset;
};

int vfio_device_open(struct vfio_device *dev, struct vfio_iommu *iommu,
		     const char *address, struct err *err);
void vfio_device_close(struct vfio_device *dev); /* closed is fine */

/* -EOPNOTSUPP where the function has no reset of its own. */
int vfio_device_reset(struct vfio_device *dev);

/* LEN bytes, 1, 2, 4 or 8, of a region that has them. */
int vfio_device_read(const struct vfio_device *dev,
		     const struct vfio_region *region, uint64_t off,
		     uint32_t len, uint64_t *value);
int vfio_device_write(const struct vfio_device *dev,
		      const struct vfio_region *region, uint64_t off,
		      uint32_t len, uint64_t value);

/*
 * From now on interrupt I of INDEX (VFIO_PCI_MSIX_IRQ_INDEX, ...) is a signal on
 * FDS[I]. INDEX must be off before; a COUNT of 0 turns it off.
 */
int vfio_device_irqs_set(struct vfio_device *dev, uint32_t index,
			 const int *fds, uint32_t count);

/* The legacy interrupt, which vfio masks when it signals it. */
int vfio_device_intx_unmask(struct vfio_device *dev);

#endif
