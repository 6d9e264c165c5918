/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_VSOCK_LISTENER_H
#define RUNNERS_LINK_VSOCK_LISTENER_H

/*
 * vsock_listener - accepts the connection of a guest's agent, on hosts with
 * vhost-vsock. Any guest of the host can connect; the listener accepts only
 * the one with our CID. The port equals the CID, so all guests have the same
 * command line.
 */
#include <stdint.h>

struct vsock_listener {
	int fd;       /* owned; -1: this host has no vsock for guests */
	uint32_t cid; /* for the guest to have */
};

void vsock_listener_open(struct vsock_listener *l);
void vsock_listener_close(struct vsock_listener *l);

/* A descriptor, or -1 if another guest connected. */
int vsock_listener_accept(const struct vsock_listener *l);

#endif
