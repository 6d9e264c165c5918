/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_DURABLE_H
#define HARNESS_BASE_DURABLE_H

/*
 * durable - files and names that a power cut leaves as they are. A file's bytes are
 * on the disk once the file is synced, its name once the folder is (fsync(2),
 * NOTES). A file system that has no such sync keeps names in its own way, which is
 * no error.
 */
struct err;

/*
 * Syncs the file PART, then gives it the name PATH in place of what has it, and
 * syncs the folder. After an error PART may still be there: the caller removes it.
 */
int durable_rename(const char *part, const char *path, struct err *err);

/* The name PATH is on the disk, or that it is gone. */
int durable_name(const char *path, struct err *err);

/* The same, with the names of all folders above. Of folders that this process may
 * not read it knows nothing. */
int durable_path(const char *path, struct err *err);

#endif
