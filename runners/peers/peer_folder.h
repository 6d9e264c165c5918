/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_PEERS_PEER_FOLDER_H
#define RUNNERS_PEERS_PEER_FOLDER_H

/*
 * peer_folder - a folder in /tmp for the sockets and the configuration of one
 * machine. A process of its own waits until its owner closes it or has ended, by
 * SIGKILL too, and removes it: nothing else ever does.
 */
#include <sys/types.h>

struct err;

struct peer_folder {
	char path[48];
	int alive_fd; /* owned; while it is open, the folder stays */
	pid_t guard;
};

/* What that process is called. */
#define PEER_GUARD_NAME "l1vh-guard"

/* The names that may be in it. */
#define PEER_FOLDER_CONFIG "config.json"
#define PEER_FOLDER_SOCKET "vsock"

/* 0 or a negative errno. */
int peer_folder_open(struct peer_folder *f, struct err *err);

/* When it returns the folder is gone. Also after a failure. */
void peer_folder_close(struct peer_folder *f);

#endif
