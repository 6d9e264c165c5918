// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/vsock.h"

#include <errno.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/virtio/vhost.h"

#define DEVICE_ID_VSOCK 19

enum vsock_queue { Q_RX, Q_TX, Q_EVENT, Q_COUNT };

static void vsock_config_read(const struct virtio_dev *dev, size_t off,
			      void *buf, size_t len)
{
	uint64_t cid = container_of(dev, const struct vsock, dev)->cid;

	if (off < sizeof(cid) && len <= sizeof(cid) - off)
		memcpy(buf, (const char *)&cid + off, len);
}

/* Events tell of migration, which does not happen. */
static void vsock_notify(struct virtio_dev *dev, uint32_t queue)
{
	(void)dev;
	(void)queue;
}

static int vsock_start(struct virtio_dev *dev)
{
	struct vsock *vs = container_of(dev, struct vsock, dev);
	uint64_t cid = vs->cid;
	int running = 1;
	int ret = vhost_start(vs->fd, dev, dev->features & vs->vhost_features,
			      Q_RX, 2);

	if (!ret && (ioctl(vs->fd, VHOST_VSOCK_SET_GUEST_CID, &cid) ||
		     ioctl(vs->fd, VHOST_VSOCK_SET_RUNNING, &running)))
		ret = -errno;
	return ret;
}

static void vsock_stop(struct virtio_dev *dev)
{
	struct vsock *vs = container_of(dev, struct vsock, dev);
	int running = 0;

	/* Waits for what the kernel's half has under way. */
	ioctl(vs->fd, VHOST_VSOCK_SET_RUNNING, &running);
}

static const struct virtio_dev_ops vsock_ops = {
	.name = "vsock",
	.device_id = DEVICE_ID_VSOCK,
	.class_code = 0x078000,
	.queue_count = Q_COUNT,
	.config_read = vsock_config_read,
	.notify = vsock_notify,
	.start = vsock_start,
	.stop = vsock_stop,
};

int vsock_init(struct vsock *vs, uint32_t cid, const struct mem *mem,
	       struct err *err)
{
	uint64_t have;
	int fd = vhost_open(VSOCK_DEVICE, &have, err);

	if (fd < 0)
		return fd;
	memset(vs, 0, sizeof(*vs));
	virtio_dev_init(&vs->dev, &vsock_ops, mem);
	vs->dev.io_queue_count = Q_EVENT;
	vs->dev.offered |=
		have & (VIRTIO_FEATURE_INDIRECT | VIRTIO_FEATURE_EVENT_IDX);
	vs->cid = cid;
	vs->vhost_features = have;
	vs->fd = fd;
	return virtio_kicks_create(&vs->dev, err);
}

void vsock_release(struct vsock *vs)
{
	if (vs->dev.ops)
		close(vs->fd);
	virtio_dev_release(&vs->dev);
}
