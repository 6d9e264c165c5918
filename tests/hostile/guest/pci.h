/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_GUEST_PCI_H
#define TESTS_HOSTILE_GUEST_PCI_H

/* pci - the guest's enumeration of bus 0, by ports 0xcf8 and 0xcfc. */
#include <stdbool.h>
#include <stdint.h>

#define PCI_COMMAND 0x04
#define PCI_BAR0 0x10
#define PCI_BAR1 0x14
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_SLOTS 32u

#define VIRTIO_NET 1u
#define VIRTIO_BLK 2u
#define VIRTIO_CONSOLE 3u
#define VIRTIO_RNG 4u
#define VIRTIO_VSOCK 19u

/* A virtio function; places of its parts in its BARs are guest-physical. */
struct pci_dev {
	uint32_t slot;
	uint32_t id;             /* VIRTIO_* */
	uint64_t common, notify; /* what virtio 1.2, 4.1.4 calls them */
	uint64_t device;
	uint32_t notify_multiplier;
	uint32_t msix_cap; /* its place in configuration space */
	uint32_t msix_count;
	uint64_t msix_table;
};

uint32_t pci_read(uint32_t slot, uint32_t reg, uint32_t width);
void pci_write(uint32_t slot, uint32_t reg, uint32_t width, uint32_t value);

/* Every virtio function of the bus, at most MAX of them. */
uint32_t pci_scan(struct pci_dev *devs, uint32_t max);

/* All vectors unmasked, to VECTOR, VECTOR + 1, ... of the first CPU. */
void pci_msix_on(const struct pci_dev *dev, uint32_t vector);

#endif
