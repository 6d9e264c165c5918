// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by configuration space: BARs under traffic, MSI-X. */
#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define COMMAND_ON (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

/* Reads under way on the first disk, without an end to wait for. */
static void traffic(struct world *w)
{
	struct queue *q = &w->queues[0];
	volatile uint64_t *head = (void *)(uintptr_t)DATA_GPA;

	head[0] = 0;
	head[1] = 1;
	queue_desc(q, 0, DATA_GPA, 16, D_NEXT, 1);
	queue_desc(q, 1, DATA_GPA + 0x1000, 0x8000, D_NEXT | D_WRITE, 2);
	queue_desc(q, 2, DATA_GPA + 64, 1, D_WRITE, 0);
	queue_push(q, 0);
}

/* BAR 0 to each of the places and back, with I/O before, there and behind. */
static void move_to(struct world *w, const uint64_t *places, uint32_t count)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t home, i, k;

	if (!dev)
		return;
	home = pci_read(dev->slot, PCI_BAR0, 4);
	world_start(w, dev, 0);
	for (i = 0; i < count; i++) {
		traffic(w);
		pci_write(dev->slot, PCI_BAR0, 4, (uint32_t)places[i]);
		for (k = 0; k < 8; k++)
			mmio_write(places[i] + 0x3000 + 4 * k, 2, 0);
		pci_write(dev->slot, PCI_BAR0, 4, home);
		traffic(w);
	}
	driver_reset(dev);
}

void attack_bar_over_ram(struct world *w)
{
	static const uint64_t places[] = {DATA_GPA + 0x100000, 0x2000000,
					  RAM_BYTES - 0x4000, RAM_BYTES};

	move_to(w, places, COUNT(places));
}

void attack_bar_over_bar(struct world *w)
{
	uint64_t places[MAX_DEVS * 2];
	uint32_t d, count = 0;

	for (d = 0; d < w->dev_count; d++) {
		places[count++] = w->devs[d].common;
		places[count++] = w->devs[d].msix_table;
	}
	move_to(w, places, count);
}

/* The guest's own APIC is not written to: a doorbell may be there then. */
void attack_bar_over_apics(struct world *w)
{
	static const uint64_t places[] = {IOAPIC_GPA - 0x3000, IOAPIC_GPA,
					  0xf8000000 - 0x3000, 0xf8000000,
					  0xfee04000,          0xffffc000,
					  0xfffe0000};

	move_to(w, places, COUNT(places));
}

void attack_bar_storm(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint64_t until = after_ms(300);
	uint32_t home[2];

	if (!dev)
		return;
	home[0] = pci_read(dev->slot, PCI_BAR0, 4);
	home[1] = pci_read(dev->slot, PCI_BAR1, 4);
	world_start(w, dev, 0);
	while (!is_past(until)) {
		traffic(w);
		pci_write(dev->slot, PCI_BAR0 + 4 * (uint32_t)chance_below(6),
			  1u << chance_below(3), (uint32_t)chance());
		pci_write(dev->slot, PCI_COMMAND, 2, (uint32_t)chance());
		pci_write(dev->slot, PCI_BAR0, 4, home[0]);
		pci_write(dev->slot, PCI_COMMAND, 2, COMMAND_ON);
	}
	pci_write(dev->slot, PCI_BAR1, 4, home[1]);
	driver_reset(dev);
}

void attack_decode_off(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, F_EVENT_IDX);
	for (i = 0; i < 200; i++) {
		traffic(w);
		pci_write(dev->slot, PCI_COMMAND, 2, 0);
		queue_bell(&w->queues[0]);
		common_write(dev, C_STATUS, 1, 0);
		pci_write(dev->slot, PCI_COMMAND, 2, COMMAND_ON);
	}
	driver_reset(dev);
}

/* All of it in all widths, of functions that are there and not. */
void attack_config_space(struct world *w)
{
	uint32_t slot, off, width;
	uint32_t home[PCI_SLOTS][2];

	(void)w;
	for (slot = 0; slot < PCI_SLOTS; slot++)
		for (off = 0; off < 2; off++)
			home[slot][off] = pci_read(slot, PCI_BAR0 + 4 * off, 4);
	for (slot = 0; slot < PCI_SLOTS; slot++)
		for (width = 1; width <= 4; width *= 2)
			for (off = 0; off < 256; off += 3) {
				pci_read(slot, off, width);
				pci_write(slot, off, width, 0xffffffff);
				pci_write(slot, off, width, off);
			}
	for (off = 0; off < 8; off++) {
		outl((uint16_t)(0xcf8 + off), 0xffffffff);
		outw((uint16_t)(0xcf8 + off), 0xffff);
		inl((uint16_t)(0xcf8 + off));
	}
	for (slot = 1; slot < PCI_SLOTS; slot++) {
		pci_write(slot, PCI_COMMAND, 2, COMMAND_ON);
		for (off = 0; off < 2; off++)
			pci_write(slot, PCI_BAR0 + 4 * off, 4, home[slot][off]);
	}
}

/* Interrupts to where no CPU listens, or something else does. */
void attack_msix_addresses(struct world *w)
{
	static const uint64_t places[] = {0,
					  0x1000,
					  DATA_GPA,
					  IOAPIC_GPA,
					  HOLE_GPA,
					  LAPIC_GPA + 0xff000,
					  LAPIC_GPA + 0xffffc,
					  0x1fee00000ull,
					  UINT64_MAX,
					  0xfee00000ffffffffull};
	/* Fixed, SMI, NMI, INIT, ExtINT; vectors 0 and 255; level. */
	static const uint32_t messages[] = {0x00,  0x0f,   0xff,   0x2ff,
					    0x7ff, 0xc061, 0xffff, 0xffffffff};
	uint32_t i, k;
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);

	for (i = 0; dev && i < COUNT(places) * COUNT(messages); i++) {
		world_start(w, dev, 0);
		pci_msix_on(dev, 0x80);
		for (k = 0; k < dev->msix_count; k++) {
			uint64_t entry = dev->msix_table + 16 * k;

			mmio_write(entry, 8, places[i % COUNT(places)]);
			mmio_write(entry + 8, 4, messages[i / COUNT(places)]);
			mmio_write(entry + 12, 4, 0);
		}
		traffic(w);
		pause_us(100);
	}
	if (dev)
		driver_reset(dev);
}

void attack_msix_flips(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint64_t until = after_ms(300);
	uint32_t i = 0;

	if (!dev)
		return;
	world_start(w, dev, 0);
	pci_msix_on(dev, 0x80);
	while (!is_past(until)) {
		uint64_t entry = dev->msix_table + 16 * (i % dev->msix_count);

		traffic(w);
		mmio_write(entry + 12, 4, i++ & 1);
		mmio_write(entry + 8, 4, 0x80 + i % 64);
		pci_write(dev->slot, dev->msix_cap + 2, 2,
			  i % 7 ? 0x8000 : 0xc000);
		pci_write(dev->slot, dev->msix_cap + 2, 2, i % 5 ? 0x8000 : 0);
	}
	driver_reset(dev);
}

/* A vector for each queue, of which most do not exist. */
void attack_msix_vectors(struct world *w)
{
	static const uint32_t vectors[] = {0,   1,     2,      3,      17,
					   255, 0x7ff, 0x8000, 0xfffe, 0xffff};
	uint32_t d, i, k;

	for (d = 0; d < w->dev_count; d++) {
		uint32_t count = world_start(w, &w->devs[d], 0);

		pci_msix_on(&w->devs[d], 0x80);
		for (i = 0; i < COUNT(vectors); i++)
			for (k = 0; k < count; k++) {
				common_write(&w->devs[d], C_QUEUE_SELECT, 2, k);
				common_write(&w->devs[d], C_QUEUE_VECTOR, 2,
					     vectors[i]);
				common_write(&w->devs[d], C_CONFIG_VECTOR, 2,
					     vectors[i]);
				queue_desc(&w->queues[k], 0, DATA_GPA, 64,
					   D_WRITE, 0);
				queue_push(&w->queues[k], 0);
			}
		driver_reset(&w->devs[d]);
	}
}

/* The whole of BAR 1, in every width, aligned and not. */
void attack_msix_table(struct world *w)
{
	uint32_t d, off, width;

	for (d = 0; d < w->dev_count; d++) {
		uint64_t bar = w->devs[d].msix_table & ~0x3fffull;

		for (width = 1; width <= 8; width *= 2)
			for (off = 0; off + width <= 0x4000;
			     off +=
			     off < 0x140 || (off & 0xfff) < 32 ? 1 : 61) {
				mmio_write(bar + off, width, UINT64_MAX);
				mmio_read(bar + off, width);
			}
		pci_msix_on(&w->devs[d], 0x80);
	}
}
