// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/net.h"

#include <errno.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/virtio/iov.h"
#include "runners/vmm/virtio/net_priv.h"
#include "runners/vmm/virtio/tap.h"
#include "runners/vmm/virtio/vhost.h"

#define DEVICE_ID_NET 1

/* Feature bits, 5.1.3 */
#define F_CSUM (1ULL << 0)
#define F_MAC (1ULL << 5)
#define F_HOST_TSO4 (1ULL << 11)
#define F_HOST_TSO6 (1ULL << 12)
#define F_HOST_ECN (1ULL << 13)
#define F_STATUS (1ULL << 16)
#define F_CTRL_VQ (1ULL << 17)
#define F_MQ (1ULL << 22)

#define STATUS_LINK_UP 1u

/* Of what the driver took, this is for vhost to know; the rest is TAP's. */
#define VHOST_FEATURES                                        \
	(VIRTIO_FEATURE_VERSION_1 | VIRTIO_FEATURE_INDIRECT | \
	 VIRTIO_FEATURE_EVENT_IDX | NET_F_MRG_RXBUF)

/* Control commands, 5.1.6.5 */
#define CTRL_CLASS_MQ 4
#define CTRL_MQ_PAIRS_SET 0
#define CTRL_OK 0
#define CTRL_ERR 1

/* virtio_net_config, 5.1.4 */
struct net_layout {
	uint8_t mac[6];
	uint16_t status;
	uint16_t max_virtqueue_pairs;
};

static void net_config_read(const struct virtio_dev *dev, size_t off, void *buf,
			    size_t len)
{
	const struct net *net = container_of(dev, const struct net, dev);
	struct net_layout layout = {
		.status = atomic_load(&net->link_is_down) ? 0 : STATUS_LINK_UP,
		.max_virtqueue_pairs = (uint16_t)net->cfg.pair_count,
	};

	memcpy(layout.mac, net->cfg.mac, sizeof(layout.mac));
	if (off < sizeof(layout) && len <= sizeof(layout) - off)
		memcpy(buf, (const char *)&layout + off, len);
}

/* Threads read from queues that are attached, before and after. */
static void set_pairs(struct net *net, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		tap_enable(net->tap_fds[i], true);
	atomic_store(&net->active_pairs, count);
	for (; i < net->cfg.pair_count; i++)
		tap_enable(net->tap_fds[i], false);
	for (i = 0; i < net->cfg.pair_count; i++)
		net_worker_wake(&net->workers[i]);
}

static uint8_t control(struct net *net, const uint8_t *cmd, size_t len)
{
	uint16_t pairs;

	if (len < 4 || cmd[0] != CTRL_CLASS_MQ || cmd[1] != CTRL_MQ_PAIRS_SET)
		return CTRL_ERR;
	memcpy(&pairs, cmd + 2, sizeof(pairs));
	if (!pairs || pairs > net->cfg.pair_count)
		return CTRL_ERR;
	set_pairs(net, pairs);
	return CTRL_OK;
}

/* The control queue, which is the last of those that were agreed on. */
static void net_notify(struct virtio_dev *dev, uint32_t queue)
{
	struct net *net = container_of(dev, struct net, dev);
	struct virtq_chain chain;
	int left = VIRTIO_NOTIFY_MAX;
	uint8_t cmd[64], ack;

	do {
		while (left-- > 0 && virtio_pop(dev, queue, &chain) == 1) {
			size_t len = iov_read(chain.iov, chain.out_count, cmd,
					      sizeof(cmd));

			ack = control(net, cmd, len);
			len = iov_write(chain.iov + chain.out_count,
					chain.in_count, &ack, sizeof(ack));
			virtio_complete(dev, queue, &chain, (uint32_t)len);
		}
	} while (!atomic_load(&dev->is_broken) &&
		 virtq_notify_enable(&dev->queues[queue]) && left > 0);
}

static int vhost_pair(struct net *net, uint32_t pair)
{
	uint64_t features =
		net->dev.features & VHOST_FEATURES & net->vhost_features;
	struct vhost_vring_file backend = {.fd = net->tap_fds[pair]};
	int fd = net->vhost_fds[pair];
	int ret = vhost_start(fd, &net->dev, features, 2 * pair, 2);

	if (!ret && net->cfg.poll_us)
		ret = vhost_poll(fd, 2, net->cfg.poll_us);
	for (; !ret && backend.index < 2; backend.index++)
		if (ioctl(fd, VHOST_NET_SET_BACKEND, &backend))
			ret = -errno;
	return ret;
}

static void vhost_pair_stop(struct net *net, uint32_t pair)
{
	struct vhost_vring_file backend = {.fd = -1};

	/* Waits for what the kernel's half has under way. */
	for (; backend.index < 2; backend.index++)
		ioctl(net->vhost_fds[pair], VHOST_NET_SET_BACKEND, &backend);
}

/* Pairs that the driver did not set up stay silent. */
static bool has_pair(const struct net *net, uint32_t pair)
{
	return net->dev.queues[2 * pair].desc &&
	       net->dev.queues[2 * pair + 1].desc;
}

static int net_start(struct virtio_dev *dev)
{
	struct net *net = container_of(dev, struct net, dev);
	int ret = 0;
	uint32_t i;

	set_pairs(net, 1);
	for (i = 0; i < net->cfg.pair_count && !ret; i++) {
		if (!has_pair(net, i))
			continue;
		/* Refused where the interface's end is gone, which shows. */
		tap_set_offload(net->tap_fds[i], dev->features);
		ret = net->has_vhost ? vhost_pair(net, i)
				     : net_worker_start(&net->workers[i]);
	}
	return ret;
}

static void net_stop(struct virtio_dev *dev)
{
	struct net *net = container_of(dev, struct net, dev);
	uint32_t i;

	for (i = 0; i < net->cfg.pair_count; i++) {
		if (net->has_vhost)
			vhost_pair_stop(net, i);
		else
			net_worker_stop(&net->workers[i]);
	}
}

static const struct virtio_dev_ops net_ops = {
	.name = "net",
	.device_id = DEVICE_ID_NET,
	.class_code = 0x020000,
	.queue_count = 2 * NET_MAX_PAIRS + 1,
	.features = VIRTIO_FEATURE_INDIRECT | VIRTIO_FEATURE_EVENT_IDX |
		    F_CSUM | NET_F_GUEST_CSUM | F_MAC | NET_F_GUEST_TSO4 |
		    NET_F_GUEST_TSO6 | NET_F_GUEST_ECN | F_HOST_TSO4 |
		    F_HOST_TSO6 | F_HOST_ECN | NET_F_MRG_RXBUF | F_STATUS,
	.config_read = net_config_read,
	.notify = net_notify,
	.start = net_start,
	.stop = net_stop,
	.serve_exit = net_serve_exit,
};

static void close_vhost(struct net *net)
{
	uint32_t i;

	for (i = 0; i < NET_MAX_PAIRS; i++) {
		if (net->vhost_fds[i] >= 0)
			close(net->vhost_fds[i]);
		net->vhost_fds[i] = -1;
	}
}

/* All of them now: in its sandbox the VMM opens nothing. */
static int choose_vhost(struct net *net, struct err *err)
{
	struct err why = {0};
	uint32_t i;

	for (i = 0; net->cfg.vhost != NET_VHOST_OFF && i < net->cfg.pair_count;
	     i++) {
		int fd = vhost_open(NET_VHOST_DEVICE, &net->vhost_features,
				    &why);

		net->vhost_fds[i] = fd < 0 ? -1 : fd;
		if (fd >= 0)
			continue;
		close_vhost(net);
		if (net->cfg.vhost == NET_VHOST_AUTO)
			return 0;
		*err = why;
		return fd;
	}
	if (!i)
		return 0;
	net->has_vhost = true;
	net->dev.offered &= ~VHOST_FEATURES | net->vhost_features;
	return 0;
}

/* An offload that the interface refuses is not offered either. */
static void limit_offloads(struct net *net)
{
	uint64_t all = NET_F_GUEST_CSUM | NET_F_GUEST_TSO4 | NET_F_GUEST_TSO6 |
		       NET_F_GUEST_ECN;

	if (!tap_set_offload(net->tap_fds[0], all))
		return;
	net->dev.offered &= ~all;
	if (!tap_set_offload(net->tap_fds[0], NET_F_GUEST_CSUM))
		net->dev.offered |= NET_F_GUEST_CSUM;
}

static int open_taps(struct net *net, struct err *err)
{
	if (net->cfg.tap_name)
		return tap_open(net->cfg.tap_name, net->cfg.pair_count,
				net->tap_fds, err);
	net->tap_fds[0] = net->cfg.fd;
	return tap_adopt(net->cfg.fd, err);
}

static int workers_create(struct net *net, struct err *err)
{
	uint32_t i;

	net->workers = calloc(net->cfg.pair_count, sizeof(*net->workers));
	if (!net->workers)
		return err_set(err, -ENOMEM, "cannot allocate queues");
	for (i = 0; i < net->cfg.pair_count; i++) {
		net->workers[i].net = net;
		net->workers[i].pair = i;
		net->workers[i].tap_fd = net->tap_fds[i];
		net->workers[i].wake_fd = -1;
		pthread_mutex_init(&net->workers[i].tx_lock, NULL);
	}
	return 0;
}

int net_create(const struct net_config *cfg, const struct mem *mem,
	       struct net **out, struct err *err)
{
	struct net *net = calloc(1, sizeof(*net));
	uint32_t i;
	int ret;

	if (!net)
		return err_set(err, -ENOMEM, "cannot allocate a network card");
	virtio_dev_init(&net->dev, &net_ops, mem);
	net->cfg = *cfg;
	net->active_pairs = 1;
	net->dev.rings_by_exits = cfg->rings_by_exits;
	for (i = 0; i < NET_MAX_PAIRS; i++)
		net->tap_fds[i] = net->vhost_fds[i] = -1;
	net->dev.io_queue_count = 2 * cfg->pair_count;
	net->dev.queue_count = net->dev.io_queue_count;
	if (cfg->pair_count > 1) {
		net->dev.offered |= F_CTRL_VQ | F_MQ;
		net->dev.queue_count++;
	}
	ret = open_taps(net, err);
	if (!ret)
		ret = choose_vhost(net, err);
	if (!ret)
		ret = workers_create(net, err);
	if (!ret)
		ret = virtio_kicks_create(&net->dev, err);
	if (ret) {
		net_destroy(net);
		return ret;
	}
	limit_offloads(net);
	*out = net;
	return 0;
}

void net_destroy(struct net *net)
{
	uint32_t i;

	if (!net)
		return;
	virtio_dev_release(&net->dev);
	for (i = 0; i < NET_MAX_PAIRS; i++)
		if (net->tap_fds[i] >= 0)
			close(net->tap_fds[i]);
	close_vhost(net);
	for (i = 0; net->workers && i < net->cfg.pair_count; i++)
		pthread_mutex_destroy(&net->workers[i].tx_lock);
	free(net->workers);
	free(net);
}

struct virtio_dev *net_dev(struct net *net)
{
	return &net->dev;
}

const char *net_backend(const struct net *net)
{
	return net->has_vhost ? "vhost" : "tap";
}
