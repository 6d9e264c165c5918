/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LINK_VSOCK_LISTENER_H
#define RUNNERS_LINK_VSOCK_LISTENER_H

/*
 * vsock_listener - accepts the connection of a guest's agent. The port equals the
 * CID, so all guests have the same command line.
 *
 * Where the host's kernel has vhost-vsock, any guest of the host can connect, and
 * the listener accepts only the one with our CID. Some VMMs do without: they hand
 * each connection on to a Unix socket that has the port in its name, and that is
 * one guest's alone.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

struct vsock_listener {
	int fd;       /* owned; -1: this host has no vsock for guests */
	uint32_t cid; /* for the guest to have */
	bool is_file; /* a Unix socket */
};

/* What is behind a VMM's own path in the name of its socket for our port. */
#define VSOCK_FILE_CID 3
#define VSOCK_FILE_SUFFIX "_3"

void vsock_listener_open(struct vsock_listener *l);

/* The listener of a VMM that was given PATH for its own socket. The file is the
 * caller's to remove. 0 or a negative errno. */
int vsock_listener_open_file(struct vsock_listener *l, const char *path,
			     struct err *err);
void vsock_listener_close(struct vsock_listener *l);

/* A descriptor, or -1 if another guest connected. */
int vsock_listener_accept(const struct vsock_listener *l);

#endif
