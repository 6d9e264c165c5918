/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_SNAP_FILE_H
#define RUNNERS_VMM_SNAPSHOT_SNAP_FILE_H

/*
 * snap_file - a snapshot's file, written and read. What it says of itself is
 * checked here; what it says of a machine, in snapshot.c.
 */
#include <stdint.h>

#include "runners/vmm/snapshot/snap_format.h"
#include "runners/vmm/snapshot/snap_records.h"

struct err;
struct mem;

struct snap_file {
	int fd; /* owned */
	struct snap_header head;
	struct snap_records records;
};

/*
 * Write all of it into FD, a new file: RAM, the state R (to which it adds the
 * record of pages) and the header HEAD, of which the caller has filled in what a
 * file does not know. Opens nothing. The file's time is to become
 * HEAD->modified_unix_ns.
 */
int snap_file_write(int fd, struct snap_header *head, struct snap_records *r,
		    const struct mem *mem, struct err *err);

/*
 * Open PATH and read the header and the state. An error says why it is none of
 * ours, or of another version, short or damaged. To be closed in any case.
 */
int snap_file_open(struct snap_file *f, const char *path, struct err *err);
void snap_file_close(struct snap_file *f);

/*
 * Whether the RAM in the file is what was written; MEM maps it. With ALWAYS, or
 * where the file is another one or has been touched since, this reads all of it.
 * -EBADMSG with the reason.
 */
int snap_file_check_ram(const struct snap_file *f, const struct mem *mem,
			bool always, struct err *err);

#endif
