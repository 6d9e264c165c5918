// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by chance: the same seed does the same again. */
#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"

#define CHANCE_MS 600

/* Half of the time a place that is right or nearly so. */
static uint64_t some_address(void)
{
	static const uint64_t bases[] = {DATA_GPA,   RINGS_GPA,     HOLE_GPA,
					 IOAPIC_GPA, RAM_BYTES,     0,
					 1ull << 63, PCI_WINDOW_GPA};

	if (chance() & 1)
		return DATA_GPA + chance_below(DATA_BYTES);
	return bases[chance_below(8)] + chance_below(0x4000) - 0x10;
}

static uint32_t some_length(void)
{
	return (uint32_t)(chance() >> (32 + chance_below(32)));
}

void attack_chance_chains(struct world *w)
{
	uint64_t until = after_ms(CHANCE_MS);

	while (!is_past(until)) {
		struct pci_dev *dev = &w->devs[chance_below(w->dev_count)];
		uint32_t count = world_start(w, dev, chance());
		uint32_t i;

		for (i = 0; i < 64; i++) {
			struct queue *q = &w->queues[chance_below(count)];
			uint32_t at = (uint32_t)chance_below(QUEUE_MAX);

			queue_desc(q, at, some_address(), some_length(),
				   (uint32_t)chance_below(8),
				   (uint32_t)chance_below(QUEUE_MAX + 1));
			if (chance() & 1)
				queue_push(q, at);
			if (!chance_below(16))
				q->avail[1] = (uint16_t)chance();
		}
		driver_reset(dev);
	}
}

/* Registers of all devices, in any order. */
void attack_chance(struct world *w)
{
	uint64_t until = after_ms(CHANCE_MS);
	uint32_t i;

	while (!is_past(until)) {
		struct pci_dev *dev = &w->devs[chance_below(w->dev_count)];
		uint32_t width = 1u << chance_below(4);
		uint64_t off = chance_below(64);

		switch (chance_below(6)) {
		case 0:
			mmio_write(dev->common + off, width, chance());
			break;
		case 1:
			mmio_write(dev->common + off, width, chance_below(16));
			break;
		case 2:
			mmio_write(dev->common + C_QUEUE_DESC + off % 24, 8,
				   some_address());
			break;
		case 3:
			mmio_write(dev->notify + off, 2, off);
			break;
		case 4:
			mmio_write(dev->msix_table + off, 4, chance());
			break;
		default:
			mmio_read(dev->common + off, width);
			break;
		}
	}
	for (i = 0; i < w->dev_count; i++)
		driver_reset(&w->devs[i]);
}
