// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/xmalloc.h"

/* What such a file or folder says of itself, fsync(2). */
static bool cannot_sync(int error)
{
	return error == EINVAL || error == EROFS || error == EOPNOTSUPP ||
	       error == ENOSYS;
}

static int sync_at(const char *path, int flags, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	int ret = 0;

	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	if (fsync(fd) && !cannot_sync(errno))
		ret = err_sys(err, -errno, "cannot write '%s' to the disk",
			      path);
	close(fd);
	return ret;
}

/* Of PATH; owned by the caller. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return slash == path ? xstrdup("/")
			     : xasprintf("%.*s", (int)(slash - path), path);
}

/* Whoever may make files in a folder need not be allowed to read it. */
static int sync_folder(const char *folder, struct err *err)
{
	int ret = sync_at(folder, O_DIRECTORY, err);

	return ret == -EACCES ? 0 : ret;
}

int durable_name(const char *path, struct err *err)
{
	char *folder = folder_of(path);
	int ret = sync_folder(folder, err);

	free(folder);
	return ret;
}

int durable_path(const char *path, struct err *err)
{
	char *at = folder_of(path);
	int ret = sync_folder(at, err);

	while (!ret && strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
		char *above = folder_of(at);

		free(at);
		at = above;
		ret = sync_folder(at, err);
	}
	free(at);
	return ret;
}

int durable_rename(const char *part, const char *path, struct err *err)
{
	int ret = sync_at(part, 0, err);

	if (!ret && rename(part, path))
		ret = err_sys(err, -errno, "cannot create '%s'", path);
	return ret ? ret : durable_name(path, err);
}
