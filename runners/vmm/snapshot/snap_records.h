/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_SNAP_RECORDS_H
#define RUNNERS_VMM_SNAPSHOT_SNAP_RECORDS_H

/*
 * snap_records - the state in a snapshot's file, in memory: put together for
 * writing, or read and then looked up.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runners/vmm/snapshot/snap_format.h"

struct err;

struct snap_records {
	uint8_t *bytes; /* owned */
	size_t len, cap;
	bool is_short; /* of memory, or SNAP_STATE_MAX_BYTES: a record is lost */
};

void snap_records_release(struct snap_records *r); /* zeroed is fine */

/* Copies LEN bytes behind the others. */
void snap_records_put(struct snap_records *r, enum snap_type type,
		      uint32_t index, const void *bytes, size_t len);

/* Of what was read: every record is whole and there once. -EINVAL. */
int snap_records_check(const struct snap_records *r, struct err *err);

/* The bytes of a record and how many, or NULL. Borrowed, aligned to 8. */
const void *snap_records_find(const struct snap_records *r, enum snap_type type,
			      uint32_t index, size_t *len);

/* The same for a record that must be there with LEN bytes; WHAT is for the
 * message. */
int snap_records_take(const struct snap_records *r, enum snap_type type,
		      uint32_t index, void *to, size_t len, const char *what,
		      struct err *err);

#endif
