/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_UNIT_VDRIVER_H
#define TESTS_UNIT_VDRIVER_H

/*
 * vdriver - a guest's virtio driver in user space, for one device on a PCI
 * bus over hv_fake: it finds its registers through configuration space,
 * takes features, makes split queues in guest RAM, rings doorbells and waits
 * on the eventfds that would interrupt a guest. It knows nothing of cmocka,
 * so that fuzzers and benchmarks drive devices as well.
 *
 * One thread uses a driver. Addresses are the guest's (gpa).
 */
#include <stdbool.h>
#include <stdint.h>

#include "runners/vmm/mem.h"
#include "runners/vmm/virtio/virtio.h"
#include "runners/vmm/virtio/virtio_pci.h"

#define VDRIVER_WAIT_MS 20000
#define VDRIVER_MAX_SEGS 140
/* What virtqueues are placed at; buffers follow them. */
#define VDRIVER_RINGS_GPA (1ULL << 20)

struct err;

struct vdesc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

#define VDESC_NEXT 1
#define VDESC_WRITE 2
#define VDESC_INDIRECT 4

struct vseg {
	uint64_t gpa;
	uint32_t len;
	bool is_in; /* for the device to write */
};

struct vqueue {
	uint16_t index;
	uint16_t size;
	bool has_event_idx;
	uint16_t next_avail;
	uint16_t kicked_avail; /* next_avail at the last doorbell */
	uint16_t next_used;
	uint16_t free_count;
	uint16_t free_head;
	uint64_t desc_gpa, avail_gpa, used_gpa;
	uint64_t tables_gpa; /* an indirect table for each head */
	struct vdesc *desc;
	uint16_t *avail; /* flags, idx, ring[size], used_event */
	uint16_t *used;  /* flags, idx, {id, len}[size], avail_event */
	struct vdesc *tables;
};

struct vdriver {
	struct hv_vm vm;
	struct mem mem;
	struct pci_bus pci;
	struct virtio_pci vp;
	uint64_t bar, table; /* offsets into the bus's window */
	uint32_t notify, notify_multiplier, device_config;
	uint64_t features; /* as taken */
	uint64_t next_gpa; /* free RAM begins here */
	struct vqueue queues[VIRTIO_MAX_QUEUES];
};

/* RAM and a bus; resets hv_fake. */
int vdriver_init(struct vdriver *d, struct err *err);
void vdriver_release(struct vdriver *d); /* zeroed is fine */

/* Place DEV in slot 1 and look at it. */
int vdriver_attach(struct vdriver *d, struct virtio_dev *dev);
void vdriver_detach(struct vdriver *d); /* stops the device */

/* Registers: the common configuration, the device's own, the PCI one. */
uint64_t vdriver_read(struct vdriver *d, uint64_t off, uint8_t len);
void vdriver_write(struct vdriver *d, uint64_t off, uint8_t len, uint64_t v);
uint64_t vdriver_config(struct vdriver *d, uint32_t off, uint8_t len);
uint64_t vdriver_pci_read(struct vdriver *d, uint32_t reg, uint8_t len);
void vdriver_pci_write(struct vdriver *d, uint32_t reg, uint8_t len,
		       uint64_t v);
uint8_t vdriver_status(struct vdriver *d);
bool vdriver_needs_reset(struct vdriver *d);

/* Reset, then take what is both wanted and offered. -EPROTO: refused. */
int vdriver_negotiate(struct vdriver *d, uint64_t features);

/* A queue of SIZE in fresh RAM, vector = its number. */
void vdriver_queue(struct vdriver *d, uint16_t index, uint16_t size);
void vdriver_ok(struct vdriver *d); /* DRIVER_OK */

/* All of the above: FEATURES, and QUEUES of SIZE. */
int vdriver_start(struct vdriver *d, uint64_t features, uint16_t queues,
		  uint16_t size);
void vdriver_reset(struct vdriver *d); /* all RAM is free again */

uint64_t vdriver_alloc(struct vdriver *d, uint64_t bytes, uint64_t alignment);
void *vdriver_ptr(const struct vdriver *d, uint64_t gpa);

/* The head, or -ENOSPC. The device does not know until vqueue_kick(). */
int vqueue_add(struct vqueue *q, const struct vseg *segs, uint32_t count);
int vqueue_add_indirect(struct vqueue *q, const struct vseg *segs,
			uint32_t count);

/* Make HEAD available as it is. */
void vqueue_expose(struct vqueue *q, uint16_t head);

/* Ring if the device wants it; whether it did. */
bool vqueue_kick(struct vdriver *d, struct vqueue *q);
void vqueue_ring(struct vdriver *d, const struct vqueue *q); /* anyway */

/* The next used head, or -EAGAIN; LEN may be NULL. */
int vqueue_take(struct vqueue *q, uint32_t *len);

/* As vqueue_take(), after an interrupt where it takes one. -ETIMEDOUT. */
int vqueue_wait(struct vdriver *d, struct vqueue *q, uint32_t *len);

/* Interrupts for Q since last asked; waits MS for the first. */
uint64_t vdriver_interrupts(struct vdriver *d, uint32_t vector, int ms);

#endif
