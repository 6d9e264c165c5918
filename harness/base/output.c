// SPDX-License-Identifier: GPL-3.0-or-later
#include "harness/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "harness/base/durable.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"

/* As the kernel's limit. */
#define MAX_LINKS 40
/* Of names that others have left. */
#define NAME_TRIES 1000
/* No set-user-ID: it is not for new content. */
#define MODE_BITS 0777

/* The folder of PATH without links, NULL with errno where there is none. */
static char *folder_of(const char *path)
{
	char *copy = xstrdup(path);
	char *slash = strrchr(copy, '/');
	char *real;

	if (slash)
		slash[slash == copy] = '\0';
	real = realpath(slash ? copy : ".", NULL);
	free(copy);
	return real;
}

/* What PATH's last component is, with all links on the way followed. */
static char *resolve_once(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *folder = folder_of(path);
	char *out = folder ? xasprintf("%s/%s",
				       strcmp(folder, "/") ? folder : "", name)
			   : NULL;

	free(folder);
	return out;
}

/* The number of an own descriptor, behind /dev/stdout and the like; -1. */
static int own_descriptor(const char *path)
{
	char *folder = xasprintf("/proc/%d/fd/", (int)getpid());
	size_t len = strlen(folder);
	int fd = -1;

	if (!strncmp(path, folder, len) && path[len] >= '0' && path[len] <= '9')
		fd = (int)strtol(path + len, NULL, 10);
	free(folder);
	return fd;
}

/* PATH without any link, its own end included, but for those of /proc/PID/fd,
 * which are none. NULL with errno; caller frees. */
static char *resolve(const char *path)
{
	char *at = resolve_once(path);
	int i;

	for (i = 0; at && own_descriptor(at) < 0; i++) {
		char link[PATH_MAX];
		ssize_t n = readlink(at, link, sizeof(link) - 1);
		char *next;

		if (n < 0)
			return at;
		link[n] = '\0';
		if (link[0] == '/')
			next = xstrdup(link);
		else
			next = xasprintf("%.*s%s",
					 (int)(strrchr(at, '/') + 1 - at), at,
					 link);
		free(at);
		if (i == MAX_LINKS) {
			free(next);
			errno = ELOOP;
			return NULL;
		}
		at = resolve_once(next);
		free(next);
	}
	return at;
}

/* --- files beside the target --- */

/* In the folder of TARGET's first FOLDER bytes. The name is short: TARGET's own may
 * be as long as a name can be. Another process with our number, killed in another
 * container, may have left the same name. */
static char *part_name(const char *target, int folder)
{
	static unsigned int count;

	return xasprintf("%.*s.l1vh-%d-%u", folder, target, (int)getpid(),
			 __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED));
}

static int open_part(const char *target, char **part)
{
	int folder = (int)(strrchr(target, '/') + 1 - target);
	char *dir = xasprintf("%.*s", folder, target);
	int fd = -1, i;

	*part = NULL;
	if (!access("/proc/self/fd", X_OK))
		fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	for (i = 0; fd < 0 && i < NAME_TRIES; i++) {
		*part = part_name(dir, (int)strlen(dir));
		fd = open(*part, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
		if (fd >= 0)
			break;
		free(*part);
		*part = NULL;
		if (errno != EEXIST)
			break;
	}
	free(dir);
	return fd;
}

/* A name for what has none yet. */
static int name_part(struct output *o)
{
	int folder, ret = o->part ? 0 : -EEXIST, i;
	char self[64];

	folder = (int)(strrchr(o->target, '/') + 1 - o->target);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	for (i = 0; ret == -EEXIST && i < NAME_TRIES; i++) {
		o->part = part_name(o->target, folder);
		if (!linkat(AT_FDCWD, self, AT_FDCWD, o->part,
			    AT_SYMLINK_FOLLOW))
			return 0;
		ret = -errno;
		free(o->part);
		o->part = NULL;
	}
	return ret;
}

static void release(struct output *o)
{
	if (o->fd >= 0)
		close(o->fd);
	free(o->path);
	free(o->target);
	free(o->part);
	*o = (struct output){.fd = -1};
}

/* --- the beginning --- */

/* The new file gets what the old one has; false if it cannot. */
static bool keep_owner(int fd, int old_fd)
{
	struct stat old, now;

	if (fstat(old_fd, &old) || fstat(fd, &now))
		return false;
	if ((old.st_uid != now.st_uid || old.st_gid != now.st_gid) &&
	    fchown(fd, old.st_uid, old.st_gid))
		return false;
	return !fchmod(fd, old.st_mode & MODE_BITS);
}

static bool has_more_to_keep(int old_fd, const struct stat *old)
{
	return old->st_nlink > 1 ||
	       fgetxattr(old_fd, "system.posix_acl_access", NULL, 0) > 0;
}

/* Something that has what the old file has, beside it. -1: the folder takes nothing
 * new, or the old file has what another cannot get. */
static int open_like(struct output *o, const char *target, int old_fd,
		     const struct stat *old)
{
	int fd;

	errno = EPERM;
	fd = has_more_to_keep(old_fd, old) ? -1 : open_part(target, &o->part);
	if (fd < 0 || keep_owner(fd, old_fd))
		return fd;
	close(fd);
	if (o->part)
		unlink(o->part);
	free(o->part);
	o->part = NULL;
	errno = EPERM;
	return -1;
}

/* A regular file, open as OLD_FD. */
static int begin_over(struct output *o, int old_fd, const struct stat *old,
		      char *target)
{
	int ret = 0;

	o->fd = open_like(o, target, old_fd, old);
	if (o->fd >= 0) {
		o->target = target;
		close(old_fd);
		return 0;
	}
	/* A full disk is no reason to destroy the old file. */
	if (errno != EPERM && errno != EACCES && errno != EROFS)
		ret = -errno;
	else if (ftruncate(old_fd, 0))
		ret = -errno;
	if (ret)
		close(old_fd);
	else
		o->fd = old_fd;
	free(target);
	return ret;
}

static int begin_new(struct output *o, char *target)
{
	o->fd = open_part(target, &o->part);
	if (o->fd < 0) {
		free(target);
		return -errno;
	}
	o->target = target;
	return 0;
}

/* Why what is at PATH can be no output. */
static int refuse(const char *path, int code, mode_t mode, struct err *err)
{
	struct stat st;

	if (S_ISSOCK(mode))
		return err_set(err, -ENXIO, "cannot write to '%s': a socket",
			       path);
	if (code == -ENOENT && !lstat(path, &st) && S_ISLNK(st.st_mode))
		return err_set(
			err, -ENOENT,
			"cannot write '%s': a symbolic link to a file that does not exist; create the file, or name it",
			path);
	return err_sys(err, code, "cannot write '%s'", path);
}

static int begin_at(struct output *o, const char *path, char *target,
		    mode_t *mode)
{
	struct stat st = {.st_mode = 0}, end;
	int own = own_descriptor(target), fd;

	if (own >= 0) {
		free(target);
		fflush(stdout);
		o->fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
		return o->fd < 0 ? -errno : 0;
	}
	/* By PATH: the kernel checks links in folders of others. */
	if (stat(path, &st)) {
		bool is_new = errno == ENOENT && lstat(path, &end) &&
			      errno == ENOENT && path[strlen(path) - 1] != '/';
		int ret = -errno;

		if (is_new)
			return begin_new(o, target);
		free(target);
		return ret;
	}
	*mode = st.st_mode;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		free(target);
		return -errno;
	}
	if (S_ISREG(st.st_mode))
		return begin_over(o, fd, &st, target);
	free(target);
	o->fd = fd;
	return 0;
}

int output_begin(struct output *o, const char *path, struct err *err)
{
	char *target = *path ? resolve(path) : NULL;
	mode_t mode = 0;
	int ret;

	*o = (struct output){.fd = -1};
	if (!target)
		return refuse(path, *path ? -errno : -ENOENT, mode, err);
	ret = begin_at(o, path, target, &mode);
	if (ret) {
		release(o);
		return refuse(path, ret, mode, err);
	}
	o->path = xstrdup(path);
	return 0;
}

int output_check(const char *path, struct err *err)
{
	struct err ignored = {0};
	struct output o;
	struct stat st;
	int ret;

	/* To begin would be to open a device, or to empty a file in its place. */
	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			return refuse(path, -EISDIR, st.st_mode, err);
		if (S_ISSOCK(st.st_mode) || access(path, W_OK))
			return refuse(path, -errno, st.st_mode, err);
		return 0;
	}
	ret = output_begin(&o, path, err);
	if (!ret)
		output_end(&o, -ECANCELED, false, &ignored);
	return ret;
}

/* --- the end --- */

int output_write(struct output *o, const void *bytes, size_t len,
		 struct err *err)
{
	int ret = file_write_all(o->fd, bytes, len);

	return ret ? err_sys(err, ret, "cannot write '%s'", o->path) : 0;
}

/* Into the old file, which cannot be replaced: it is a mount point, or another's
 * in a sticky folder. */
static int copy_over(struct output *o)
{
	char buf[65536];
	int from = open(o->part, O_RDONLY | O_CLOEXEC);
	int to = from < 0 ? -1
			  : open(o->target,
				 O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW);
	int ret = to < 0 ? -errno : 0;
	ssize_t n = 1;

	while (!ret && n) {
		n = read(from, buf, sizeof(buf));
		ret = n < 0 ? -errno : file_write_all(to, buf, (size_t)n);
	}
	if (!ret && fsync(to))
		ret = -errno;
	if (from >= 0)
		close(from);
	if (to >= 0 && close(to) && !ret)
		ret = -errno;
	return ret;
}

static int take_place(struct output *o)
{
	struct stat st;
	int ret = name_part(o);

	if (ret)
		return ret;
	if (!rename(o->part, o->target)) {
		o->is_done = true;
		return 0;
	}
	ret = -errno;
	if ((ret == -EBUSY || ret == -EPERM || ret == -EACCES) &&
	    !stat(o->target, &st) && S_ISREG(st.st_mode))
		ret = copy_over(o);
	return ret;
}

/* A device has nothing to flush. */
static int flush(const struct output *o)
{
	struct stat st;

	if (fstat(o->fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	return fsync(o->fd) ? -errno : 0;
}

/* CODE, or close()'s where that is 0. */
static int close_first(struct output *o, int code)
{
	int ret = o->fd >= 0 && close(o->fd) ? -errno : 0;

	o->fd = -1;
	return code ?: ret;
}

int output_end(struct output *o, int ret, bool is_durable, struct err *err)
{
	int code = 0;

	if (!ret && is_durable)
		code = flush(o);
	/* Some file systems say only now that there is no room. A file without a
	 * name needs its descriptor to get one. */
	if (o->part)
		code = close_first(o, code);
	if (!ret && !code && o->target)
		code = take_place(o);
	code = close_first(o, code);
	if (code)
		ret = err_sys(err, code, "cannot write '%s'", o->path);
	if (!ret && is_durable && o->is_done)
		ret = durable_name(o->target, err);
	if (o->part && !o->is_done)
		unlink(o->part);
	release(o);
	return ret;
}

bool output_is_same(const char *path, const char *other)
{
	struct stat a, b;

	return !stat(path, &a) && !stat(other, &b) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}
