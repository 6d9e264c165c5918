/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VIRTIO_H
#define RUNNERS_VMM_VIRTIO_VIRTIO_H

/*
 * virtio - the operations of a device, and those of its transport. Two const
 * tables; neither is ever written to.
 *
 * A device without start() works in notify(), on the vCPU's thread and under
 * dev->lock. One with start() has threads of its own, which own the queues
 * from start() to stop() (except those from io_queue_count on, which notify()
 * still serves). The driver's doorbells then signal one eventfd per queue,
 * without an exit to the VMM if the hypervisor supports that and the device was not
 * told otherwise, and interrupts come from an eventfd.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "runners/vmm/virtio/virtq.h"

struct err;
struct virtio_dev;

#define VIRTIO_MAX_QUEUES 17

/*
 * Requests that one notify() serves. A driver that keeps to the rules has no
 * more at once, and notifies of each; one that adds requests while another of
 * its CPUs is in notify() would never let that go.
 */
#define VIRTIO_NOTIFY_MAX VIRTQ_MAX_SIZE

#define VIRTIO_FEATURE_VERSION_1 (1ULL << 32)

#define VIRTIO_STATUS_DRIVER_OK 4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64

/* All run with dev->lock held. */
struct virtio_dev_ops {
	const char *name;   /* "console", "rng" */
	uint16_t device_id; /* virtio 1.2, 5 */
	uint32_t class_code;
	uint32_t queue_count; /* maximum; the actual one: dev->queue_count */
	uint16_t queue_size;  /* of each, at most; 0: VIRTQ_MAX_SIZE */
	uint64_t features;    /* beside VIRTIO_FEATURE_VERSION_1 */

	void (*config_read)(const struct virtio_dev *dev, size_t off, void *buf,
			    size_t len); /* optional */
	void (*notify)(struct virtio_dev *dev, uint32_t queue);
	void (*reset)(struct virtio_dev *dev); /* optional */

	/* The driver is ready. A negative errno makes the device broken. */
	int (*start)(struct virtio_dev *dev);
	/* Joins every thread; no request is in flight afterwards. */
	void (*stop)(struct virtio_dev *dev);

	/* Of a device that may ring by exits. QUEUE was rung; false: its thread must
	 * be woken. */
	bool (*serve_exit)(struct virtio_dev *dev, uint32_t queue);
};

struct virtio_transport_ops {
	/* Interrupt the driver for requests pushed to QUEUE. Any thread. */
	void (*used)(struct virtio_dev *dev, uint32_t queue);
	void (*config_changed)(struct virtio_dev *dev);
	/* Let doorbells end in the eventfds, or no longer. */
	void (*doorbells)(struct virtio_dev *dev, bool on);
	/* The eventfd that interrupts for QUEUE; -1: there is none. */
	int (*call_fd)(struct virtio_dev *dev, uint32_t queue);
};

/* What one queue has done since the machine started. Any thread reads. */
struct virtio_counts {
	_Atomic uint64_t requests;
	_Atomic uint64_t doorbells; /* the driver's, that were no exits */
	_Atomic uint64_t interrupts;
};

/* Devices embed this as their first member. */
struct virtio_dev {
	const struct virtio_dev_ops *ops;
	const struct virtio_transport_ops *transport;
	void *transport_arg;
	const struct mem *mem; /* borrowed */
	uint32_t queue_count;
	uint32_t io_queue_count; /* the first ones, which are the threads' */
	uint64_t offered; /* features, VIRTIO_FEATURE_VERSION_1 among them */
	int kick_fds[VIRTIO_MAX_QUEUES]; /* owned; -1 without start() */
	bool rings_by_exits; /* has no ioeventfds; before the driver's start */
	/* Of what will be read from kick_fds: written by virtio_notify(). */
	_Atomic uint64_t exit_rings[VIRTIO_MAX_QUEUES];
	struct virtio_counts counts[VIRTIO_MAX_QUEUES];
	_Atomic bool
		is_broken; /* the driver broke a rule: any thread says so */

	pthread_mutex_t lock; /* guards all below and the device's state */
	struct virtq queues[VIRTIO_MAX_QUEUES];
	uint64_t features; /* as accepted by the driver */
	uint8_t status;
	bool is_running; /* between start() and stop() */
};

void virtio_dev_init(struct virtio_dev *dev, const struct virtio_dev_ops *ops,
		     const struct mem *mem);
void virtio_dev_release(struct virtio_dev *dev); /* zeroed is fine */

/* The size that a driver finds its queues with; it may choose a smaller one. */
uint16_t virtio_queue_size(const struct virtio_dev *dev);

/* For devices with start(): the eventfds. */
int virtio_kicks_create(struct virtio_dev *dev, struct err *err);

/*
 * For the transport, with the lock held. The status as the driver reads it;
 * what DRIVER_OK starts and what a reset ends.
 */
uint8_t virtio_status(const struct virtio_dev *dev);
void virtio_driver_ok(struct virtio_dev *dev);
void virtio_reset(struct virtio_dev *dev);

/*
 * For snapshots, with the lock held. All requests in flight are answered, and the
 * threads are gone; the driver's registers stay. Then, of queues that were set and
 * mapped in another process: what DRIVER_OK starts, and an interrupt for each, as one
 * may have been lost.
 */
void virtio_rest(struct virtio_dev *dev);
void virtio_resume(struct virtio_dev *dev);
/* Map every ready queue; -EPROTO. */
int virtio_map_queues(struct virtio_dev *dev);

/* For the transport, lock held: the driver rang by way of an exit. */
void virtio_notify(struct virtio_dev *dev, uint32_t queue);

/* Push, and interrupt the driver if it wants one. */
void virtio_complete(struct virtio_dev *dev, uint32_t queue,
		     const struct virtq_chain *chain, uint32_t len);

/* Interrupt for all pushed requests, if the driver wants an interrupt. */
void virtio_signal(struct virtio_dev *dev, uint32_t queue);

/*
 * As virtq_pop(); a driver that broke a rule finds the device in need of a
 * reset and gets nothing more (2.1.2).
 */
int virtio_pop(struct virtio_dev *dev, uint32_t queue,
	       struct virtq_chain *chain);
void virtio_broken(struct virtio_dev *dev);

/*
 * For serve_exit(), with the queue kept from its thread: the request of QUEUE, if it is
 * the only one, is popped into CHAIN and given to SERVE, which answers it, or returns
 * false and leaves it as it was. True: the queue is empty, and its driver will ring.
 */
typedef bool virtio_serve_fn(void *arg, uint32_t queue);
bool virtio_serve_alone(struct virtio_dev *dev, uint32_t queue,
			struct virtq_chain *chain, virtio_serve_fn *serve,
			void *arg);

/* Take the doorbells that rang on QUEUE; waits until one has. Or count the RINGS that
 * were read from its eventfd. */
void virtio_kick_drain(struct virtio_dev *dev, uint32_t queue);
void virtio_kick_count(struct virtio_dev *dev, uint32_t queue, uint64_t rings);

/* Requests that the driver has made so far. Any thread. */
uint64_t virtio_request_count(const struct virtio_dev *dev);

/* "count NUMBER NAMEINDEX.COUNTER VALUE" lines, "blk0.doorbells": sums over
 * the queues since the machine started. Any thread. */
void virtio_write_counts(struct virtio_dev *dev, uint32_t index,
			 uint32_t number, FILE *out);

#endif
