// SPDX-License-Identifier: GPL-3.0-or-later
/* Attacks by descriptors, tables and rings, on every queue of every device. */
#include <string.h>

#include "tests/hostile/guest/attack.h"
#include "tests/hostile/guest/machine.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* What a device is given to take the bait. */
#define BAIT_US 300

/* Set one queue up anew, let MAKE put something in it, and ring. */
static void on_each_queue(struct world *w, uint64_t wanted,
			  void (*make)(struct queue *q, uint64_t arg),
			  uint64_t arg)
{
	uint32_t d, i;

	for (d = 0; d < w->dev_count; d++) {
		uint32_t count = world_start(w, &w->devs[d], wanted);

		for (i = 0; i < count; i++) {
			make(&w->queues[i], arg);
			queue_bell(&w->queues[i]);
		}
		pause_us(BAIT_US);
		driver_reset(&w->devs[d]);
	}
}

static const uint64_t far_addresses[] = {
	RAM_BYTES - 8,
	RAM_BYTES,
	RAM_BYTES + 0x1000,
	HOLE_GPA,
	PCI_WINDOW_GPA + 0x8000,
	IOAPIC_GPA,
	LAPIC_GPA,
	0xfffffff0ull,
	0x100000000ull,
	0x8000000000ull,
	0x7fffffffffffffffull,
	0x8000000000000000ull,
	0xffffffffffff0000ull,
	0xfffffffffffffff8ull,
	0xffffffffffffffffull,
};

/* A head that is fine and a body that is not; then the head itself. */
static void far_chain(struct queue *q, uint64_t addr)
{
	memset((void *)(uintptr_t)DATA_GPA, 0, 64);
	queue_desc(q, 0, DATA_GPA, 16, D_NEXT, 1);
	queue_desc(q, 1, addr, 0x200, D_NEXT | D_WRITE, 2);
	queue_desc(q, 2, DATA_GPA + 32, 1, D_WRITE, 0);
	queue_push(q, 0);
}

static void far_head(struct queue *q, uint64_t addr)
{
	queue_desc(q, 0, addr, 16, 0, 0);
	queue_push(q, 0);
}

static void far_buffer(struct queue *q, uint64_t addr)
{
	queue_desc(q, 0, addr, 4096, D_WRITE, 0);
	queue_push(q, 0);
}

void attack_range(struct world *w)
{
	uint32_t i;

	for (i = 0; i < COUNT(far_addresses); i++) {
		on_each_queue(w, 0, far_chain, far_addresses[i]);
		on_each_queue(w, 0, far_head, far_addresses[i]);
		on_each_queue(w, 0, far_buffer, far_addresses[i]);
	}
}

static void odd_length(struct queue *q, uint64_t len)
{
	queue_desc(q, 0, DATA_GPA, (uint32_t)len, D_NEXT, 1);
	queue_desc(q, 1, DATA_GPA, (uint32_t)len, D_NEXT | D_WRITE, 2);
	queue_desc(q, 2, DATA_GPA, (uint32_t)len, D_WRITE, 0);
	queue_push(q, 0);
	queue_desc(q, 3, DATA_GPA + 1, (uint32_t)len, D_WRITE, 0);
	queue_push(q, 3);
	queue_desc(q, 4, DATA_GPA + 3, (uint32_t)len, 0, 0);
	queue_push(q, 4);
}

void attack_length(struct world *w)
{
	static const uint32_t lengths[] = {
		0,          1,          15,        17,        511,
		513,        0x10000,    0x100001,  0x3000000, 0x7fffffff,
		0x80000000, 0xfffffffe, 0xffffffff};
	uint32_t i;

	for (i = 0; i < COUNT(lengths); i++)
		on_each_queue(w, 0, odd_length, lengths[i]);
}

static void looped(struct queue *q, uint64_t length)
{
	uint32_t i;

	for (i = 0; i < length; i++)
		queue_desc(q, i, DATA_GPA, 16, D_NEXT | (i ? D_WRITE : 0),
			   (i + 1) % (uint32_t)length);
	queue_push(q, 0);
	queue_desc(q, QUEUE_MAX - 1, DATA_GPA, 16, D_NEXT, 0xffff);
	queue_push(q, QUEUE_MAX - 1);
	queue_desc(q, QUEUE_MAX - 2, DATA_GPA, 16, D_NEXT, QUEUE_MAX);
	queue_push(q, QUEUE_MAX - 2);
}

void attack_loop(struct world *w)
{
	static const uint32_t lengths[] = {1, 2, 3, 129, 130, 131, 255, 256};
	uint32_t i;

	for (i = 0; i < COUNT(lengths); i++)
		on_each_queue(w, 0, looped, lengths[i]);
}

/* Eight descriptors whose bits of KIND say which are the device's to write. */
static void mixed(struct queue *q, uint64_t kind)
{
	uint32_t i;

	for (i = 0; i < 8; i++)
		queue_desc(q, i, DATA_GPA + 0x1000 * i, 16 << i % 4,
			   (kind >> i & 1 ? D_WRITE : 0) | (i < 7 ? D_NEXT : 0),
			   i + 1);
	queue_push(q, 0);
}

void attack_order(struct world *w)
{
	static const uint8_t kinds[] = {0x00, 0xff, 0x01, 0x7f, 0x80,
					0xfe, 0x55, 0xaa, 0x0f, 0xf0};
	uint32_t i;

	for (i = 0; i < COUNT(kinds); i++)
		on_each_queue(w, 0, mixed, kinds[i]);
}

/* A table of indirect descriptors, each of which is itself indirect. */
static void indirect(struct queue *q, uint64_t form)
{
	struct desc *table = (void *)(uintptr_t)(DATA_GPA + 0x10000);
	uint64_t at = (uintptr_t)table;
	uint32_t i, flags = D_INDIRECT;
	static const uint32_t lengths[] = {
		0,      1,       15,       16,       17,
		0x1000, 0xffff0, 0x100000, 0x200000, 0xfffffff0u};

	for (i = 0; i < 512; i++)
		table[i] = (struct desc){
			.addr = form & 1 ? at : DATA_GPA,
			.len = form & 1 ? 32 : 16,
			.flags = (uint16_t)(D_NEXT |
					    (form & 1 ? D_INDIRECT : 0)),
			.next = (uint16_t)(form & 2 ? i : i + 1)};
	if (form & 4)
		flags |= D_NEXT;
	if (form & 8)
		flags |= D_WRITE;
	if (form & 16)
		at += 7;
	if (form & 32)
		at = HOLE_GPA;
	if (form & 64)
		at = (uintptr_t)q->desc; /* the queue's own table */
	for (i = 0; i < COUNT(lengths); i++) {
		queue_desc(q, i, at, lengths[i], flags, i + 1);
		queue_push(q, i);
	}
}

void attack_indirect(struct world *w)
{
	static const uint8_t forms[] = {0, 1, 2, 3, 4, 8, 16, 17, 32, 64, 80};
	uint32_t i;

	for (i = 0; i < COUNT(forms); i++) {
		on_each_queue(w, F_INDIRECT, indirect, forms[i]);
		on_each_queue(w, 0, indirect, forms[i]);
	}
}

static void same_head(struct queue *q, uint64_t head)
{
	uint32_t i;

	queue_desc(q, 0, DATA_GPA, 16, D_NEXT, 1);
	queue_desc(q, 1, DATA_GPA + 4096, 4096, D_WRITE, 0);
	for (i = 0; i < 32; i++)
		queue_push(q, (uint32_t)head);
}

void attack_heads(struct world *w)
{
	static const uint32_t heads[] = {0, 1, 255, 256, 257, 0x7fff, 0xffff};
	uint32_t i;

	for (i = 0; i < COUNT(heads); i++)
		on_each_queue(w, 0, same_head, heads[i]);
}

static void jumped(struct queue *q, uint64_t to)
{
	queue_desc(q, 0, DATA_GPA, 4096, D_WRITE, 0);
	q->avail[1] = (uint16_t)to;
	queue_bell(q);
	pause_us(50);
	q->avail[1] = (uint16_t)(to - 1);
	queue_bell(q);
	q->avail[1] = (uint16_t)(to + 0x8000);
}

void attack_avail_jump(struct world *w)
{
	static const uint32_t places[] = {1,   2,      255,    256,    257,
					  300, 0x7fff, 0x8000, 0xfffe, 0xffff};
	uint32_t i;

	for (i = 0; i < COUNT(places); i++)
		on_each_queue(w, F_EVENT_IDX, jumped, places[i]);
}

/* Rings that share their bytes, so that what a device writes is read by it. */
void attack_overlap(struct world *w)
{
	static const uint32_t places[][3] = {
		{0, 0, 0},           {0, 0, 4},           {0, 0x1000, 0x1000},
		{0, 0x1000, 0x0},    {0, 2, 0x1000},      {0, 0x1002, 0x1000},
		{0, 0x1006, 0x1000}, {0, 0x1008, 0x1004},
	};
	uint64_t base = DATA_GPA + 0x40000;
	uint32_t d, i, q;

	for (i = 0; i < COUNT(places) * w->dev_count; i++) {
		const uint32_t *at = places[i / w->dev_count];
		struct queue fake = {.dev = &w->devs[i % w->dev_count]};
		uint32_t count;

		driver_begin(fake.dev, F_EVENT_IDX | F_INDIRECT);
		count = (uint32_t)common_read(fake.dev, C_NUM_QUEUES, 2);
		memset((void *)(uintptr_t)base, 0, 0x4000);
		for (d = 0; d < 128; d++)
			((struct desc *)(uintptr_t)base)[d] = (struct desc){
				base + at[d % 3], 64, d % 2 * D_WRITE, 0};
		((volatile uint16_t *)(uintptr_t)(base + at[1]))[1] = 7;
		for (q = 0; q < count; q++) {
			driver_rings(fake.dev, q, 256, base + at[0],
				     base + at[1], base + at[2]);
			common_write(fake.dev, C_QUEUE_ENABLE, 2, 1);
		}
		driver_go(fake.dev);
		for (fake.index = 0; fake.index < count; fake.index++)
			queue_bell(&fake);
		pause_us(BAIT_US);
		driver_reset(fake.dev);
	}
}

/* As many segments as a chain may have, each of all there is. */
static void all_ram(struct queue *q, uint64_t flags)
{
	uint32_t i;

	memset((void *)(uintptr_t)DATA_GPA, 0, 64);
	queue_desc(q, 0, DATA_GPA, 16, D_NEXT, 1);
	for (i = 1; i < 129; i++)
		queue_desc(q, i, DATA_GPA + 1, DATA_BYTES,
			   D_NEXT | (uint32_t)flags, i + 1);
	queue_desc(q, 129, DATA_GPA + 32, 1, D_WRITE, 0);
	for (i = 0; i < 64; i++)
		queue_push(q, i);
}

void attack_all_ram(struct world *w)
{
	on_each_queue(w, 0, all_ram, 0);
	on_each_queue(w, 0, all_ram, D_WRITE);
}

/* The second CPU feeds the rings while the first is in the device. */
static struct queue *volatile fed;
static volatile uint64_t fed_count;

static void feed(void)
{
	struct queue *q = fed;
	uint16_t at = 0;

	/* Never more than there is room for: that would break the device. */
	while (q && fed == q) {
		if ((uint16_t)(at - q->used[1]) < 200)
			at = (uint16_t)(at + 32);
		q->avail[1] = at;
		fed_count++;
	}
}

void attack_two_cpus(struct world *w)
{
	uint32_t d, i, k;

	if (!cpu_start_second())
		return;
	for (d = 0; d < w->dev_count; d++) {
		uint32_t count = world_start(w, &w->devs[d], 0);

		for (i = 0; i < count; i++) {
			struct queue *q = &w->queues[i];

			for (k = 0; k < q->size; k++) {
				queue_desc(q, k, DATA_GPA + 64 * k, 16,
					   k % 2 * D_WRITE, 0);
				q->avail[2 + k] = (uint16_t)k;
			}
			fed = q;
			cpu_second_task = feed;
			queue_bell(q);
			pause_us(2000);
			queue_bell(q);
			fed = NULL;
		}
		driver_reset(&w->devs[d]);
	}
	cpu_second_task = NULL;
}
