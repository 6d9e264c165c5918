// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/virtq.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "runners/vmm/mem.h"

#define DESC_F_NEXT 1
#define DESC_F_WRITE 2
#define DESC_F_INDIRECT 4
#define AVAIL_F_NO_INTERRUPT 1
#define USED_F_NO_NOTIFY 1

/* Of the 16-bit words of the available ring. */
enum avail_word { AVAIL_FLAGS, AVAIL_INDEX, AVAIL_RING };

struct virtq_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct virtq_used_elem {
	uint32_t id;
	uint32_t len;
};

struct virtq_used {
	uint16_t flags;
	uint16_t index;
	struct virtq_used_elem ring[]; /* avail_event behind the last */
};

void virtq_reset(struct virtq *q, uint16_t size)
{
	*q = (struct virtq){.size = size, .msix_vector = 0xffff};
}

static void *ring_ptr(const struct mem *mem, uint64_t gpa, uint64_t len,
		      uint64_t alignment)
{
	return gpa % alignment ? NULL : mem_ptr(mem, gpa, len);
}

int virtq_map(struct virtq *q, const struct mem *mem, uint64_t features)
{
	uint64_t n = q->size;

	q->has_event_idx = features & VIRTIO_FEATURE_EVENT_IDX;
	q->has_indirect = features & VIRTIO_FEATURE_INDIRECT;
	q->desc = ring_ptr(mem, q->desc_gpa, n * sizeof(*q->desc), 16);
	q->avail = ring_ptr(mem, q->avail_gpa, 2 * (n + 3), 2);
	q->used = ring_ptr(
		mem, q->used_gpa,
		sizeof(*q->used) + n * sizeof(struct virtq_used_elem) + 2, 4);
	if (q->desc && q->avail && q->used)
		return 0;
	q->desc = NULL;
	q->avail = NULL;
	q->used = NULL;
	return -EPROTO;
}

/* Sizes are a power of two (2.7), so that masking an index is a modulo. */
static uint16_t ring_slot(const struct virtq *q, uint16_t index)
{
	return index & (q->size - 1);
}

static uint16_t *avail_event(const struct virtq *q)
{
	return (uint16_t *)&q->used->ring[q->size];
}

bool virtq_has_avail(struct virtq *q)
{
	if (!q->avail)
		return false;
	/* Pairs with the driver's store-release of idx (2.7.13.3). */
	if (q->seen_avail == q->next_avail)
		q->seen_avail = __atomic_load_n(&q->avail[AVAIL_INDEX],
						__ATOMIC_ACQUIRE);
	return q->seen_avail != q->next_avail;
}

uint16_t virtq_avail_count(struct virtq *q)
{
	return virtq_has_avail(q) ? (uint16_t)(q->seen_avail - q->next_avail)
				  : 0;
}

static int chain_add(struct virtq_chain *chain, const struct mem *mem,
		     const struct virtq_desc *desc)
{
	uint32_t count = chain->out_count + chain->in_count;
	struct iovec *v = &chain->iov[count];

	if (count == VIRTQ_MAX_SEGS)
		return -EPROTO;
	v->iov_base = mem_ptr(mem, desc->addr, desc->len);
	v->iov_len = desc->len;
	if (!v->iov_base)
		return -EPROTO;
	if (desc->flags & DESC_F_WRITE)
		chain->in_count++;
	else if (chain->in_count)
		return -EPROTO; /* readable ones come first (2.7.4.2) */
	else
		chain->out_count++;
	return 0;
}

/*
 * Follow a table of COUNT descriptors from INDEX; at most as many steps as
 * the queue is long, whichever table that is in (2.7.5.3.1). The descriptor
 * of an indirect table is none of them, and there is only one.
 */
static int read_table(const struct virtq *q, const struct mem *mem,
		      const struct virtq_desc *table, uint32_t count,
		      uint16_t index, struct virtq_chain *chain)
{
	bool is_main = table == q->desc;
	struct virtq_desc d;
	uint32_t steps = 0;
	int ret;

	while (steps < q->size) {
		if (index >= count)
			return -EPROTO;
		memcpy(&d, &table[index], sizeof(d));
		if (d.flags & DESC_F_INDIRECT) {
			/* Never within another, and never with a next one. */
			if (!is_main || !q->has_indirect ||
			    (d.flags & DESC_F_NEXT) || !d.len ||
			    d.len % sizeof(d) || d.len / sizeof(d) > UINT16_MAX)
				return -EPROTO;
			table = mem_ptr(mem, d.addr, d.len);
			count = d.len / (uint32_t)sizeof(d);
			index = 0;
			is_main = false;
			if (!table)
				return -EPROTO;
			continue;
		}
		steps++;
		ret = chain_add(chain, mem, &d);
		if (ret)
			return ret;
		if (!(d.flags & DESC_F_NEXT))
			return 1;
		index = d.next;
	}
	return -EPROTO; /* a loop */
}

int virtq_pop(struct virtq *q, const struct mem *mem, struct virtq_chain *chain)
{
	if (!virtq_has_avail(q))
		return 0;
	/* More than fit cannot be there. */
	if ((uint16_t)(q->seen_avail - q->next_avail) > q->size)
		return -EPROTO;
	chain->head = __atomic_load_n(
		&q->avail[AVAIL_RING + ring_slot(q, q->next_avail)],
		__ATOMIC_RELAXED);
	q->next_avail++;
	chain->out_count = chain->in_count = 0;
	return read_table(q, mem, q->desc, q->size, chain->head, chain);
}

void virtq_unpop(struct virtq *q)
{
	q->next_avail--;
}

void virtq_fill(struct virtq *q, uint16_t ahead, uint16_t head, uint32_t len)
{
	struct virtq_used_elem elem = {.id = head, .len = len};
	uint16_t slot = ring_slot(q, (uint16_t)(q->next_used + ahead));

	memcpy(&q->used->ring[slot], &elem, sizeof(elem));
}

void virtq_publish(struct virtq *q, uint16_t count)
{
	q->next_used = (uint16_t)(q->next_used + count);
	/* The elements must be visible before the index that covers them. */
	__atomic_store_n(&q->used->index, q->next_used, __ATOMIC_RELEASE);
}

void virtq_push(struct virtq *q, uint16_t head, uint32_t len)
{
	virtq_fill(q, 0, head, len);
	virtq_publish(q, 1);
}

bool virtq_wants_interrupt(struct virtq *q)
{
	uint16_t before = q->signalled_used;
	uint16_t event;

	q->signalled_used = q->next_used;
	if (!q->used || before == q->next_used)
		return false;
	/* Store of used idx before the load of what the driver wants. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!q->has_event_idx)
		return !(__atomic_load_n(&q->avail[AVAIL_FLAGS],
					 __ATOMIC_RELAXED) &
			 AVAIL_F_NO_INTERRUPT);
	event = __atomic_load_n(&q->avail[AVAIL_RING + q->size],
				__ATOMIC_RELAXED);
	/* Whether EVENT was passed between BEFORE and now (2.7.10.1). */
	return (uint16_t)(q->next_used - event - 1) <
	       (uint16_t)(q->next_used - before);
}

void virtq_notify_disable(struct virtq *q)
{
	if (!q->used)
		return;
	if (!q->has_event_idx)
		__atomic_store_n(&q->used->flags, USED_F_NO_NOTIFY,
				 __ATOMIC_RELAXED);
	/* An index that the driver has passed asks for nothing. It may not have
	 * passed the one that it was asked for last. */
	else if (q->is_asked)
		__atomic_store_n(avail_event(q), (uint16_t)(q->next_avail - 1),
				 __ATOMIC_RELAXED);
	q->is_asked = false;
}

bool virtq_notify_enable(struct virtq *q)
{
	if (!q->used)
		return false;
	q->is_asked = true;
	if (q->has_event_idx)
		__atomic_store_n(avail_event(q), q->next_avail,
				 __ATOMIC_RELAXED);
	else
		__atomic_store_n(&q->used->flags, 0, __ATOMIC_RELAXED);
	/* Our store before the load of the driver's index, as the driver
	 * stores its index before it loads ours (2.7.10.2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return virtq_has_avail(q);
}
