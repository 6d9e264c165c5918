/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_PEERS_PEER_VERSION_H
#define RUNNERS_PEERS_PEER_VERSION_H

/* peer_version - what a program says of its version. */
#include <stdbool.h>

struct err;
struct result;

struct peer_version {
	char text[64]; /* "54.0.0-12-gabcdef0" */
	unsigned int major, minor;
};

/* Run PROGRAM with WORD, and read the first number with a point of its first line.
 * 0 or a negative errno. */
int peer_version_read(const char *program, const char *word,
		      struct peer_version *v, struct err *err);

bool peer_version_is_below(const struct peer_version *v, unsigned int major,
			   unsigned int minor);

/* To the identity of RES, if it has one, as QEMU's is. */
void peer_version_add(const struct peer_version *v, const char *title,
		      struct result *res);

#endif
