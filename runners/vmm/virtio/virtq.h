/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VIRTQ_H
#define RUNNERS_VMM_VIRTIO_VIRTQ_H

/*
 * virtq - a split virtqueue, seen from the device (virtio 1.2, 2.7).
 *
 *   descriptor table   size x { addr, len, flags, next }
 *   available ring     flags, idx, ring[size], used_event    driver -> device
 *   used ring          flags, idx, ring[size] {id, len}, avail_event
 *                                                            device -> driver
 *
 * All three lie in guest RAM and may change at any moment. virtq_pop() reads
 * each descriptor once, checks the copy, and hands out host pointers; ring
 * indexes are masked and a chain is bounded by the queue's size.
 *
 * The registers (size, addresses) are the transport's until virtq_map();
 * from then until virtq_reset() the queue belongs to one thread.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct mem;

#define VIRTQ_MAX_SIZE 256
/* Segments of one request: Linux asks for seg_max and two more. */
#define VIRTQ_MAX_SEGS 130

#define VIRTIO_FEATURE_INDIRECT (1ULL << 28)
#define VIRTIO_FEATURE_EVENT_IDX (1ULL << 29)

struct virtq_desc;
struct virtq_used;

struct virtq {
	uint16_t size;
	bool ready;
	_Atomic uint16_t msix_vector; /* devices read it at any time */
	uint64_t desc_gpa, avail_gpa, used_gpa;

	const struct virtq_desc *desc; /* all NULL until mapped */
	uint16_t *avail;
	struct virtq_used *used;
	bool has_event_idx;
	bool has_indirect;
	bool is_asked; /* the driver, to notify */
	uint16_t next_avail;
	uint16_t seen_avail; /* the driver's index when last looked at */
	uint16_t next_used;
	uint16_t signalled_used; /* next_used when the driver was last asked */
};

/* One request. Segments point into guest RAM: copy before you trust. */
struct virtq_chain {
	uint16_t head;
	uint32_t out_count; /* what the driver wrote, first in iov */
	uint32_t in_count;  /* where the device may write, behind them */
	struct iovec iov[VIRTQ_MAX_SEGS];
};

/* SIZE: what the driver finds, a power of two up to VIRTQ_MAX_SIZE. */
void virtq_reset(struct virtq *q, uint16_t size);

/*
 * Check that all three parts lie in RAM and are aligned (2.7), and start from
 * the first entry. FEATURES are the accepted ones. 0 or -EPROTO.
 */
int virtq_map(struct virtq *q, const struct mem *mem, uint64_t features);

/* 1 and a chain; 0 when none waits; -EPROTO when the driver broke a rule. */
int virtq_pop(struct virtq *q, const struct mem *mem,
	      struct virtq_chain *chain);

/* The chain that was popped last, and not answered, is the next again. */
void virtq_unpop(struct virtq *q);

/* Whether virtq_pop() would return a chain or an error. */
bool virtq_has_avail(struct virtq *q);

/* How many it would, by the driver's word: more than the queue's size is a lie. Those
 * that came since it was last asked count only if there were none left. */
uint16_t virtq_avail_count(struct virtq *q);

/* Give the request HEAD back, LEN bytes of it written by the device. */
void virtq_push(struct virtq *q, uint16_t head, uint32_t len);

/*
 * The same for several that the driver must see at once: fill in the one
 * AHEAD places from the next, then publish COUNT of them.
 */
void virtq_fill(struct virtq *q, uint16_t ahead, uint16_t head, uint32_t len);
void virtq_publish(struct virtq *q, uint16_t count);

/*
 * Whether the driver wants an interrupt for what was pushed since this was
 * last asked (2.7.7.2, 2.7.10). Ask once per batch.
 */
bool virtq_wants_interrupt(struct virtq *q);

/*
 * Whether the driver shall notify of new requests. Enabling it returns whether
 * a request arrived in between, which would otherwise go unnoticed.
 */
void virtq_notify_disable(struct virtq *q);
bool virtq_notify_enable(struct virtq *q);

#endif
