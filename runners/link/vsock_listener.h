/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_VSOCK_LISTENER_H
#define RUNNERS_LINK_VSOCK_LISTENER_H

/*
 * vsock_listener - where a guest's agent calls its harness, on hosts with
 * vhost-vsock. Any guest of the host can call; only the one with our CID is
 * heard. The port is the CID, so that no guest has to be told another number
 * than the next one.
 */
#include <stdint.h>

struct vsock_listener {
	int fd;       /* owned; -1: this host has no vsock for guests */
	uint32_t cid; /* for the guest to have */
};

void vsock_listener_open(struct vsock_listener *l);
void vsock_listener_close(struct vsock_listener *l);

/* A descriptor, or -1 when it was not our guest that called. */
int vsock_listener_accept(const struct vsock_listener *l);

#endif
