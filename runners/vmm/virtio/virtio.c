// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/virtio.h"

void virtio_dev_init(struct virtio_dev *dev, const struct virtio_dev_ops *ops,
		     const struct mem *mem)
{
	int i;

	dev->ops = ops;
	dev->mem = mem;
	pthread_mutex_init(&dev->lock, NULL);
	for (i = 0; i < VIRTIO_MAX_QUEUES; i++)
		virtq_reset(&dev->queues[i]);
}

void virtio_dev_release(struct virtio_dev *dev)
{
	pthread_mutex_destroy(&dev->lock);
}

void virtio_complete(struct virtio_dev *dev, uint32_t queue,
		     const struct virtq_chain *chain, uint32_t len)
{
	struct virtq *q = &dev->queues[queue];

	virtq_push(q, dev->mem, chain, len);
	if (virtq_wants_interrupt(q, dev->mem))
		dev->transport->used(dev, queue);
}

int virtio_pop(struct virtio_dev *dev, uint32_t queue,
	       struct virtq_chain *chain)
{
	int ret;

	if (!(dev->status & VIRTIO_STATUS_DRIVER_OK) ||
	    (dev->status & VIRTIO_STATUS_NEEDS_RESET))
		return 0;
	ret = virtq_pop(&dev->queues[queue], dev->mem, chain);
	if (ret < 0)
		dev->status |= VIRTIO_STATUS_NEEDS_RESET;
	return ret;
}
