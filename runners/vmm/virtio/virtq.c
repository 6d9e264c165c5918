// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/virtq.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "runners/vmm/mem.h"

#define DESC_F_NEXT 1
#define DESC_F_WRITE 2
#define AVAIL_F_NO_INTERRUPT 1

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

void virtq_reset(struct virtq *q)
{
	*q = (struct virtq){.size = VIRTQ_MAX_SIZE, .msix_vector = 0xffff};
}

/* Sizes are a power of two (2.7), so that masking an index is a modulo. */
static uint16_t ring_slot(const struct virtq *q, uint16_t index)
{
	return index & (q->size - 1);
}

static int load16(const struct mem *mem, uint64_t gpa, uint16_t *value)
{
	uint16_t *p = mem_ptr(mem, gpa, sizeof(*p));

	if (!p || gpa % sizeof(*p))
		return -EPROTO;
	/* Pairs with the driver's store-release of idx (2.7.13.3). */
	*value = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	return 0;
}

static int read_desc(const struct virtq *q, const struct mem *mem,
		     uint16_t index, struct virtq_desc *desc)
{
	void *p;

	if (index >= q->size)
		return -EPROTO;
	p = mem_ptr(mem, q->desc_gpa + index * sizeof(*desc), sizeof(*desc));
	if (!p)
		return -EPROTO;
	memcpy(desc, p, sizeof(*desc));
	return 0;
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

static int read_chain(const struct virtq *q, const struct mem *mem,
		      struct virtq_chain *chain)
{
	uint16_t index = chain->head;
	struct virtq_desc desc;
	uint32_t i;
	int ret;

	chain->out_count = chain->in_count = 0;
	for (i = 0; i < q->size; i++) {
		ret = read_desc(q, mem, index, &desc);
		if (!ret)
			ret = chain_add(chain, mem, &desc);
		if (ret)
			return ret;
		if (!(desc.flags & DESC_F_NEXT))
			return 1;
		index = desc.next;
	}
	return -EPROTO; /* a loop */
}

int virtq_pop(struct virtq *q, const struct mem *mem, struct virtq_chain *chain)
{
	uint16_t avail_index;
	int ret;

	if (!q->ready)
		return 0;
	ret = load16(mem, q->avail_gpa + 2, &avail_index);
	if (ret)
		return ret;
	if (avail_index == q->next_avail)
		return 0;
	ret = load16(mem, q->avail_gpa + 4 + 2 * ring_slot(q, q->next_avail),
		     &chain->head);
	if (ret)
		return ret;
	q->next_avail++;
	return read_chain(q, mem, chain);
}

void virtq_push(struct virtq *q, const struct mem *mem,
		const struct virtq_chain *chain, uint32_t len)
{
	struct virtq_used_elem elem = {.id = chain->head, .len = len};
	uint64_t at = q->used_gpa + 4 +
		      sizeof(elem) * (uint64_t)ring_slot(q, q->next_used);
	void *slot = mem_ptr(mem, at, sizeof(elem));
	uint16_t *index = mem_ptr(mem, q->used_gpa + 2, sizeof(*index));

	if (!slot || !index || q->used_gpa % 4)
		return;
	memcpy(slot, &elem, sizeof(elem));
	q->next_used++;
	/* The element must be visible before the index that covers it. */
	__atomic_store_n(index, q->next_used, __ATOMIC_RELEASE);
}

bool virtq_wants_interrupt(const struct virtq *q, const struct mem *mem)
{
	uint16_t flags;

	/* Store of used idx before load of flags (2.7.7.2). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !load16(mem, q->avail_gpa, &flags) &&
	       !(flags & AVAIL_F_NO_INTERRUPT);
}
