/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VIRTQ_H
#define RUNNERS_VMM_VIRTIO_VIRTQ_H

/*
 * virtq - a split virtqueue, seen from the device (virtio 1.2, 2.7).
 *
 *   descriptor table   size x { addr, len, flags, next }
 *   available ring     flags, idx, ring[size]            driver -> device
 *   used ring          flags, idx, ring[size] {id, len}  device -> driver
 *
 * All three lie in guest RAM and may change at any moment. virtq_pop() reads
 * each descriptor once, checks the copy, and hands out host pointers; rings
 * indexes are masked and a chain is bounded by the queue's size.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct mem;

#define VIRTQ_MAX_SIZE 256
#define VIRTQ_MAX_SEGS 64

struct virtq {
	uint16_t size;
	bool ready;
	uint16_t msix_vector;
	uint64_t desc_gpa, avail_gpa, used_gpa;
	uint16_t next_avail;
	uint16_t next_used;
};

/* One request. Segments point into guest RAM: copy before you trust. */
struct virtq_chain {
	uint16_t head;
	uint32_t out_count; /* what the driver wrote, first in iov */
	uint32_t in_count;  /* where the device may write, behind them */
	struct iovec iov[VIRTQ_MAX_SEGS];
};

void virtq_reset(struct virtq *q);

/* 1 and a chain; 0 when none waits; -EPROTO when the driver broke a rule. */
int virtq_pop(struct virtq *q, const struct mem *mem,
	      struct virtq_chain *chain);

/* Give CHAIN back, LEN bytes of it written by the device. */
void virtq_push(struct virtq *q, const struct mem *mem,
		const struct virtq_chain *chain, uint32_t len);

/* Whether the driver wants an interrupt for what was pushed. */
bool virtq_wants_interrupt(const struct virtq *q, const struct mem *mem);

#endif
