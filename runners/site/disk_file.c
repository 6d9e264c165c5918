// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/site/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"

#define CHUNK_BYTES MIB

/*
 * The mark of a prepared file. Workloads overwrite the start, so the mark is
 * in the last block, which they do not use.
 */
static const char mark[] = "l1vh-bench: conditioned";
#define TAIL_BYTES 4096u

/* Fast, and nothing that a disk could compress. */
static void fill_words(uint64_t *words, size_t count, uint64_t *x)
{
	size_t i;

	for (i = 0; i < count; i++) {
		*x ^= *x << 13;
		*x ^= *x >> 7;
		*x ^= *x << 17;
		words[i] = *x;
	}
}

static int write_all(int fd, const char *path, uint64_t bytes, struct err *err)
{
	uint64_t x = 0x9e3779b97f4a7c15u;
	uint64_t done = 0;
	void *buf;
	int ret = 0;

	if (posix_memalign(&buf, CHUNK_BYTES, CHUNK_BYTES))
		return err_set(err, -ENOMEM, "out of memory");
	while (done < bytes && !ret) {
		uint64_t part =
			bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;

		fill_words(buf, CHUNK_BYTES / 8, &x);
		if (pwrite(fd, buf, part, (off_t)done) != (ssize_t)part)
			ret = err_sys(err, errno ? -errno : -ENOSPC,
				      "cannot write to '%s'", path);
		done += part;
	}
	if (!ret) {
		memset(buf, 0, TAIL_BYTES);
		memcpy(buf, mark, sizeof(mark));
		if (pwrite(fd, buf, TAIL_BYTES, (off_t)bytes) != TAIL_BYTES ||
		    fsync(fd))
			ret = err_sys(err, errno ? -errno : -ENOSPC,
				      "cannot write to '%s'", path);
	}
	free(buf);
	return ret;
}

static bool is_conditioned(int fd, uint64_t bytes)
{
	char *buf;
	bool is;

	if (posix_memalign((void **)&buf, TAIL_BYTES, TAIL_BYTES))
		return false;
	is = pread(fd, buf, TAIL_BYTES, (off_t)bytes) == TAIL_BYTES &&
	     !memcmp(buf, mark, sizeof(mark));
	free(buf);
	return is;
}

static int open_file(const char *path, uint32_t flags, int *fd, struct err *err)
{
	int direct = flags & DISK_FILE_CACHED ? 0 : O_DIRECT;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | direct, 0600);
	if (*fd < 0 && errno == EINVAL)
		return err_set(
			err, -EINVAL,
			"the file system of '%s' has no direct I/O; name another place with --disk, or take --disk-cache host",
			path);
	if (*fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	return 0;
}

int disk_file_check_unused(const char *path, bool *is_empty, struct err *err)
{
	/* For a device that is to be exclusive, the kernel says who has it. */
	int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	char *buf;
	ssize_t n;

	*is_empty = false;
	if (fd < 0 && errno == EBUSY)
		return err_set(
			err, -EBUSY,
			"'%s' is in use: mounted, or part of a volume or of swap",
			path);
	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	buf = calloc(1, CHUNK_BYTES);
	n = buf ? read(fd, buf, CHUNK_BYTES) : -1;
	*is_empty = n > 0 && !buf[0] && !memcmp(buf, buf + 1, (size_t)n - 1);
	free(buf);
	close(fd);
	return 0;
}

static int check_device(int fd, const char *path, uint64_t bytes,
			bool may_overwrite, struct err *err)
{
	uint64_t have = 0;
	bool ignored;
	int ret;

	if (!may_overwrite)
		return err_set(
			err, -EPERM,
			"'%s' is a device, whose contents would be lost; --disk-overwrite allows that",
			path);
	/* Its contents may be lost, but not below a mounted file system. */
	ret = disk_file_check_unused(path, &ignored, err);
	if (ret)
		return ret;
	if (ioctl(fd, BLKGETSIZE64, &have) || have < bytes + TAIL_BYTES)
		return err_set(err, -ENOSPC, "'%s' has only %llu bytes", path,
			       (unsigned long long)have);
	return 0;
}

/* What is not empty and not ours may be somebody's. */
static int check_file(int fd, const char *path, uint64_t size_bytes,
		      bool may_overwrite, struct err *err)
{
	if (!size_bytes || may_overwrite ||
	    (size_bytes > TAIL_BYTES &&
	     is_conditioned(fd, size_bytes - TAIL_BYTES)))
		return 0;
	return err_set(
		err, -EPERM,
		"'%s' exists and is not ours, its contents would be lost; --disk-overwrite allows that",
		path);
}

int disk_file_prepare(const char *path, uint64_t bytes, uint32_t flags,
		      struct err *err)
{
	bool may_overwrite = flags & DISK_FILE_OVERWRITE;
	struct stat st;
	int fd = -1;
	int ret = file_mkdirs_above(path, err);

	if (!ret)
		ret = open_file(path, flags, &fd, err);
	if (ret)
		return ret;
	if (fstat(fd, &st))
		ret = err_sys(err, -errno, "cannot look at '%s'", path);
	else if (S_ISBLK(st.st_mode))
		ret = check_device(fd, path, bytes, may_overwrite, err);
	else if (!S_ISREG(st.st_mode))
		ret = err_set(err, -EINVAL,
			      "'%s' is neither a file nor a block device",
			      path);
	else
		ret = check_file(fd, path, (uint64_t)st.st_size, may_overwrite,
				 err);
	if (!ret && !is_conditioned(fd, bytes)) {
		/* The mark stays the last thing in a file. */
		if (S_ISREG(st.st_mode) && ftruncate(fd, 0))
			ret = err_sys(err, -errno, "cannot empty '%s'", path);
		else
			ret = write_all(fd, path, bytes, err);
	}
	close(fd);
	return ret;
}
