// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by the way in which a driver sets a device up, and takes it down. */
#include <string.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void take_features(const struct pci_dev *dev, uint64_t features)
{
	common_write(dev, C_DRIVER_SELECT, 4, 0);
	common_write(dev, C_DRIVER_FEATURE, 4, (uint32_t)features);
	common_write(dev, C_DRIVER_SELECT, 4, 1);
	common_write(dev, C_DRIVER_FEATURE, 4, features >> 32);
	common_write(dev, C_DRIVER_SELECT, 4, 0xffffffff);
	common_write(dev, C_DRIVER_FEATURE, 4, 0xffffffff);
}

/* All bits, none, those that nobody offered; agreed to late, twice or never. */
void attack_features(struct world *w)
{
	static const uint64_t sets[] = {0,
					UINT64_MAX,
					1,
					F_VERSION_1,
					F_INDIRECT | F_EVENT_IDX,
					0xffffffff00000000ull,
					0x5555555555555555ull};
	static const uint8_t orders[][4] = {{15, 0, 0, 0},  {8, 15, 0, 0},
					    {4, 12, 15, 0}, {1, 4, 15, 255},
					    {11, 3, 7, 0},  {255, 0, 4, 0}};
	uint32_t d, i, k, s;

	for (d = 0; d < w->dev_count; d++)
		for (i = 0; i < COUNT(sets) * COUNT(orders); i++) {
			struct pci_dev *dev = &w->devs[d];

			driver_reset(dev);
			take_features(dev, sets[i % COUNT(sets)]);
			driver_queue(dev, 0, 256, &w->queues[0]);
			for (s = 0; s < 4; s++) {
				common_write(dev, C_STATUS, 1,
					     orders[i / COUNT(sets)][s]);
				take_features(dev, ~sets[i % COUNT(sets)]);
			}
			for (k = 0; k < 8; k++) {
				queue_desc(&w->queues[0], k, DATA_GPA, 64,
					   k & 7, k + 1);
				queue_push(&w->queues[0], k);
			}
			driver_reset(dev);
		}
}

void attack_status(struct world *w)
{
	uint32_t d, i;

	for (d = 0; d < w->dev_count; d++) {
		for (i = 0; i < 256; i++)
			common_write(&w->devs[d], C_STATUS, 1, i);
		for (i = 0; i < 256; i++) {
			common_write(&w->devs[d], C_STATUS, 1,
				     chance_below(16));
			common_write(&w->devs[d], C_QUEUE_ENABLE, 2,
				     chance_below(3));
		}
		driver_reset(&w->devs[d]);
	}
}

void attack_queue_size(struct world *w)
{
	static const uint32_t sizes[] = {0,   1,   2,   3,      7,      255,
					 257, 511, 512, 0x8000, 0xffff, 0x100};
	uint32_t d, i, q;

	for (d = 0; d < w->dev_count; d++)
		for (i = 0; i < COUNT(sizes); i++) {
			struct pci_dev *dev = &w->devs[d];

			driver_begin(dev, F_EVENT_IDX | F_INDIRECT);
			for (q = 0; q < MAX_QUEUES + 2; q++) {
				driver_queue(dev, q, sizes[i],
					     &w->queues[q % MAX_QUEUES]);
				w->queues[q % MAX_QUEUES].size = 256;
			}
			common_write(dev, C_QUEUE_SELECT, 2, 0xffff);
			common_write(dev, C_QUEUE_ENABLE, 2, 1);
			driver_go(dev);
			queue_desc(&w->queues[0], 0, DATA_GPA, 64, D_WRITE, 0);
			for (q = 0; q < 300; q++)
				queue_push(&w->queues[0], 0);
			driver_reset(dev);
		}
}

void attack_ring_address(struct world *w)
{
	static const uint64_t places[] = {0,
					  1,
					  RAM_BYTES - 16,
					  RAM_BYTES,
					  HOLE_GPA,
					  IOAPIC_GPA,
					  LAPIC_GPA,
					  PCI_WINDOW_GPA + 0x8000,
					  0x100000,
					  0xfffff000,
					  0x100000000ull,
					  0x8000000000000000ull,
					  UINT64_MAX,
					  UINT64_MAX - 15};
	uint32_t d, i, q;

	for (d = 0; d < w->dev_count; d++)
		for (i = 0; i < COUNT(places) * 3; i++) {
			struct pci_dev *dev = &w->devs[d];
			uint64_t at[3] = {RINGS_GPA, RINGS_GPA + 0x1000,
					  RINGS_GPA + 0x2000};

			at[i % 3] = places[i / 3];
			driver_begin(dev, 0);
			for (q = 0; q < MAX_QUEUES; q++) {
				driver_rings(dev, q, 256, at[0], at[1], at[2]);
				common_write(dev, C_QUEUE_ENABLE, 2, 1);
			}
			driver_go(dev);
			mmio_write(dev->notify, 2, 0);
			driver_reset(dev);
		}
}

/* Addresses, sizes and vectors change while the device works with them. */
void attack_ring_moved(struct world *w)
{
	uint32_t d, i, k;

	for (d = 0; d < w->dev_count; d++) {
		uint32_t count = world_start(w, &w->devs[d], F_EVENT_IDX);

		for (i = 0; i < 200; i++) {
			struct queue *q = &w->queues[i % count];

			queue_desc(q, 0, DATA_GPA, 4096, D_WRITE, 0);
			queue_push(q, 0);
			driver_rings(&w->devs[d], q->index,
				     1u << chance_below(9),
				     DATA_GPA + 16 * chance_below(4096),
				     chance(), HOLE_GPA);
			for (k = 0; k < 3; k++)
				common_write(&w->devs[d], C_QUEUE_ENABLE, 2,
					     k % 2);
			common_write(&w->devs[d], C_QUEUE_VECTOR, 2, chance());
			common_write(&w->devs[d], C_CONFIG_VECTOR, 2, chance());
			common_write(&w->devs[d], C_STATUS, 1, 15);
		}
		driver_reset(&w->devs[d]);
	}
}

static void fill_reads(struct queue *q)
{
	volatile uint64_t *head = (void *)(uintptr_t)DATA_GPA;
	uint32_t i;

	for (i = 0; i + 2 < QUEUE_MAX; i += 3) {
		head[i * 8] = i % 2; /* reads and writes in turn */
		head[i * 8 + 1] = i;
		queue_desc(q, i, (uintptr_t)&head[i * 8], 16, D_NEXT, i + 1);
		queue_desc(q, i + 1, DATA_GPA + 0x100000, 0x40000,
			   D_NEXT | (i % 2 ? 0 : D_WRITE), i + 2);
		queue_desc(q, i + 2, (uintptr_t)&head[i * 8 + 2], 1, D_WRITE,
			   0);
		queue_push(q, i);
	}
}

/* A full queue under way each time. */
void attack_reset_in_flight(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t i;

	for (i = 0; dev && i < 40; i++) {
		world_start(w, dev, i % 2 ? F_EVENT_IDX : 0);
		fill_reads(&w->queues[0]);
		pause_us(chance_below(300));
		driver_reset(dev);
		memset((void *)(uintptr_t)w->queues[0].desc, 0xff, 0x3000);
	}
}

void attack_reset_storm(struct world *w)
{
	uint32_t d, i;

	for (d = 0; d < w->dev_count; d++)
		for (i = 0; i < 60; i++) {
			world_start(w, &w->devs[d], UINT64_MAX);
			driver_reset(&w->devs[d]);
			driver_reset(&w->devs[d]);
		}
}

/* Every register in every width, at every offset; none reaches over a page. */
void attack_widths(struct world *w)
{
	uint32_t d, off, width;

	for (d = 0; d < w->dev_count; d++) {
		struct pci_dev *dev = &w->devs[d];

		for (width = 1; width <= 8; width *= 2)
			for (off = 0; off < 72; off++) {
				mmio_read(dev->common + off, width);
				mmio_read(dev->device + off, width);
				mmio_read(dev->notify + off, width);
				mmio_write(dev->common + off, width, off * 257);
				mmio_write(dev->device + off, width,
					   UINT64_MAX);
				mmio_write(dev->notify + off, width, off);
			}
		for (width = 1; width <= 8; width *= 2)
			for (off = 0xff0; off <= 0x1000 - width; off++) {
				mmio_read(dev->common + off, width);
				mmio_write(dev->common + 0x3000 + off, width,
					   off);
			}
		driver_reset(dev);
	}
}
