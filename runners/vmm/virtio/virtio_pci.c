// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/virtio_pci.h"

#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/virtio/virtio.h"

#define VENDOR_VIRTIO 0x1af4
#define DEVICE_MODERN_BASE 0x1040

#define BAR_COMMON 0x0000u
#define BAR_ISR 0x1000u
#define BAR_DEVICE 0x2000u
#define BAR_NOTIFY 0x3000u
#define BAR_PART_BYTES 0x1000u
#define NOTIFY_MULTIPLIER 4u

/* virtio_pci_cap, 4.1.4 */
struct virtio_pci_cap {
	uint8_t cap_id, cap_next, cap_len, cfg_type;
	uint8_t bar, id, padding[2];
	uint32_t offset, length;
	uint32_t extra; /* notify multiplier, or the window's data */
};

#define CAP_VENDOR 0x09
#define CFG_TYPE_COMMON 1
#define CFG_TYPE_NOTIFY 2
#define CFG_TYPE_ISR 3
#define CFG_TYPE_DEVICE 4

/* Offsets in virtio_pci_common_cfg, 4.1.4.3 */
enum common_reg {
	R_DEVICE_FEATURE_SELECT = 0,
	R_DEVICE_FEATURE = 4,
	R_DRIVER_FEATURE_SELECT = 8,
	R_DRIVER_FEATURE = 12,
	R_CONFIG_MSIX_VECTOR = 16,
	R_NUM_QUEUES = 18,
	R_DEVICE_STATUS = 20,
	R_CONFIG_GENERATION = 21,
	R_QUEUE_SELECT = 22,
	R_QUEUE_SIZE = 24,
	R_QUEUE_MSIX_VECTOR = 26,
	R_QUEUE_ENABLE = 28,
	R_QUEUE_NOTIFY_OFF = 30,
	R_QUEUE_DESC = 32,
	R_QUEUE_DRIVER = 40,
	R_QUEUE_DEVICE = 48,
};

static struct virtq *selected_queue(struct virtio_pci *vp)
{
	if (vp->queue_select >= vp->dev->queue_count)
		return NULL;
	return &vp->dev->queues[vp->queue_select];
}

static void status_write(struct virtio_pci *vp, uint8_t value)
{
	struct virtio_dev *dev = vp->dev;

	if (!value) {
		virtio_reset(dev);
		vp->config_vector = PCI_NO_VECTOR;
		return;
	}
	/* Reject a feature that the device did not offer (3.1.1). */
	if ((value & VIRTIO_STATUS_FEATURES_OK) &&
	    (dev->features & ~dev->offered))
		value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
	/* Features that were never agreed on start nothing. */
	if (!(value & VIRTIO_STATUS_FEATURES_OK))
		value &= (uint8_t)~VIRTIO_STATUS_DRIVER_OK;
	dev->status = value & (uint8_t)~VIRTIO_STATUS_NEEDS_RESET;
	if (value & VIRTIO_STATUS_DRIVER_OK)
		virtio_driver_ok(dev);
}

static uint32_t feature_word(uint64_t features, uint32_t select)
{
	return select < 2 ? (uint32_t)(features >> 32 * select) : 0;
}

static uint64_t queue_read(const struct virtq *q, uint32_t reg, uint16_t index)
{
	switch (reg) {
	case R_QUEUE_SIZE:
		return q->size;
	case R_QUEUE_MSIX_VECTOR:
		return q->msix_vector;
	case R_QUEUE_ENABLE:
		return q->ready;
	case R_QUEUE_NOTIFY_OFF:
		return index;
	case R_QUEUE_DESC:
		return q->desc_gpa;
	case R_QUEUE_DRIVER:
		return q->avail_gpa;
	case R_QUEUE_DEVICE:
		return q->used_gpa;
	default:
		return 0;
	}
}

static uint64_t common_read(struct virtio_pci *vp, uint32_t reg)
{
	const struct virtq *q = selected_queue(vp);

	switch (reg) {
	case R_DEVICE_FEATURE_SELECT:
		return vp->device_feature_select;
	case R_DEVICE_FEATURE:
		return feature_word(vp->dev->offered,
				    vp->device_feature_select);
	case R_DRIVER_FEATURE_SELECT:
		return vp->driver_feature_select;
	case R_DRIVER_FEATURE:
		return feature_word(vp->dev->features,
				    vp->driver_feature_select);
	case R_CONFIG_MSIX_VECTOR:
		return vp->config_vector;
	case R_NUM_QUEUES:
		return vp->dev->queue_count;
	case R_DEVICE_STATUS:
		return virtio_status(vp->dev);
	case R_QUEUE_SELECT:
		return vp->queue_select;
	default:
		return q ? queue_read(q, reg, vp->queue_select) : 0;
	}
}

static void set_half(uint64_t *value, bool high, uint32_t half)
{
	if (high)
		*value = (uint32_t)*value | (uint64_t)half << 32;
	else
		*value = (*value & ~0xffffffffULL) | half;
}

static void queue_write(struct virtio_pci *vp, struct virtq *q, uint32_t reg,
			uint32_t value)
{
	switch (reg) {
	case R_QUEUE_SIZE:
		if (value && value <= virtio_queue_size(vp->dev) &&
		    !(value & (value - 1)))
			q->size = (uint16_t)value;
		break;
	case R_QUEUE_MSIX_VECTOR:
		q->msix_vector = value < vp->fn.msix_count ? (uint16_t)value
							   : PCI_NO_VECTOR;
		break;
	case R_QUEUE_ENABLE:
		/* Queues that a running device does not know stay unknown. */
		q->ready = value == 1 && !vp->dev->is_running;
		break;
	case R_QUEUE_DESC:
	case R_QUEUE_DESC + 4:
		set_half(&q->desc_gpa, reg & 4, value);
		break;
	case R_QUEUE_DRIVER:
	case R_QUEUE_DRIVER + 4:
		set_half(&q->avail_gpa, reg & 4, value);
		break;
	case R_QUEUE_DEVICE:
	case R_QUEUE_DEVICE + 4:
		set_half(&q->used_gpa, reg & 4, value);
		break;
	default:
		break;
	}
}

static void common_write(struct virtio_pci *vp, uint32_t reg, uint32_t value)
{
	struct virtio_dev *dev = vp->dev;
	struct virtq *q = selected_queue(vp);

	switch (reg) {
	case R_DEVICE_FEATURE_SELECT:
		vp->device_feature_select = value;
		break;
	case R_DRIVER_FEATURE_SELECT:
		vp->driver_feature_select = value;
		break;
	case R_DRIVER_FEATURE:
		/* The device's threads read them without a lock. */
		if (vp->driver_feature_select < 2 && !dev->is_running &&
		    !(dev->status & VIRTIO_STATUS_FEATURES_OK))
			set_half(&dev->features, vp->driver_feature_select,
				 value);
		break;
	case R_CONFIG_MSIX_VECTOR:
		vp->config_vector = value < vp->fn.msix_count ? (uint16_t)value
							      : PCI_NO_VECTOR;
		break;
	case R_DEVICE_STATUS:
		status_write(vp, (uint8_t)value);
		break;
	case R_QUEUE_SELECT:
		vp->queue_select = (uint16_t)value;
		break;
	default:
		/* Addresses are fixed once a queue runs (4.1.5.1.3). */
		if (q && !(q->ready && reg != R_QUEUE_MSIX_VECTOR))
			queue_write(vp, q, reg, value);
	}
}

static void common_access(struct virtio_pci *vp, struct hv_access *access)
{
	uint32_t reg = (uint32_t)access->addr;

	if (!access->is_write) {
		/* The upper half of a 64-bit field has no name of its own. */
		bool upper = reg >= R_QUEUE_DESC && (reg & 4);

		access->data = common_read(vp, upper ? reg - 4 : reg);
		if (upper)
			access->data >>= 32;
		return;
	}
	common_write(vp, reg, (uint32_t)access->data);
	if (access->len_bytes == 8)
		common_write(vp, reg + 4, (uint32_t)(access->data >> 32));
}

static void config_access(struct virtio_pci *vp, struct hv_access *access)
{
	if (access->is_write)
		return;
	access->data = 0;
	if (vp->dev->ops->config_read)
		vp->dev->ops->config_read(vp->dev,
					  (size_t)access->addr - BAR_DEVICE,
					  &access->data, access->len_bytes);
}

static void notify_access(struct virtio_pci *vp, struct hv_access *access)
{
	uint64_t queue = (access->addr - BAR_NOTIFY) / NOTIFY_MULTIPLIER;

	if (!access->is_write)
		access->data = 0;
	else if (queue < vp->dev->queue_count)
		virtio_notify(vp->dev, (uint32_t)queue);
}

static void bar_access(struct pci_function *fn, uint32_t bar,
		       struct hv_access *access)
{
	struct virtio_pci *vp = container_of(fn, struct virtio_pci, fn);

	/* The other has the MSI-X table, and nothing else. */
	if (bar) {
		access->data = access->is_write ? access->data : 0;
		return;
	}
	pthread_mutex_lock(&vp->dev->lock);
	switch (access->addr / BAR_PART_BYTES * BAR_PART_BYTES) {
	case BAR_COMMON:
		common_access(vp, access);
		break;
	case BAR_DEVICE:
		config_access(vp, access);
		break;
	case BAR_NOTIFY:
		notify_access(vp, access);
		break;
	default: /* the ISR has no use with MSI-X alone */
		access->data = access->is_write ? access->data : 0;
	}
	pthread_mutex_unlock(&vp->dev->lock);
}

static void transport_used(struct virtio_dev *dev, uint32_t queue)
{
	struct virtio_pci *vp = dev->transport_arg;

	pci_msix_notify(&vp->fn, dev->queues[queue].msix_vector);
}

static void transport_config_changed(struct virtio_dev *dev)
{
	struct virtio_pci *vp = dev->transport_arg;

	pci_msix_notify(&vp->fn, vp->config_vector);
}

static int transport_call_fd(struct virtio_dev *dev, uint32_t queue)
{
	struct virtio_pci *vp = dev->transport_arg;

	return pci_msix_fd(&vp->fn, dev->queues[queue].msix_vector);
}

/*
 * The driver writes the queue's number, 16 bits (4.1.5.2). A doorbell of any width
 * is one that KVM finds by its address alone, before it would decode the guest's
 * instruction (KVM_FAST_MMIO_BUS). Where no doorbell can be had the write arrives as
 * an exit and rings the same eventfd.
 */
static void doorbells_set(struct virtio_pci *vp, uint64_t bar_gpa, bool on)
{
	struct hv_doorbell bell = {.fd = -1};
	uint32_t i;

	for (i = 0; i < vp->dev->io_queue_count; i++) {
		bell.gpa = bar_gpa + BAR_NOTIFY + NOTIFY_MULTIPLIER * i;
		bell.fd = vp->dev->kick_fds[i];
		hv_doorbell_set(vp->fn.bus->hv, &bell, on);
	}
}

/* Move them to where the BAR is now; to nowhere when they are off. */
static void doorbells_move(struct virtio_pci *vp)
{
	uint64_t now = vp->wants_doorbells ? pci_bar_gpa(&vp->fn, 0) : 0;

	if (now == vp->doorbell_gpa)
		return;
	if (vp->doorbell_gpa)
		doorbells_set(vp, vp->doorbell_gpa, false);
	if (now)
		doorbells_set(vp, now, true);
	vp->doorbell_gpa = now;
}

static void transport_doorbells(struct virtio_dev *dev, bool on)
{
	struct virtio_pci *vp = dev->transport_arg;

	pthread_mutex_lock(&vp->fn.bus->lock);
	vp->wants_doorbells = on;
	doorbells_move(vp);
	pthread_mutex_unlock(&vp->fn.bus->lock);
}

static void bar_moved(struct pci_function *fn)
{
	doorbells_move(container_of(fn, struct virtio_pci, fn));
}

static const struct virtio_transport_ops pci_transport = {
	.used = transport_used,
	.config_changed = transport_config_changed,
	.doorbells = transport_doorbells,
	.call_fd = transport_call_fd,
};

static const struct pci_function_ops pci_ops = {
	.bar_access = bar_access,
	.bar_moved = bar_moved,
};

static int add_cap(struct virtio_pci *vp, uint8_t type, uint32_t offset,
		   uint32_t extra)
{
	struct virtio_pci_cap cap = {
		.cap_len =
			type == CFG_TYPE_NOTIFY ? sizeof(cap) : sizeof(cap) - 4,
		.cfg_type = type,
		.offset = offset,
		.length = BAR_PART_BYTES,
		.extra = extra,
	};

	return pci_add_capability(&vp->fn, CAP_VENDOR, &cap, cap.cap_len);
}

int virtio_pci_init(struct virtio_pci *vp, struct pci_bus *bus, uint32_t slot,
		    struct virtio_dev *dev)
{
	struct pci_identity id = {
		.vendor_id = VENDOR_VIRTIO,
		.device_id = DEVICE_MODERN_BASE + dev->ops->device_id,
		.class_code = dev->ops->class_code,
		.revision = 1,
		.subsystem_id = DEVICE_MODERN_BASE + dev->ops->device_id,
	};
	int ret;

	memset(vp, 0, sizeof(*vp));
	vp->dev = dev;
	vp->config_vector = PCI_NO_VECTOR;
	pci_function_init(&vp->fn, bus, &id);
	vp->fn.ops = &pci_ops;
	dev->transport = &pci_transport;
	dev->transport_arg = vp;
	ret = add_cap(vp, CFG_TYPE_COMMON, BAR_COMMON, 0);
	if (!ret)
		ret = add_cap(vp, CFG_TYPE_NOTIFY, BAR_NOTIFY,
			      NOTIFY_MULTIPLIER);
	if (!ret)
		ret = add_cap(vp, CFG_TYPE_ISR, BAR_ISR, 0);
	if (!ret)
		ret = add_cap(vp, CFG_TYPE_DEVICE, BAR_DEVICE, 0);
	if (!ret)
		ret = pci_add_msix(&vp->fn, dev->queue_count + 1);
	if (!ret && dev->ops->start)
		ret = pci_msix_fds_create(&vp->fn);
	if (!ret)
		ret = pci_bus_add(bus, slot, &vp->fn);
	return ret;
}

void virtio_pci_release(struct virtio_pci *vp)
{
	if (!vp->dev)
		return;
	if (vp->dev->is_running) {
		pthread_mutex_lock(&vp->dev->lock);
		virtio_reset(vp->dev);
		pthread_mutex_unlock(&vp->dev->lock);
	}
	pci_function_release(&vp->fn);
	vp->dev = NULL;
}

struct virtio_pci *virtio_pci_of(struct pci_function *fn)
{
	return fn->ops == &pci_ops ? container_of(fn, struct virtio_pci, fn)
				   : NULL;
}

static void device_config(const struct virtio_dev *dev,
			  uint8_t bytes[VIRTIO_CONFIG_BYTES])
{
	size_t off;

	memset(bytes, 0, VIRTIO_CONFIG_BYTES);
	for (off = 0; dev->ops->config_read && off < VIRTIO_CONFIG_BYTES;
	     off += 4)
		dev->ops->config_read(dev, off, bytes + off, 4);
}

void virtio_pci_state_get(struct virtio_pci *vp, struct virtio_state *state)
{
	struct virtio_dev *dev = vp->dev;
	uint32_t i;

	pthread_mutex_lock(&dev->lock);
	virtio_rest(dev);
	*state = (struct virtio_state){
		.offered = dev->offered,
		.features = dev->features,
		.device_id = dev->ops->device_id,
		.queue_count = dev->queue_count,
		.device_feature_select = vp->device_feature_select,
		.driver_feature_select = vp->driver_feature_select,
		.queue_select = vp->queue_select,
		.config_vector = vp->config_vector,
		.status = dev->status,
		.is_running = dev->is_running,
		.is_broken = atomic_load(&dev->is_broken),
	};
	device_config(dev, state->config);
	for (i = 0; i < dev->queue_count; i++) {
		const struct virtq *q = &dev->queues[i];

		state->queues[i] = (struct virtio_queue_state){
			.desc_gpa = q->desc_gpa,
			.avail_gpa = q->avail_gpa,
			.used_gpa = q->used_gpa,
			.size = q->size,
			.msix_vector = q->msix_vector,
			.next_avail = q->next_avail,
			.next_used = q->next_used,
			.signalled_used = q->signalled_used,
			.ready = q->ready,
		};
	}
	pthread_mutex_unlock(&dev->lock);
}

/* By the registers' own rules; then what the queue has got to. False: its size is
 * none that it can have. */
static bool queue_state_set(struct virtio_pci *vp, struct virtq *q,
			    const struct virtio_queue_state *s)
{
	queue_write(vp, q, R_QUEUE_SIZE, s->size);
	queue_write(vp, q, R_QUEUE_MSIX_VECTOR, s->msix_vector);
	q->desc_gpa = s->desc_gpa;
	q->avail_gpa = s->avail_gpa;
	q->used_gpa = s->used_gpa;
	q->ready = s->ready & 1;
	q->next_avail = q->seen_avail = s->next_avail;
	q->next_used = s->next_used;
	q->signalled_used = s->signalled_used;
	return q->size == s->size;
}

static int is_like(const struct virtio_dev *dev,
		   const struct virtio_state *state, struct err *err)
{
	uint8_t config[VIRTIO_CONFIG_BYTES];

	device_config(dev, config);
	if (state->device_id == dev->ops->device_id &&
	    state->offered == dev->offered &&
	    state->queue_count == dev->queue_count &&
	    !memcmp(state->config, config, sizeof(config)))
		return 0;
	return err_set(
		err, -ENODEV,
		"the device '%s' is another one than in the snapshot: its kind, size, queues or features differ",
		dev->ops->name);
}

int virtio_pci_state_set(struct virtio_pci *vp,
			 const struct virtio_state *state, struct err *err)
{
	struct virtio_dev *dev = vp->dev;
	int ret = is_like(dev, state, err);
	uint32_t i;

	if (ret)
		return ret;
	if (state->features & ~dev->offered)
		return err_set(err, -EINVAL,
			       "device '%s' never offered its features",
			       dev->ops->name);
	vp->device_feature_select = state->device_feature_select;
	vp->driver_feature_select = state->driver_feature_select;
	vp->queue_select = state->queue_select;
	vp->config_vector = state->config_vector < vp->fn.msix_count
				    ? state->config_vector
				    : PCI_NO_VECTOR;
	dev->features = state->features;
	dev->status = state->status & (uint8_t)~VIRTIO_STATUS_NEEDS_RESET;
	for (i = 0; i < dev->queue_count; i++)
		if (!queue_state_set(vp, &dev->queues[i], &state->queues[i]))
			return err_set(
				err, -EINVAL,
				"a queue of device '%s' has a size that the device lacks",
				dev->ops->name);
	dev->is_running = state->is_running & 1;
	if (dev->is_running && virtio_map_queues(dev))
		return err_set(err, -EINVAL,
			       "a queue of device '%s' is not in RAM",
			       dev->ops->name);
	atomic_store(&dev->is_broken, state->is_broken & 1);
	return 0;
}

void virtio_pci_resume(struct virtio_pci *vp)
{
	pthread_mutex_lock(&vp->dev->lock);
	virtio_resume(vp->dev);
	pthread_mutex_unlock(&vp->dev->lock);
}
