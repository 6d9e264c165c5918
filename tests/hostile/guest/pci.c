// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/guest/pci.h"

#include "tests/hostile/guest/machine.h"

#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc
#define VENDOR_VIRTIO 0x1af4u
#define MODERN_BASE 0x1040u
#define CAPABILITIES 0x34
#define CAP_VENDOR 0x09
#define CAP_MSIX 0x11
#define MAX_CAPS 16

enum { CFG_COMMON = 1, CFG_NOTIFY, CFG_ISR, CFG_DEVICE };

static void select_reg(uint32_t slot, uint32_t reg)
{
	outl(ADDRESS_PORT, 1u << 31 | slot << 11 | (reg & 0xfc));
}

uint32_t pci_read(uint32_t slot, uint32_t reg, uint32_t width)
{
	uint16_t port = (uint16_t)(DATA_PORT + (reg & 3));

	select_reg(slot, reg);
	if (width == 1)
		return inb(port);
	return width == 2 ? inw(port) : inl(port);
}

void pci_write(uint32_t slot, uint32_t reg, uint32_t width, uint32_t value)
{
	uint16_t port = (uint16_t)(DATA_PORT + (reg & 3));

	select_reg(slot, reg);
	if (width == 1)
		outb(port, (uint8_t)value);
	else if (width == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
}

static uint64_t bar_of(uint32_t slot, uint32_t bar)
{
	return pci_read(slot, PCI_BAR0 + 4 * bar, 4) & ~0xfu;
}

static void take_vendor(struct pci_dev *dev, uint32_t cap)
{
	uint64_t at = bar_of(dev->slot, pci_read(dev->slot, cap + 4, 1)) +
		      pci_read(dev->slot, cap + 8, 4);

	switch (pci_read(dev->slot, cap + 3, 1)) {
	case CFG_COMMON:
		dev->common = at;
		break;
	case CFG_NOTIFY:
		dev->notify = at;
		dev->notify_multiplier = pci_read(dev->slot, cap + 16, 4);
		break;
	case CFG_DEVICE:
		dev->device = at;
		break;
	default:
		break;
	}
}

static void take_caps(struct pci_dev *dev)
{
	uint32_t cap = pci_read(dev->slot, CAPABILITIES, 1);
	uint32_t i, word;

	for (i = 0; cap && i < MAX_CAPS; i++) {
		switch (pci_read(dev->slot, cap, 1)) {
		case CAP_VENDOR:
			take_vendor(dev, cap);
			break;
		case CAP_MSIX:
			word = pci_read(dev->slot, cap + 4, 4);
			dev->msix_cap = cap;
			dev->msix_count =
				(pci_read(dev->slot, cap + 2, 2) & 0x7ff) + 1;
			dev->msix_table =
				bar_of(dev->slot, word & 7) + (word & ~7u);
			break;
		default:
			break;
		}
		cap = pci_read(dev->slot, cap + 1, 1);
	}
}

uint32_t pci_scan(struct pci_dev *devs, uint32_t max)
{
	uint32_t slot, count = 0;

	for (slot = 1; slot < PCI_SLOTS && count < max; slot++) {
		uint32_t id = pci_read(slot, 0, 4);

		if ((id & 0xffff) != VENDOR_VIRTIO)
			continue;
		devs[count] = (struct pci_dev){.slot = slot,
					       .id = (id >> 16) - MODERN_BASE};
		pci_write(slot, PCI_COMMAND, 2,
			  PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		take_caps(&devs[count++]);
	}
	return count;
}

void pci_msix_on(const struct pci_dev *dev, uint32_t vector)
{
	uint32_t i;

	for (i = 0; i < dev->msix_count; i++) {
		uint64_t entry = dev->msix_table + 16 * i;

		mmio_write(entry, 8, LAPIC_GPA);
		mmio_write(entry + 8, 4, vector + i);
		mmio_write(entry + 12, 4, 0);
	}
	pci_write(dev->slot, dev->msix_cap + 2, 2, 0x8000);
}
