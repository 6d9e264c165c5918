// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by requests to disks. */
#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T_IN 0u
#define T_OUT 1u
#define T_FLUSH 4u
#define T_GET_ID 8u
#define T_DISCARD 11u
#define T_WRITE_ZEROES 13u
#define HEADS_GPA DATA_GPA
#define BODY_GPA (DATA_GPA + 0x100000)

/* Three descriptors from 3 * SLOT on: a head of TYPE, BYTES at GPA, a status. */
static void request(struct queue *q, uint32_t slot, uint32_t type,
		    uint64_t sector, uint64_t gpa, uint32_t bytes)
{
	volatile uint64_t *head =
		(void *)(uintptr_t)(HEADS_GPA + 64 * (slot % 85));
	uint32_t first = slot % 85 * 3;
	bool is_in = type == T_IN || type == T_GET_ID;

	head[0] = type;
	head[1] = sector;
	queue_desc(q, first, (uintptr_t)head, 16, D_NEXT, first + 1);
	queue_desc(q, first + 1, gpa, bytes, D_NEXT | (is_in ? D_WRITE : 0),
		   first + 2);
	queue_desc(q, first + 2, (uintptr_t)&head[2], 1, D_WRITE, 0);
	queue_push(q, first);
}

/* COUNT of them, and no more at once than the rules allow. */
static void storm(struct world *w, uint32_t type, uint32_t count,
		  uint32_t bytes)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, UINT64_MAX);
	for (i = 0; i < count; i++) {
		request(&w->queues[0], i, type, i % 64, BODY_GPA, bytes);
		if (i % 85 == 84)
			queue_done(&w->queues[0], 500);
	}
	queue_done(&w->queues[0], 500);
	driver_reset(dev);
}

void attack_blk_flush(struct world *w)
{
	storm(w, T_FLUSH, 2000, 0);
	storm(w, T_FLUSH, 500, 512);
}

/* Around the end of the disk, and around 2^64. */
void attack_blk_sectors(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	static const uint32_t lengths[] = {0, 1, 511, 512, 513, 4096, 0x100000};
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, 0);
	for (i = 0; i < COUNT(lengths) * 12; i++) {
		uint64_t end = mmio_read(dev->device, 8);
		const uint64_t sectors[] = {end - 1,        end,
					    end + 1,        1ull << 31,
					    1ull << 32,     1ull << 54,
					    1ull << 55,     1ull << 62,
					    1ull << 63,     UINT64_MAX / 512,
					    UINT64_MAX - 1, UINT64_MAX};

		request(&w->queues[0], i, i % 2 ? T_OUT : T_IN, sectors[i % 12],
			BODY_GPA, lengths[i / 12]);
	}
	queue_done(&w->queues[0], 500);
	driver_reset(dev);
}

void attack_blk_ranges(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	volatile uint32_t *range = (void *)(uintptr_t)BODY_GPA;
	uint32_t i;

	storm(w, T_DISCARD, 300, 16);
	storm(w, T_WRITE_ZEROES, 300, 16);
	if (!dev)
		return;
	world_start(w, dev, 0);
	for (i = 0; i < 400; i++) {
		range[0] = (uint32_t)chance();
		range[1] = i % 3 ? 0 : (uint32_t)chance();
		range[2] = (uint32_t)chance() >> chance_below(32);
		range[3] = (uint32_t)chance_below(3);
		request(&w->queues[0], i, i % 2 ? T_DISCARD : T_WRITE_ZEROES, 0,
			BODY_GPA, i % 4 ? 16 : (uint32_t)chance_below(64));
		queue_done(&w->queues[0], 100);
	}
	driver_reset(dev);
}

void attack_blk_requests(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	uint32_t i;

	if (!dev)
		return;
	world_start(w, dev, F_INDIRECT);
	for (i = 0; i < 600; i++) {
		request(&w->queues[0], i, i < 300 ? i : (uint32_t)chance(), i,
			BODY_GPA, (uint32_t)chance_below(70000));
		if (i % 85 == 84)
			queue_done(&w->queues[0], 300);
	}
	driver_reset(dev);
}

/* At odd addresses the device may not touch the guest's memory directly: each wants
 * a buffer of the host's, some more than it gives. Freed buffers of 100 KiB are what
 * libc gives back by itself. */
void attack_blk_bounce(struct world *w)
{
	struct pci_dev *dev = world_dev(w, VIRTIO_BLK);
	static const uint32_t lengths[] = {100u << 10, 4u << 20, 1u << 20,
					   8u << 20};
	uint32_t i, k;

	if (!dev)
		return;
	for (k = 0; k < 8; k++) {
		world_start(w, dev, 0);
		for (i = 0; i < 84; i++)
			request(&w->queues[0], i, k % 2 ? T_OUT : T_IN, 0,
				BODY_GPA + 1, lengths[k / 2]);
		queue_done(&w->queues[0], 200);
		driver_reset(dev);
	}
}

/* The disk that may only be read. */
void attack_blk_readonly(struct world *w)
{
	uint32_t d, i;

	for (d = 0; d < w->dev_count; d++) {
		struct pci_dev *dev = &w->devs[d];

		if (dev->id != VIRTIO_BLK)
			continue;
		common_write(dev, C_FEATURE_SELECT, 4, 0);
		if (!(common_read(dev, C_FEATURE, 4) & 1u << 5))
			continue;
		world_start(w, dev, UINT64_MAX);
		for (i = 0; i < 200; i++) {
			static const uint32_t types[] = {T_OUT, T_DISCARD,
							 T_WRITE_ZEROES, 5};

			request(&w->queues[0], i, types[i % 4], i, BODY_GPA,
				i % 8 < 4 ? 4096 : 16);
			queue_done(&w->queues[0], 20);
		}
		driver_reset(dev);
	}
}

/* With empty queues, at queues that are not there, in odd widths. */
void attack_doorbells(struct world *w)
{
	uint32_t d, i;

	for (d = 0; d < w->dev_count; d++) {
		uint64_t until = after_ms(60);

		world_start(w, &w->devs[d], F_EVENT_IDX);
		for (i = 0; !is_past(until); i++)
			mmio_write(w->devs[d].notify + (i * 4 & 0xffc), 2, i);
		for (i = 0; i < 4096; i += 7)
			mmio_write(w->devs[d].notify + i,
				   i & 1 ? 1 : (i & 2 ? 4 : 2), i);
		driver_reset(&w->devs[d]);
		for (i = 0; i < 200; i++)
			mmio_write(w->devs[d].notify + 4 * (i % 20), 2, i);
	}
}
