/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VFIO_VFIO_SET_H
#define RUNNERS_VMM_VFIO_VFIO_SET_H

/*
 * vfio_set - all functions that a machine has of its host's, and the memory that
 * they may reach: all of guest RAM, pinned, at the guest's own addresses.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runners/vmm/vfio/vfio_pci.h"

struct ioapic;
struct mem;
struct stamp_log;

/* Where the legacy interrupt of the device in slot VFIO_SLOT + I ends: also in the
 * DSDT. */
#define VFIO_SLOT 16
#define VFIO_FIRST_PIN 16

struct vfio_set_config {
	const char *addresses[VFIO_MAX_DEVICES]; /* borrowed */
	uint32_t count;
	enum vfio_iommu_choice iommu;
	const struct vfio_sys *sys; /* NULL: the host's */
};

struct vfio_set {
	struct vfio_iommu iommu;
	struct vfio_pci *devices; /* owned; NULL: none */
	uint32_t count;
	struct ioapic *ioapic; /* borrowed */
	/* Eventfds of each: its errors, that the host wants it back, and its legacy
	 * interrupt. */
	int event_fds[VFIO_MAX_DEVICES][3];
	int event_fd; /* of all of them, to be polled; -1: none */
};

/* Nothing is made for a CFG without addresses. Stamps the phases `vfio_opened`
 * and `dma_mapped`. */
int vfio_set_create(struct vfio_set *set, const struct vfio_set_config *cfg,
		    const struct mem *mem, struct pci_bus *bus,
		    struct ioapic *ioapic, struct stamp_log *stamps,
		    struct err *err);
void vfio_set_destroy(struct vfio_set *set); /* zeroed is fine */

/* When event_fd is readable: hands an interrupt on, or says which device is in
 * trouble, and how. -EAGAIN when none is. */
int vfio_set_take_event(struct vfio_set *set, char *text, size_t size);

#endif
