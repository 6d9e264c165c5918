/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_NET_H
#define RUNNERS_VMM_VIRTIO_NET_H

/*
 * net - virtio-net over a TAP (virtio 1.2, 5.1). net.c has the driver's view,
 * with the control queue. net_io.c moves packets, with one thread per queue
 * pair, or the kernel's vhost-net does.
 */
#include "runners/vmm/virtio/virtio.h"

struct err;

#define NET_MAX_PAIRS 8
#define NET_VHOST_DEVICE "/dev/vhost-net"

/* Feature bits, 5.1.3, that others than net.c look at. */
#define NET_F_GUEST_CSUM (1ULL << 1)
#define NET_F_GUEST_TSO4 (1ULL << 7)
#define NET_F_GUEST_TSO6 (1ULL << 8)
#define NET_F_GUEST_ECN (1ULL << 9)
#define NET_F_MRG_RXBUF (1ULL << 15)

enum net_vhost {
	NET_VHOST_AUTO, /* where the device is there and opens */
	NET_VHOST_ON,
	NET_VHOST_OFF,
};

struct net_config {
	const char *tap_name; /* of an interface; NULL: use fd */
	int fd;               /* an open TAP or macvtap; has one pair */
	uint8_t mac[6];
	uint32_t pair_count;
	enum net_vhost vhost;
	uint32_t poll_us; /* look for work this long before sleeping, at most */
	bool rings_by_exits; /* each doorbell is an exit to the VMM */
};

struct net;

int net_create(const struct net_config *cfg, const struct mem *mem,
	       struct net **out, struct err *err);
void net_destroy(struct net *net); /* NULL is fine; must be stopped */

struct virtio_dev *net_dev(struct net *net);

/* The packet path: "vhost" or "tap". */
const char *net_backend(const struct net *net);

#endif
