// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/units.h"

#define NULL_PREFIX "null:"
#define SECTOR_BYTES 512u
#define MAX_BLOCK_BYTES 4096u

static int open_null(struct disk *disk, const char *size, struct err *err)
{
	int ret = units_parse_bytes(size, &disk->bytes, err);

	disk->block_bytes = SECTOR_BYTES;
	return ret ? err_wrap(err, "a null disk needs a size") : 0;
}

/* A node in /dev is on tmpfs as well, and its device is not. */
static bool is_in_memory(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static int read_size(struct disk *disk, const char *path, struct err *err)
{
	struct stat st;
	int block = 0;

	if (fstat(disk->fd, &st))
		return err_sys(err, -errno, "cannot look at '%s'", path);
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(disk->fd, BLKGETSIZE64, &disk->bytes) ||
		    ioctl(disk->fd, BLKSSZGET, &block))
			return err_sys(err, -errno, "cannot size '%s'", path);
		disk->block_bytes = (uint32_t)block;
		return 0;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL,
			       "'%s' is neither a file nor a block device",
			       path);
	disk->bytes = (uint64_t)st.st_size;
	disk->is_memory = is_in_memory(disk->fd);
	return 0;
}

/*
 * The smallest unit that the file system reads directly. It is tried,
 * because statx() tells it only since Linux 6.1.
 */
static int probe_direct(struct disk *disk, const char *path, struct err *err)
{
	void *buf;
	uint32_t unit;

	if (posix_memalign(&buf, MAX_BLOCK_BYTES, MAX_BLOCK_BYTES))
		return err_set(err, -ENOMEM, "out of memory");
	for (unit = disk->block_bytes; unit <= MAX_BLOCK_BYTES; unit *= 2)
		if (pread(disk->fd, buf, unit, 0) == (ssize_t)unit &&
		    (unit == MAX_BLOCK_BYTES ||
		     pread(disk->fd, buf, unit, unit) == (ssize_t)unit))
			break;
	free(buf);
	disk->block_bytes = unit;
	if (unit > MAX_BLOCK_BYTES)
		return err_set(err, -EINVAL,
			       "'%s' cannot be read with direct I/O", path);
	return 0;
}

int disk_open(struct disk *disk, const struct disk_config *cfg, struct err *err)
{
	int flags = cfg->is_readonly ? O_RDONLY : O_RDWR;
	int ret;

	*disk = (struct disk){.fd = -1,
			      .block_bytes = SECTOR_BYTES,
			      .is_readonly = cfg->is_readonly};
	if (!strncmp(cfg->path, NULL_PREFIX, strlen(NULL_PREFIX)))
		return open_null(disk, cfg->path + strlen(NULL_PREFIX), err);
	disk->is_direct = !cfg->is_buffered;
	disk->fd = open(cfg->path,
			flags | O_CLOEXEC | (disk->is_direct ? O_DIRECT : 0));
	if (disk->fd < 0 && errno == EINVAL && disk->is_direct)
		return err_set(
			err, -EINVAL,
			"the file system of '%s' has no direct I/O; choose another place, or say buffered",
			cfg->path);
	if (disk->fd < 0)
		return err_sys(err, -errno, "cannot open disk '%s'", cfg->path);
	ret = read_size(disk, cfg->path, err);
	if (!ret && (!disk->bytes || disk->bytes % MAX_BLOCK_BYTES))
		ret = err_set(err, -EINVAL,
			      "the size of '%s' is not a multiple of 4 KiB",
			      cfg->path);
	if (!ret && disk->is_direct)
		ret = probe_direct(disk, cfg->path, err);
	if (ret)
		disk_close(disk);
	return ret;
}

void disk_close(struct disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}
