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

enum disk_file_flags {
	DISK_FILE_OVERWRITE = 1, /* what it holds may be lost */
	DISK_FILE_CACHED = 2,    /* it need not be able to do direct I/O */
};

/*
 * Make PATH ready for BYTES of I/O; FLAGS are of enum disk_file_flags. A file is made
 * and kept for later runs. A device, and a file that is not ours, lose their contents,
 * which must be allowed: -EPERM. -EINVAL where it cannot do direct I/O and must.
 */
int disk_file_prepare(const char *path, uint64_t bytes, uint32_t flags,
		      struct err *err);

/*
 * Whether nobody uses the device PATH, and whether it holds nothing: its first
 * MiB has zeros only. -EBUSY where it is mounted, or part of something that is.
 */
int disk_file_check_unused(const char *path, bool *is_empty, struct err *err);

#endif
