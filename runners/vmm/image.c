// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/err.h"

int image_open(struct image *img, const char *path, const char *what,
	       struct err *err)
{
	struct stat st;

	img->path = path;
	img->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (img->fd < 0 && errno == ENOENT)
		return err_set(
			err, -ENOENT,
			"cannot open %s '%s': no such file; build it with 'l1vh-bench guest build'",
			what, path);
	if (img->fd < 0 || fstat(img->fd, &st))
		return err_sys(err, -errno, "cannot open %s '%s'", what, path);
	img->bytes = (uint64_t)st.st_size;
	return 0;
}

void image_close(struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
}

int image_read(const struct image *img, uint64_t offset, void *to,
	       uint64_t bytes, struct err *err)
{
	uint64_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(img->fd, (char *)to + done, bytes - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, -errno, "cannot read '%s'",
				       img->path);
		if (n == 0)
			return err_set(err, -EINVAL, "'%s' is cut short",
				       img->path);
		done += (uint64_t)n;
	}
	return 0;
}

/* The end of what begins at FROM: data or a hole, as WHENCE says; at most END. */
static uint64_t next_of(const struct image *img, uint64_t from, int whence,
			uint64_t end)
{
	off_t at = lseek(img->fd, (off_t)from, whence);

	/* A file system that knows no holes stores everything. */
	if (at < 0 && errno != ENXIO)
		return whence == SEEK_DATA ? from : end;
	return at < 0 || (uint64_t)at > end ? end : (uint64_t)at;
}

int image_read_sparse(const struct image *img, uint64_t offset, void *to,
		      uint64_t bytes, struct err *err)
{
	uint64_t end = offset + bytes;
	uint64_t from = offset;
	int ret = 0;

	if (end < offset || end > img->bytes)
		return err_set(err, -EINVAL, "'%s' is cut short", img->path);
	while (from < end && !ret) {
		uint64_t data = next_of(img, from, SEEK_DATA, end);
		uint64_t hole = next_of(img, data, SEEK_HOLE, end);

		ret = image_read(img, data, (char *)to + (data - offset),
				 hole - data, err);
		from = hole;
	}
	return ret;
}
