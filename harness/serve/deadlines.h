/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_DEADLINES_H
#define HARNESS_SERVE_DEADLINES_H

/*
 * deadlines - ends connections of clients that send or read a byte now and then
 * to keep a thread of the server for themselves. A connection has a fixed time
 * for a head, and for all else a time that grows with its bytes. Any thread may
 * call.
 */
#include <stdint.h>

struct deadline;
struct deadlines;
struct err;

/* What a client must reach on average behind the first GRACE_S seconds. */
#define DEADLINES_BYTES_PER_S 1024

int deadlines_start(unsigned int grace_s, struct deadlines **out,
		    struct err *err);
void deadlines_stop(struct deadlines *d); /* NULL is fine */

/* FD, which has no deadline yet; deadline_remove() before it is closed. */
struct deadline *deadline_add(struct deadlines *d, int fd);
void deadline_remove(struct deadline *at);

/* The connection has from now on what BYTES may take; once more, it has that
 * in place of what it had. NULL is fine here and below. */
void deadline_set(struct deadline *at, uint64_t bytes);

/* BYTES arrived of something whose length is not known. */
void deadline_extend(struct deadline *at, uint64_t bytes);

/* The server works for it. */
void deadline_clear(struct deadline *at);

#endif
