/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SNAPSHOT_SNAP_KEEPER_H
#define RUNNERS_VMM_SNAPSHOT_SNAP_KEEPER_H

/*
 * snap_keeper - a process that gives a snapshot's file its name. The VMM is in its
 * sandbox when the file is whole, where it can name no file; so a child that was made
 * before the machine waits outside. All that it takes from the VMM is one number.
 *
 * The file has no name until then (harness/base/output.h): who kills the VMM, or both,
 * finds the old file or none.
 */
#include <stdint.h>

struct err;

struct snap_keeper {
	int fd;   /* the file, to be written; owned, as the other: -1 */
	int talk; /* to the child */
};

/* K is to be finished, also after an error. */
int snap_keeper_start(struct snap_keeper *k, const char *path, struct err *err);

/*
 * MODIFIED_UNIX_NS: the file is whole; it gets this time and its name, and is on the
 * disk. 0: it is dropped. May be called inside the sandbox. Once; then nothing is left.
 */
int snap_keeper_finish(struct snap_keeper *k, uint64_t modified_unix_ns,
		       struct err *err);

#endif
