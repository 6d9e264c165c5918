/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VIRTIO_H
#define RUNNERS_VMM_VIRTIO_VIRTIO_H

/*
 * virtio - what a device does, and what it may ask of its transport.
 * Two const tables; neither is ever written to.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/vmm/virtio/virtq.h"

struct virtio_dev;

#define VIRTIO_MAX_QUEUES 8

#define VIRTIO_F_VERSION_1 (1ULL << 32)

#define VIRTIO_STATUS_DRIVER_OK 4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64

/* All run with dev->lock held. */
struct virtio_dev_ops {
	const char *name;   /* "console", "rng" */
	uint16_t device_id; /* virtio 1.2, 5 */
	uint32_t class_code;
	uint32_t queue_count;
	uint64_t features; /* beside VIRTIO_F_VERSION_1 */

	void (*config_read)(const struct virtio_dev *dev, size_t off, void *buf,
			    size_t len); /* optional */
	void (*notify)(struct virtio_dev *dev, uint32_t queue);
	void (*reset)(struct virtio_dev *dev); /* optional */
};

struct virtio_transport_ops {
	/* What was pushed to QUEUE is worth an interrupt. */
	void (*used)(struct virtio_dev *dev, uint32_t queue);
};

/* Devices embed this as their first member. */
struct virtio_dev {
	const struct virtio_dev_ops *ops;
	const struct virtio_transport_ops *transport;
	void *transport_arg;
	const struct mem *mem; /* borrowed */
	pthread_mutex_t lock;  /* guards all below and the device's state */
	struct virtq queues[VIRTIO_MAX_QUEUES];
	uint64_t features; /* as accepted by the driver */
	uint8_t status;
};

void virtio_dev_init(struct virtio_dev *dev, const struct virtio_dev_ops *ops,
		     const struct mem *mem);
void virtio_dev_release(struct virtio_dev *dev);

/* Push, and interrupt the driver if it wants one. */
void virtio_complete(struct virtio_dev *dev, uint32_t queue,
		     const struct virtq_chain *chain, uint32_t len);

/*
 * As virtq_pop(); a driver that broke a rule finds the device in need of a
 * reset and gets nothing more (2.1.2).
 */
int virtio_pop(struct virtio_dev *dev, uint32_t queue,
	       struct virtq_chain *chain);

#endif
