// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libmshv-emu.so: the emulator for programs that know nothing of it. Put in
 * front of libc by LD_PRELOAD, it answers for /dev/mshv and lets everything
 * else through to the kernel. `l1vh-bench mshv-emu -- COMMAND` sets it up.
 *
 * Real calls are made by syscall(), so that nothing here can call itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mshv/emu/emu.h"
#include "mshv/sys.h"

#define FAKE_DEVICE_MODE (S_IFCHR | 0600)

/* Whoever runs with this library can find out; see runners/machine/vmm_child.c. */
int mshv_emu_is_preloaded(void);
int mshv_emu_is_preloaded(void)
{
	return 1;
}

static long result(long ret)
{
	if (ret >= 0)
		return ret;
	errno = (int)-ret;
	return -1;
}

static bool is_device(const char *path)
{
	return path && !strcmp(path, MSHV_DEVICE);
}

/* --- open ------------------------------------------------------------------ */

static int open_any(int folder, const char *path, int flags, mode_t mode)
{
	if (is_device(path))
		return (int)result(emu_open());
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static mode_t mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(NAME)                                            \
	int NAME(const char *path, int flags, ...)            \
	{                                                     \
		va_list ap;                                   \
		mode_t mode;                                  \
                                                              \
		va_start(ap, flags);                          \
		mode = mode_of(flags, ap);                    \
		va_end(ap);                                   \
		return open_any(AT_FDCWD, path, flags, mode); \
	}

#define OPENAT(NAME)                                           \
	int NAME(int folder, const char *path, int flags, ...) \
	{                                                      \
		va_list ap;                                    \
		mode_t mode;                                   \
                                                               \
		va_start(ap, flags);                           \
		mode = mode_of(flags, ap);                     \
		va_end(ap);                                    \
		return open_any(folder, path, flags, mode);    \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

/* What _FORTIFY_SOURCE makes of calls without a mode. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags)
{
	return open_any(folder, path, flags, 0);
}

int __openat64_2(int folder, const char *path, int flags)
{
	return open_any(folder, path, flags, 0);
}

/* --- is it there? ---------------------------------------------------------- */

int access(const char *path, int mode)
{
	if (is_device(path))
		return 0;
	return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

static int stat_any(int folder, const char *path, struct stat *st, int flags)
{
	if (!is_device(path))
		return (int)syscall(SYS_newfstatat, folder, path, st, flags);
	memset(st, 0, sizeof(*st));
	st->st_mode = FAKE_DEVICE_MODE;
	return 0;
}

int stat(const char *path, struct stat *st)
{
	return stat_any(AT_FDCWD, path, st, 0);
}

int lstat(const char *path, struct stat *st)
{
	return stat_any(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

int fstatat(int folder, const char *path, struct stat *st, int flags)
{
	return stat_any(folder, path, st, flags);
}

int statx(int folder, const char *path, int flags, unsigned int mask,
	  struct statx *st)
{
	if (!is_device(path))
		return (int)syscall(SYS_statx, folder, path, flags, mask, st);
	memset(st, 0, sizeof(*st));
	st->stx_mask = STATX_TYPE | STATX_MODE;
	st->stx_mode = FAKE_DEVICE_MODE;
	return 0;
}

/* --- what is done with it -------------------------------------------------- */

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (emu_owns(fd))
		return (int)result(emu_ioctl(fd, request, arg));
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

static void *mmap_any(void *addr, size_t len, int prot, int flags, int fd,
		      off_t offset)
{
	int ret = 0;

	if (!(flags & MAP_ANONYMOUS) && emu_owns(fd))
		ret = emu_mmap_check(fd, (uint64_t)offset);
	if (ret) {
		errno = -ret;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap_any(addr, len, prot, flags, fd, offset);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd,
	     off64_t offset)
{
	return mmap_any(addr, len, prot, flags, fd, offset);
}

int close(int fd)
{
	emu_close(fd);
	return (int)syscall(SYS_close, fd);
}

/* A copy of one of ours is ours; TO may have been another of ours. */
static int copied(int from, int to)
{
	if (to >= 0 && to != from)
		emu_dup(from, to);
	return to;
}

int dup(int fd)
{
	return copied(fd, (int)syscall(SYS_dup, fd));
}

int dup2(int fd, int to)
{
	return copied(fd, (int)syscall(SYS_dup2, fd, to));
}

int dup3(int fd, int to, int flags)
{
	return copied(fd, (int)syscall(SYS_dup3, fd, to, flags));
}

int fcntl(int fd, int op, ...)
{
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, op);
	arg = va_arg(ap, void *);
	va_end(ap);
	ret = (int)syscall(SYS_fcntl, fd, op, arg);
	if (op == F_DUPFD || op == F_DUPFD_CLOEXEC)
		return copied(fd, ret);
	return ret;
}

int fcntl64(int fd, int op, ...) __attribute__((alias("fcntl")));
