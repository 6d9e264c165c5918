/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VFIO_VFIO_PCI_H
#define RUNNERS_VMM_VFIO_VFIO_PCI_H

/*
 * vfio_pci - a function of the host on the guest's bus.
 *
 * Whole pages of BARs are the guest's own, with no exit; the pages with the
 * MSI-X table are answered here, and what is behind them is handed on. Of the
 * configuration space BARs, interrupts and the chain of capabilities are ours,
 * and the rest is the device's, as vfio-pci lets it through.
 *
 * An interrupt by MSI-X or MSI is a signal from vfio that the hypervisor takes
 * without the VMM. A function without either has its legacy interrupt, which
 * vfio_set hands on, as our IOAPIC is in the VMM.
 */
#include "runners/vmm/dev/pci.h"
#include "runners/vmm/vfio/vfio_device.h"

struct vfio_bar_map {
	void *hosts[VFIO_MAX_AREAS]; /* owned mappings; NULL: none */
	struct vfio_area areas[VFIO_MAX_AREAS];
	bool is_mapped[VFIO_MAX_AREAS]; /* in the guest, at gpa */
	uint32_t area_count;
	uint64_t gpa; /* 0: nowhere */
};

struct vfio_pci {
	struct pci_function fn;
	struct vfio_device dev;
	bool is_ours[PCI_CONFIG_BYTES]; /* in fn.config, not the device's */
	uint8_t msi_cap;                /* 0: none */
	bool msi_is_64, msi_has_masks;
	uint32_t table_entries; /* of the device's MSI-X table */
	uint32_t irq_index;     /* of vfio: MSI-X or MSI */
	uint32_t vector_count;  /* that vfio signals now */
	bool has_intx;          /* in their place */
	struct vfio_bar_map maps[VFIO_BAR_COUNT];
};

/* Puts the opened DEV, which it owns from then on, into SLOT. */
int vfio_pci_init(struct vfio_pci *vp, const struct vfio_device *dev,
		  struct pci_bus *bus, uint32_t slot, struct err *err);

/* Takes it off the hypervisor, resets and closes it; half-made is fine. */
void vfio_pci_release(struct vfio_pci *vp);

#endif
