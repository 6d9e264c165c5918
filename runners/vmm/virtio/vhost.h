/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_VHOST_H
#define RUNNERS_VMM_VIRTIO_VHOST_H

/*
 * vhost - queues that the kernel serves: it reads the doorbells' eventfds and
 * writes the interrupts' eventfds, and the VMM sees neither (linux/vhost.h).
 */
#include <stdint.h>

struct err;
struct mem;
struct virtio_dev;

/* Opens PATH; FEATURES are what the kernel's half can do. */
int vhost_open(const char *path, uint64_t *features, struct err *err);

/* Take the device over: FEATURES, guest RAM, and COUNT rings from FIRST. */
int vhost_start(int fd, struct virtio_dev *dev, uint64_t features,
		uint32_t first, uint32_t count);

/* Let the kernel's half look for work up to LIMIT_US before it sleeps, for COUNT
 * rings; after vhost_start(). 0 or a negative errno. */
int vhost_poll(int fd, uint32_t count, uint32_t limit_us);

#endif
