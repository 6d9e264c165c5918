// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/hostile/guest/driver.h"

#include <stddef.h>
#include <string.h>

#include "tests/hostile/guest/machine.h"

/* Each queue of each slot has this much, for three parts of a page each. */
#define QUEUE_BYTES 0x4000ull
#define QUEUES_PER_SLOT 4u
#define SECTOR_BYTES 512u

struct blk_head {
	uint32_t type;
	uint32_t reserved;
	uint64_t sector;
};

uint64_t common_read(const struct pci_dev *dev, enum common reg, uint32_t width)
{
	return mmio_read(dev->common + reg, width);
}

void common_write(const struct pci_dev *dev, enum common reg, uint32_t width,
		  uint64_t value)
{
	mmio_write(dev->common + reg, width, value);
}

static void add_status(const struct pci_dev *dev, uint32_t bits)
{
	common_write(dev, C_STATUS, 1, common_read(dev, C_STATUS, 1) | bits);
}

void driver_reset(const struct pci_dev *dev)
{
	common_write(dev, C_STATUS, 1, 0);
}

static uint64_t offered(const struct pci_dev *dev)
{
	uint64_t low;

	common_write(dev, C_FEATURE_SELECT, 4, 0);
	low = common_read(dev, C_FEATURE, 4);
	common_write(dev, C_FEATURE_SELECT, 4, 1);
	return low | common_read(dev, C_FEATURE, 4) << 32;
}

void driver_begin(const struct pci_dev *dev, uint64_t wanted)
{
	uint64_t take;

	driver_reset(dev);
	add_status(dev, S_ACKNOWLEDGE);
	add_status(dev, S_DRIVER);
	take = offered(dev) & (wanted | F_VERSION_1);
	common_write(dev, C_DRIVER_SELECT, 4, 0);
	common_write(dev, C_DRIVER_FEATURE, 4, (uint32_t)take);
	common_write(dev, C_DRIVER_SELECT, 4, 1);
	common_write(dev, C_DRIVER_FEATURE, 4, take >> 32);
	add_status(dev, S_FEATURES_OK);
}

void driver_rings(const struct pci_dev *dev, uint32_t index, uint32_t size,
		  uint64_t desc, uint64_t avail, uint64_t used)
{
	common_write(dev, C_QUEUE_SELECT, 2, index);
	common_write(dev, C_QUEUE_SIZE, 2, size);
	common_write(dev, C_QUEUE_DESC, 8, desc);
	common_write(dev, C_QUEUE_AVAIL, 8, avail);
	common_write(dev, C_QUEUE_USED, 8, used);
}

void driver_queue(struct pci_dev *dev, uint32_t index, uint32_t size,
		  struct queue *q)
{
	uint64_t at = RINGS_GPA +
		      (dev->slot * QUEUES_PER_SLOT + index % QUEUES_PER_SLOT) *
			      QUEUE_BYTES;

	*q = (struct queue){.dev = dev,
			    .index = index,
			    .size = size,
			    .desc = (void *)(uintptr_t)at,
			    .avail = (void *)(uintptr_t)(at + 0x1000),
			    .used = (void *)(uintptr_t)(at + 0x2000)};
	memset((void *)(uintptr_t)at, 0, QUEUE_BYTES);
	driver_rings(dev, index, size, at, at + 0x1000, at + 0x2000);
	common_write(dev, C_QUEUE_VECTOR, 2, index + 1);
	common_write(dev, C_QUEUE_ENABLE, 2, 1);
}

void driver_go(const struct pci_dev *dev)
{
	add_status(dev, S_DRIVER_OK);
}

uint32_t driver_start(struct pci_dev *dev, uint64_t wanted, uint32_t size,
		      struct queue *queues, uint32_t max)
{
	uint32_t count, i;

	driver_begin(dev, wanted);
	count = (uint32_t)common_read(dev, C_NUM_QUEUES, 2);
	if (count > max)
		count = max;
	for (i = 0; i < count; i++)
		driver_queue(dev, i, size, &queues[i]);
	driver_go(dev);
	return count;
}

void queue_desc(struct queue *q, uint32_t i, uint64_t addr, uint32_t len,
		uint32_t flags, uint32_t next)
{
	q->desc[i].addr = addr;
	q->desc[i].len = len;
	q->desc[i].flags = (uint16_t)flags;
	q->desc[i].next = (uint16_t)next;
}

void queue_bell(const struct queue *q)
{
	mmio_write(q->dev->notify + q->index * q->dev->notify_multiplier, 2,
		   q->index);
}

void queue_push(struct queue *q, uint32_t head)
{
	q->avail[2 + q->next % q->size] = (uint16_t)head;
	q->next++;
	__asm__ volatile("" : : : "memory");
	q->avail[1] = q->next;
	queue_bell(q);
}

bool queue_done(const struct queue *q, uint64_t ms)
{
	uint64_t until = after_ms(ms);

	while (q->used[1] != q->next) {
		if (is_past(until))
			return false;
		__asm__ volatile("pause");
	}
	return true;
}

bool disk_read(struct queue *q, uint64_t sector, uint64_t gpa, uint32_t sectors)
{
	volatile struct blk_head *head =
		(void *)(uintptr_t)((uint64_t)(uintptr_t)q->desc + 0x3000);
	volatile uint8_t *status = (volatile uint8_t *)(head + 1);

	head->type = 0;
	head->reserved = 0;
	head->sector = sector;
	*status = 0xff;
	queue_desc(q, 0, (uintptr_t)head, sizeof(*head), D_NEXT, 1);
	queue_desc(q, 1, gpa, sectors * SECTOR_BYTES, D_NEXT | D_WRITE, 2);
	queue_desc(q, 2, (uintptr_t)status, 1, D_WRITE, 0);
	queue_push(q, 0);
	return queue_done(q, 2000) && !*status;
}
