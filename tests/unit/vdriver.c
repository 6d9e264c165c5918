// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/vdriver.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "tests/unit/hv_fake.h"

#define SLOT 1u
#define RAM_BYTES (64 * MIB)

#define CAP_ID_VENDOR 0x09
#define CAP_ID_MSIX 0x11
#define CFG_TYPE_NOTIFY 2
#define CFG_TYPE_DEVICE 4

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2

/* virtio_pci_common_cfg, 4.1.4.3 */
#define R_FEATURE_SELECT 0
#define R_FEATURE 4
#define R_TAKEN_SELECT 8
#define R_TAKEN 12
#define R_CONFIG_VECTOR 16
#define R_STATUS 20
#define R_QUEUE_SELECT 22
#define R_QUEUE_SIZE 24
#define R_QUEUE_VECTOR 26
#define R_QUEUE_ENABLE 28
#define R_QUEUE_DESC 32
#define R_QUEUE_AVAIL 40
#define R_QUEUE_USED 48

/* Words of the rings. */
#define FLAGS 0
#define INDEX 1
#define RING 2

int vdriver_init(struct vdriver *d, struct err *err)
{
	const struct mem_config cfg = {.bytes = RAM_BYTES,
				       .backing = MEM_BACKING_4K};

	memset(d, 0, sizeof(*d));
	hv_fake_reset();
	d->vm.ops = &hv_fake;
	pci_bus_init(&d->pci, &d->vm);
	d->next_gpa = VDRIVER_RINGS_GPA;
	return mem_init(&d->mem, &cfg, err);
}

void vdriver_release(struct vdriver *d)
{
	vdriver_detach(d);
	pci_bus_release(&d->pci);
	mem_release(&d->mem);
}

/* --- registers --------------------------------------------------------- */

static uint64_t bus_access(struct vdriver *d,
			   void (*fn)(void *, struct hv_access *),
			   struct hv_access access)
{
	fn(&d->pci, &access);
	return access.data;
}

uint64_t vdriver_read(struct vdriver *d, uint64_t off, uint8_t len)
{
	return bus_access(
		d, pci_mmio_access,
		(struct hv_access){.addr = d->bar + off, .len_bytes = len});
}

void vdriver_write(struct vdriver *d, uint64_t off, uint8_t len, uint64_t v)
{
	bus_access(d, pci_mmio_access,
		   (struct hv_access){.addr = d->bar + off,
				      .len_bytes = len,
				      .data = v,
				      .is_write = true});
}

static void config_select(struct vdriver *d, uint32_t reg)
{
	bus_access(
		d, pci_config_access,
		(struct hv_access){.len_bytes = 4,
				   .data = 1u << 31 | SLOT << 11 | (reg & ~3u),
				   .is_write = true});
}

uint64_t vdriver_pci_read(struct vdriver *d, uint32_t reg, uint8_t len)
{
	config_select(d, reg);
	return bus_access(
		d, pci_config_access,
		(struct hv_access){.addr = 4 + (reg & 3), .len_bytes = len});
}

void vdriver_pci_write(struct vdriver *d, uint32_t reg, uint8_t len, uint64_t v)
{
	config_select(d, reg);
	bus_access(d, pci_config_access,
		   (struct hv_access){.addr = 4 + (reg & 3),
				      .len_bytes = len,
				      .data = v,
				      .is_write = true});
}

uint64_t vdriver_config(struct vdriver *d, uint32_t off, uint8_t len)
{
	return vdriver_read(d, d->device_config + off, len);
}

uint8_t vdriver_status(struct vdriver *d)
{
	return (uint8_t)vdriver_read(d, R_STATUS, 1);
}

bool vdriver_needs_reset(struct vdriver *d)
{
	return vdriver_status(d) & VIRTIO_STATUS_NEEDS_RESET;
}

/* --- PCI --------------------------------------------------------------- */

static void msix_enable(struct vdriver *d, uint32_t cap)
{
	uint32_t count = (vdriver_pci_read(d, cap + 2, 2) & 0x7ff) + 1;
	uint64_t entry = d->table - d->bar;
	uint32_t i;

	for (i = 0; i < count; i++, entry += 16) {
		vdriver_write(d, entry, 8, 0xfee00000);
		vdriver_write(d, entry + 8, 4, 0x40 + i);
		vdriver_write(d, entry + 12, 4, 0);
	}
	vdriver_pci_write(d, cap + 2, 2, 0x8000);
}

static void vendor_cap(struct vdriver *d, uint32_t cap)
{
	uint32_t offset = (uint32_t)vdriver_pci_read(d, cap + 8, 4);

	switch (vdriver_pci_read(d, cap + 3, 1)) {
	case CFG_TYPE_NOTIFY:
		d->notify = offset;
		d->notify_multiplier =
			(uint32_t)vdriver_pci_read(d, cap + 16, 4);
		break;
	case CFG_TYPE_DEVICE:
		d->device_config = offset;
		break;
	default:
		break;
	}
}

int vdriver_attach(struct vdriver *d, struct virtio_dev *dev)
{
	int ret = virtio_pci_init(&d->vp, &d->pci, SLOT, dev);
	uint32_t cap, msix = 0;

	if (ret)
		return ret;
	d->bar = vdriver_pci_read(d, 0x10, 4) - PCI_MMIO_GPA;
	d->table = vdriver_pci_read(d, 0x14, 4) - PCI_MMIO_GPA;
	vdriver_pci_write(d, 4, 2, 6);
	for (cap = (uint32_t)vdriver_pci_read(d, 0x34, 1); cap;
	     cap = (uint32_t)vdriver_pci_read(d, cap + 1, 1)) {
		if (vdriver_pci_read(d, cap, 1) == CAP_ID_VENDOR)
			vendor_cap(d, cap);
		else if (vdriver_pci_read(d, cap, 1) == CAP_ID_MSIX)
			msix = cap;
	}
	if (!msix || !d->notify_multiplier)
		return -ENODEV;
	msix_enable(d, msix);
	return 0;
}

void vdriver_detach(struct vdriver *d)
{
	virtio_pci_release(&d->vp);
	d->pci.slots[SLOT] = NULL;
}

/* --- the device -------------------------------------------------------- */

int vdriver_negotiate(struct vdriver *d, uint64_t features)
{
	uint64_t offered;

	vdriver_reset(d);
	vdriver_write(d, R_STATUS, 1, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	vdriver_write(d, R_FEATURE_SELECT, 4, 0);
	offered = vdriver_read(d, R_FEATURE, 4);
	vdriver_write(d, R_FEATURE_SELECT, 4, 1);
	offered |= vdriver_read(d, R_FEATURE, 4) << 32;
	d->features = (features | VIRTIO_FEATURE_VERSION_1) & offered;
	vdriver_write(d, R_TAKEN_SELECT, 4, 0);
	vdriver_write(d, R_TAKEN, 4, (uint32_t)d->features);
	vdriver_write(d, R_TAKEN_SELECT, 4, 1);
	vdriver_write(d, R_TAKEN, 4, d->features >> 32);
	vdriver_write(d, R_STATUS, 1,
		      STATUS_ACKNOWLEDGE | STATUS_DRIVER |
			      VIRTIO_STATUS_FEATURES_OK);
	vdriver_write(d, R_CONFIG_VECTOR, 2, d->vp.dev->queue_count);
	return vdriver_status(d) & VIRTIO_STATUS_FEATURES_OK ? 0 : -EPROTO;
}

static void queue_place(struct vdriver *d, struct vqueue *q)
{
	uint32_t tables = q->size * VDRIVER_MAX_SEGS * sizeof(struct vdesc);
	uint16_t i;

	q->desc_gpa = vdriver_alloc(d, q->size * sizeof(struct vdesc), 16);
	q->avail_gpa = vdriver_alloc(d, 6 + 2u * q->size, 2);
	q->used_gpa = vdriver_alloc(d, 6 + 8u * q->size, 4);
	q->tables_gpa = vdriver_alloc(d, tables, 16);
	q->desc = vdriver_ptr(d, q->desc_gpa);
	q->avail = vdriver_ptr(d, q->avail_gpa);
	q->used = vdriver_ptr(d, q->used_gpa);
	q->tables = vdriver_ptr(d, q->tables_gpa);
	memset(q->desc, 0, q->used_gpa + 6 + 8u * q->size - q->desc_gpa);
	q->free_count = q->size;
	for (i = 0; i < q->size; i++)
		q->desc[i].next = (uint16_t)(i + 1);
}

void vdriver_queue(struct vdriver *d, uint16_t index, uint16_t size)
{
	struct vqueue *q = &d->queues[index];

	*q = (struct vqueue){.index = index,
			     .size = size,
			     .has_event_idx =
				     d->features & VIRTIO_FEATURE_EVENT_IDX};
	queue_place(d, q);
	vdriver_write(d, R_QUEUE_SELECT, 2, index);
	vdriver_write(d, R_QUEUE_SIZE, 2, size);
	vdriver_write(d, R_QUEUE_VECTOR, 2, index);
	vdriver_write(d, R_QUEUE_DESC, 8, q->desc_gpa);
	vdriver_write(d, R_QUEUE_AVAIL, 8, q->avail_gpa);
	vdriver_write(d, R_QUEUE_USED, 8, q->used_gpa);
	vdriver_write(d, R_QUEUE_ENABLE, 2, 1);
}

void vdriver_ok(struct vdriver *d)
{
	vdriver_write(d, R_STATUS, 1,
		      vdriver_status(d) | VIRTIO_STATUS_DRIVER_OK);
}

int vdriver_start(struct vdriver *d, uint64_t features, uint16_t queues,
		  uint16_t size)
{
	int ret = vdriver_negotiate(d, features);
	uint16_t i;

	for (i = 0; i < queues && !ret; i++)
		vdriver_queue(d, i, size);
	vdriver_ok(d);
	return ret;
}

void vdriver_reset(struct vdriver *d)
{
	vdriver_write(d, R_STATUS, 1, 0);
	d->next_gpa = VDRIVER_RINGS_GPA;
}

uint64_t vdriver_alloc(struct vdriver *d, uint64_t bytes, uint64_t alignment)
{
	uint64_t gpa = (d->next_gpa + alignment - 1) / alignment * alignment;

	if (!mem_ptr(&d->mem, gpa, bytes))
		abort();
	d->next_gpa = gpa + bytes;
	return gpa;
}

void *vdriver_ptr(const struct vdriver *d, uint64_t gpa)
{
	return mem_ptr(&d->mem, gpa, 1);
}

/* --- queues ------------------------------------------------------------ */

void vqueue_expose(struct vqueue *q, uint16_t head)
{
	q->avail[RING + q->next_avail % q->size] = head;
	q->next_avail++;
	/* Descriptors and the entry before the index that covers them. */
	__atomic_store_n(&q->avail[INDEX], q->next_avail, __ATOMIC_RELEASE);
}

static struct vdesc to_desc(const struct vseg *s)
{
	return (struct vdesc){.addr = s->gpa,
			      .len = s->len,
			      .flags = s->is_in ? VDESC_WRITE : 0};
}

int vqueue_add(struct vqueue *q, const struct vseg *segs, uint32_t count)
{
	uint16_t head = q->free_head;
	uint16_t at = head;
	uint32_t i;

	if (count > q->free_count)
		return -ENOSPC;
	for (i = 0; i < count; i++) {
		uint16_t next = q->desc[at].next;

		q->desc[at] = to_desc(&segs[i]);
		q->desc[at].next = next;
		if (i + 1 < count)
			q->desc[at].flags |= VDESC_NEXT;
		at = next;
	}
	q->free_head = at;
	q->free_count = (uint16_t)(q->free_count - count);
	vqueue_expose(q, head);
	return head;
}

int vqueue_add_indirect(struct vqueue *q, const struct vseg *segs,
			uint32_t count)
{
	uint16_t head = q->free_head;
	struct vdesc *table = q->tables + head * VDRIVER_MAX_SEGS;
	struct vdesc *d = &q->desc[head];
	uint32_t i;

	if (!q->free_count || count > VDRIVER_MAX_SEGS)
		return -ENOSPC;
	for (i = 0; i < count; i++) {
		table[i] = to_desc(&segs[i]);
		if (i + 1 == count)
			continue;
		table[i].flags |= VDESC_NEXT;
		table[i].next = (uint16_t)(i + 1);
	}
	q->free_head = d->next;
	q->free_count--;
	d->addr = q->tables_gpa + head * VDRIVER_MAX_SEGS * sizeof(*table);
	d->len = count * (uint32_t)sizeof(*table);
	d->flags = VDESC_INDIRECT;
	vqueue_expose(q, head);
	return head;
}

void vqueue_ring(struct vdriver *d, const struct vqueue *q)
{
	vdriver_write(d, d->notify + d->notify_multiplier * q->index, 2,
		      q->index);
}

/* Pairs with virtq_notify_enable(): our index, then what it wants. */
bool vqueue_kick(struct vdriver *d, struct vqueue *q)
{
	uint16_t before = q->kicked_avail;
	uint16_t event;
	bool wanted;

	q->kicked_avail = q->next_avail;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (q->has_event_idx) {
		event = __atomic_load_n(&q->used[RING + 4 * q->size],
					__ATOMIC_RELAXED);
		wanted = (uint16_t)(q->next_avail - event - 1) <
			 (uint16_t)(q->next_avail - before);
	} else {
		wanted = !(__atomic_load_n(&q->used[FLAGS], __ATOMIC_RELAXED) &
			   1);
	}
	if (wanted)
		vqueue_ring(d, q);
	return wanted;
}

static void free_chain(struct vqueue *q, uint16_t head)
{
	uint16_t at = head, count = 1;

	while (q->desc[at].flags & VDESC_NEXT && count < q->size) {
		at = q->desc[at].next;
		count++;
	}
	q->desc[at].next = q->free_head;
	q->free_head = head;
	q->free_count = (uint16_t)(q->free_count + count);
}

int vqueue_take(struct vqueue *q, uint32_t *len)
{
	struct {
		uint32_t id, len;
	} elem;

	if (__atomic_load_n(&q->used[INDEX], __ATOMIC_ACQUIRE) == q->next_used)
		return -EAGAIN;
	memcpy(&elem, &q->used[RING + 4 * (q->next_used % q->size)],
	       sizeof(elem));
	q->next_used++;
	if (elem.id >= q->size)
		return -EPROTO;
	free_chain(q, (uint16_t)elem.id);
	if (len)
		*len = elem.len;
	return (int)elem.id;
}

uint64_t vdriver_interrupts(struct vdriver *d, uint32_t vector, int ms)
{
	struct pollfd p = {.fd = pci_msix_fd(&d->vp.fn, vector),
			   .events = POLLIN};
	uint64_t count;

	if (poll(&p, 1, ms) != 1 || read(p.fd, &count, sizeof(count)) < 0)
		return 0;
	return count;
}

/* Ask for an interrupt at the next one; true if it is there already. */
static bool want_interrupt(struct vqueue *q)
{
	if (q->has_event_idx)
		__atomic_store_n(&q->avail[RING + q->size], q->next_used,
				 __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(&q->used[INDEX], __ATOMIC_ACQUIRE) !=
	       q->next_used;
}

int vqueue_wait(struct vdriver *d, struct vqueue *q, uint32_t *len)
{
	int head;

	while ((head = vqueue_take(q, len)) == -EAGAIN)
		if (!want_interrupt(q) &&
		    !vdriver_interrupts(d, q->index, VDRIVER_WAIT_MS))
			return -ETIMEDOUT;
	return head;
}
