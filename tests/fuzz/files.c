// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_FILES 16

struct file {
	char path[128];
	int fd; /* of memory; 0: not made yet */
};

static struct file files[MAX_FILES];
static size_t count;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

static void fill(struct file *f, const void *bytes, size_t len)
{
	if (!f->fd)
		f->fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (f->fd < 0 || ftruncate(f->fd, 0) ||
	    pwrite(f->fd, bytes, len, 0) != (ssize_t)len)
		abort();
}

void files_put(const char *path, const void *bytes, size_t len)
{
	if (count == MAX_FILES)
		abort();
	snprintf(files[count].path, sizeof(files[count].path), "%s", path);
	fill(&files[count++], bytes, len);
}

void files_forget(void)
{
	count = 0;
}

const char *files_real(const void *bytes, size_t len)
{
	static struct file real;
	static char path[32];

	fill(&real, bytes, len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", real.fd);
	return path;
}

/* A descriptor of its own, at the beginning; -1: there is no such file. */
static int open_ours(const char *path)
{
	char link[32];
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(files[i].path, path)) {
			snprintf(link, sizeof(link), "/proc/self/fd/%d",
				 files[i].fd);
			return __real_open(link, O_RDONLY | O_CLOEXEC);
		}
	return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
	int fd = open_ours(path);
	mode_t mode;
	va_list ap;

	if (fd >= 0)
		return fd;
	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return __real_open(path, flags, mode);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	int fd = open_ours(path);

	return fd >= 0 ? fdopen(fd, mode) : __real_fopen(path, mode);
}
