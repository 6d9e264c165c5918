/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_HOSTILE_SIEGE_HOST_H
#define TESTS_HOSTILE_SIEGE_HOST_H

/*
 * siege_host - what of the host a hostile guest must leave alone: files beside
 * its disk, a disk that it may only read, the disk of its neighbour, and the
 * folder that they are in.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

enum host_file {
	HOST_BEFORE, /* a guard */
	HOST_DISK,   /* the attacker's: only its size must stay */
	HOST_READONLY,
	HOST_NEIGHBOUR,
	HOST_AFTER, /* a guard */
	HOST_FILE_COUNT,
};

struct host {
	char dir[256];
	char paths[HOST_FILE_COUNT][300];
	uint8_t digests[HOST_FILE_COUNT][32];
	uint32_t entry_count; /* of the folder */
	int tap_fd;           /* owned; -1: none can be had here */
};

int host_create(struct host *host, struct err *err);

/* NULL, or what is not as it was. */
const char *host_changed(const struct host *host);
void host_destroy(struct host *host);

#endif
