/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VIRTIO_PCI_H
#define RUNNERS_VMM_VIRTIO_VIRTIO_PCI_H

/*
 * virtio_pci - the modern PCI transport (virtio 1.2, 4.1).
 *
 * BAR 0: common configuration at 0, ISR at 0x1000, the device's own
 * configuration at 0x2000, one notification word per queue at 0x3000.
 * BAR 1: the MSI-X table. Interrupts are MSI-X only.
 */
#include "runners/vmm/dev/pci.h"

struct virtio_dev;

struct virtio_pci {
	struct pci_function fn;
	struct virtio_dev *dev; /* borrowed */
	uint32_t device_feature_select;
	uint32_t driver_feature_select;
	uint16_t queue_select;
	_Atomic uint16_t config_vector; /* devices read it at any time */
	bool wants_doorbells;           /* these two are under the bus's lock */
	uint64_t doorbell_gpa; /* of the BAR they are at; 0: none are set */
};

/* Put DEV into SLOT of BUS. */
int virtio_pci_init(struct virtio_pci *vp, struct pci_bus *bus, uint32_t slot,
		    struct virtio_dev *dev);

/* Stop the device and take it off the hypervisor; zeroed is fine. */
void virtio_pci_release(struct virtio_pci *vp);

#endif
