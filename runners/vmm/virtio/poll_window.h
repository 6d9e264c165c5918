/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_POLL_WINDOW_H
#define RUNNERS_VMM_VIRTIO_POLL_WINDOW_H

/*
 * poll_window - how long a device's thread looks for work before it sleeps, as KVM
 * decides for a vCPU that halts (Documentation/virt/kvm/halt-polling.rst). The window
 * doubles while work comes sooner than the longest window, and halves when it comes
 * later; so a busy device is served without a doorbell and a wake-up, and an idle
 * one costs nothing.
 *
 * One thread.
 */
#include <stdint.h>

/* The longest one that can be asked for. */
#define POLL_WINDOW_MAX_US 1000000

struct poll_window {
	uint64_t max_ns; /* 0: never look */
	uint64_t now_ns; /* look this long */
};

/*
 * Work came WAITED_NS after there was none, and the thread had to sleep for it. What
 * came while it looked changes nothing.
 */
void poll_window_slept(struct poll_window *p, uint64_t waited_ns);

#endif
