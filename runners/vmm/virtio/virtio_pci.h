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
#include "runners/vmm/virtio/virtio.h"

struct err;

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

#define VIRTIO_CONFIG_BYTES 64u

/* A record of a snapshot (snapshot/snap_format.h). */
struct virtio_queue_state {
	uint64_t desc_gpa, avail_gpa, used_gpa;
	uint16_t size;
	uint16_t msix_vector;
	uint16_t next_avail, next_used, signalled_used;
	uint8_t ready;
	uint8_t zero[5];
};

struct virtio_state {
	uint64_t offered, features;
	uint32_t device_id, queue_count;
	uint32_t device_feature_select, driver_feature_select;
	uint16_t queue_select, config_vector;
	uint8_t status;
	uint8_t is_running, is_broken;
	uint8_t zero;
	uint8_t config[VIRTIO_CONFIG_BYTES]; /* the beginning of the device's */
	struct virtio_queue_state queues[VIRTIO_MAX_QUEUES];
};

/* Put DEV into SLOT of BUS. */
int virtio_pci_init(struct virtio_pci *vp, struct pci_bus *bus, uint32_t slot,
		    struct virtio_dev *dev);

/* Stop the device and take it off the hypervisor; zeroed is fine. */
void virtio_pci_release(struct virtio_pci *vp);

/* NULL: FN is another kind of function. */
struct virtio_pci *virtio_pci_of(struct pci_function *fn);

/*
 * While no vCPU runs. Getting it ends the device's threads, once all that is in
 * flight is done. The state to be set is hostile, and must be of a device like this
 * one: -ENODEV, -EINVAL.
 */
void virtio_pci_state_get(struct virtio_pci *vp, struct virtio_state *state);
int virtio_pci_state_set(struct virtio_pci *vp,
			 const struct virtio_state *state, struct err *err);

/* After the latter, on a vCPU's thread: what DRIVER_OK has started begins again. */
void virtio_pci_resume(struct virtio_pci *vp);

#endif
