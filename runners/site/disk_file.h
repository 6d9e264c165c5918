/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_SITE_DISK_FILE_H
#define RUNNERS_SITE_DISK_FILE_H

/*
 * disk_file - the file or device that storage is measured on, natively and
 * in guests. It is written once from end to end with bytes that do not
 * compress, so that no read finds a hole and no write has to allocate.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

/*
 * Make PATH ready for BYTES of direct I/O. A file is made and kept for later
 * runs. A device, and a file that is not ours, lose their contents, which
 * MAY_OVERWRITE must allow: -EPERM.
 */
int disk_file_prepare(const char *path, uint64_t bytes, bool may_overwrite,
		      struct err *err);

/*
 * Whether nobody uses the device PATH, and whether it holds nothing: its first
 * MiB has zeros only. -EBUSY where it is mounted, or part of something that is.
 */
int disk_file_check_unused(const char *path, bool *is_empty, struct err *err);

#endif
