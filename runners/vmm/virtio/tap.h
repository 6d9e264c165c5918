/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_TAP_H
#define RUNNERS_VMM_VIRTIO_TAP_H

/*
 * tap - the host's end of a virtual network card: an interface whose
 * packets, each behind a virtio_net_hdr_v1, are read and written by us
 * (Documentation/networking/tuntap.rst).
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

#define TAP_HEADER_BYTES 12

/*
 * Attach COUNT queues to interface NAME, which exists. The descriptors are
 * the caller's and do not block.
 */
int tap_open(const char *name, uint32_t count, int *fds, struct err *err);

/* Make a descriptor that was opened elsewhere (macvtap) one of ours. */
int tap_adopt(int fd, struct err *err);

/* Whether the interface gives this queue packets. */
void tap_enable(int fd, bool on);

/* Whether the interface is still there; FD must be of an enabled queue. */
bool tap_is_there(int fd);

/* What the guest takes unfinished: FEATURES as accepted by its driver. */
int tap_set_offload(int fd, uint64_t features);

#endif
