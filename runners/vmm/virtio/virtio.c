// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/virtio.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "runners/vmm/event.h"

uint16_t virtio_queue_size(const struct virtio_dev *dev)
{
	return dev->ops->queue_size ? dev->ops->queue_size : VIRTQ_MAX_SIZE;
}

void virtio_dev_init(struct virtio_dev *dev, const struct virtio_dev_ops *ops,
		     const struct mem *mem)
{
	int i;

	dev->ops = ops;
	dev->mem = mem;
	dev->queue_count = ops->queue_count;
	dev->offered = ops->features | VIRTIO_FEATURE_VERSION_1;
	pthread_mutex_init(&dev->lock, NULL);
	for (i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		virtq_reset(&dev->queues[i], virtio_queue_size(dev));
		dev->kick_fds[i] = -1;
	}
}

void virtio_dev_release(struct virtio_dev *dev)
{
	int i;

	if (!dev->ops)
		return;
	for (i = 0; i < VIRTIO_MAX_QUEUES; i++)
		if (dev->kick_fds[i] >= 0)
			close(dev->kick_fds[i]);
	pthread_mutex_destroy(&dev->lock);
	dev->ops = NULL;
}

int virtio_kicks_create(struct virtio_dev *dev, struct err *err)
{
	uint32_t i;

	for (i = 0; i < dev->io_queue_count; i++) {
		dev->kick_fds[i] = eventfd(0, EFD_CLOEXEC);
		if (dev->kick_fds[i] < 0)
			return err_sys(err, -errno, "cannot make an eventfd");
	}
	return 0;
}

uint8_t virtio_status(const struct virtio_dev *dev)
{
	return dev->status |
	       (atomic_load(&dev->is_broken) ? VIRTIO_STATUS_NEEDS_RESET : 0);
}

int virtio_map_queues(struct virtio_dev *dev)
{
	uint32_t i;

	for (i = 0; i < dev->queue_count; i++)
		if (dev->queues[i].ready &&
		    virtq_map(&dev->queues[i], dev->mem, dev->features))
			return -EPROTO;
	return 0;
}

static void begin(struct virtio_dev *dev)
{
	uint32_t i;

	if (!dev->ops->start) {
		for (i = 0; i < dev->queue_count; i++)
			dev->ops->notify(dev, i);
		return;
	}
	if (!dev->rings_by_exits)
		dev->transport->doorbells(dev, true);
	if (dev->ops->start(dev))
		virtio_broken(dev);
}

void virtio_driver_ok(struct virtio_dev *dev)
{
	if (dev->is_running)
		return;
	dev->is_running = true;
	if (virtio_map_queues(dev))
		virtio_broken(dev);
	else
		begin(dev);
}

void virtio_rest(struct virtio_dev *dev)
{
	if (dev->is_running && dev->ops->start)
		dev->ops->stop(dev);
}

void virtio_resume(struct virtio_dev *dev)
{
	uint32_t i;

	if (!dev->is_running || atomic_load(&dev->is_broken))
		return;
	begin(dev);
	for (i = 0; i < dev->queue_count; i++)
		if (dev->queues[i].ready)
			dev->transport->used(dev, i);
}

void virtio_reset(struct virtio_dev *dev)
{
	uint32_t i;

	if (dev->is_running && dev->ops->start) {
		dev->transport->doorbells(dev, false);
		dev->ops->stop(dev);
	}
	dev->is_running = false;
	for (i = 0; i < dev->queue_count; i++)
		virtq_reset(&dev->queues[i], virtio_queue_size(dev));
	dev->features = 0;
	dev->status = 0;
	atomic_store(&dev->is_broken, false);
	if (dev->ops->reset)
		dev->ops->reset(dev);
}

void virtio_notify(struct virtio_dev *dev, uint32_t queue)
{
	uint64_t one = 1;

	if (queue >= dev->io_queue_count) {
		dev->ops->notify(dev, queue);
		return;
	}
	if (dev->rings_by_exits && dev->ops->serve_exit(dev, queue))
		return;
	atomic_fetch_add(&dev->exit_rings[queue], 1);
	if (write(dev->kick_fds[queue], &one, sizeof(one)) < 0)
		virtio_broken(dev);
}

void virtio_signal(struct virtio_dev *dev, uint32_t queue)
{
	if (!virtq_wants_interrupt(&dev->queues[queue]))
		return;
	atomic_fetch_add_explicit(&dev->counts[queue].interrupts, 1,
				  memory_order_relaxed);
	dev->transport->used(dev, queue);
}

void virtio_complete(struct virtio_dev *dev, uint32_t queue,
		     const struct virtq_chain *chain, uint32_t len)
{
	virtq_push(&dev->queues[queue], chain->head, len);
	virtio_signal(dev, queue);
}

/* A configuration change notifies the driver (2.1.2). */
void virtio_broken(struct virtio_dev *dev)
{
	if (!atomic_exchange(&dev->is_broken, true))
		dev->transport->config_changed(dev);
}

int virtio_pop(struct virtio_dev *dev, uint32_t queue,
	       struct virtq_chain *chain)
{
	int ret;

	if (atomic_load_explicit(&dev->is_broken, memory_order_relaxed))
		return 0;
	ret = virtq_pop(&dev->queues[queue], dev->mem, chain);
	if (ret < 0)
		virtio_broken(dev);
	else if (ret)
		atomic_fetch_add_explicit(&dev->counts[queue].requests, 1,
					  memory_order_relaxed);
	return ret;
}

bool virtio_serve_alone(struct virtio_dev *dev, uint32_t queue,
			struct virtq_chain *chain, virtio_serve_fn *serve,
			void *arg)
{
	struct virtq *q = &dev->queues[queue];

	/* Of several the thread serves some while the vCPU goes on. */
	if (virtq_avail_count(q) != 1)
		return false;
	virtq_notify_disable(q);
	if (virtio_pop(dev, queue, chain) == 1 && !serve(arg, queue)) {
		virtq_unpop(q);
		atomic_fetch_sub_explicit(&dev->counts[queue].requests, 1,
					  memory_order_relaxed);
		return false;
	}
	return !virtq_notify_enable(q);
}

void virtio_kick_count(struct virtio_dev *dev, uint32_t queue, uint64_t rings)
{
	/* One of them may be counted before it is written: then it is the next
	 * reading's. Only readers subtract, and each queue has one. */
	uint64_t by_exit = atomic_load(&dev->exit_rings[queue]);

	by_exit = by_exit < rings ? by_exit : rings;
	atomic_fetch_sub(&dev->exit_rings[queue], by_exit);
	rings -= by_exit;
	atomic_fetch_add_explicit(&dev->counts[queue].doorbells, rings,
				  memory_order_relaxed);
}

void virtio_kick_drain(struct virtio_dev *dev, uint32_t queue)
{
	uint64_t rings;

	if (read(dev->kick_fds[queue], &rings, sizeof(rings)) == sizeof(rings))
		virtio_kick_count(dev, queue, rings);
}

uint64_t virtio_request_count(const struct virtio_dev *dev)
{
	uint64_t requests = 0;
	uint32_t i;

	for (i = 0; i < dev->queue_count; i++)
		requests += atomic_load(&dev->counts[i].requests);
	return requests;
}

void virtio_write_counts(struct virtio_dev *dev, uint32_t index,
			 uint32_t number, FILE *out)
{
	uint64_t requests = virtio_request_count(dev);
	uint64_t doorbells = 0, interrupts = 0;
	uint32_t i;

	for (i = 0; i < dev->queue_count; i++) {
		doorbells += atomic_load(&dev->counts[i].doorbells);
		interrupts += atomic_load(&dev->counts[i].interrupts);
	}
	event_count(out, number, requests, "%s%" PRIu32 ".requests",
		    dev->ops->name, index);
	event_count(out, number, doorbells, "%s%" PRIu32 ".doorbells",
		    dev->ops->name, index);
	event_count(out, number, interrupts, "%s%" PRIu32 ".interrupts",
		    dev->ops->name, index);
}
