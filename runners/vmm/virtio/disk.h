/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VIRTIO_DISK_H
#define RUNNERS_VMM_VIRTIO_DISK_H

/*
 * disk - the backing of a virtio-blk device: a raw file, a block device, or
 * none ("null:SIZE"). A null disk completes requests at once and so measures
 * the path.
 */
#include <stdbool.h>
#include <stdint.h>

struct err;

struct disk {
	int fd; /* owned; -1: null */
	uint64_t bytes;
	uint32_t block_bytes; /* that direct I/O must be aligned to */
	bool is_direct;
	bool is_readonly;
	bool is_memory; /* a file of tmpfs or ramfs */
};

struct disk_config {
	const char *path;
	bool is_buffered; /* through the page cache */
	bool is_readonly;
};

/* -EINVAL with the reason if direct I/O or the size is not possible. */
int disk_open(struct disk *disk, const struct disk_config *cfg,
	      struct err *err);
void disk_close(struct disk *disk);

static inline bool disk_is_null(const struct disk *disk)
{
	return disk->fd < 0;
}

#endif
