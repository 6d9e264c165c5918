/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VSOCK_H
#define RUNNERS_VMM_VIRTIO_VSOCK_H

/* vsock - virtio-vsock, all of it in the kernel's vhost-vsock (virtio 1.2,
 * 5.10). */
#include "runners/vmm/virtio/virtio.h"

struct err;

#define VSOCK_DEVICE "/dev/vhost-vsock"

struct vsock {
	struct virtio_dev dev;
	uint32_t cid;
	uint64_t vhost_features;
	int fd; /* owned */
};

/* CID is the guest's address, 3 or above and of no other guest. */
int vsock_init(struct vsock *vs, uint32_t cid, const struct mem *mem,
	       struct err *err);
void vsock_release(struct vsock *vs); /* zeroed is fine */

#endif
