// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * libmshv-emu.so: the emulator for programs that know nothing of it. Put in
 * front of libc by LD_PRELOAD, it answers for /dev/mshv and lets everything
 * else through to the kernel. `l1vh-bench mshv-emu -- COMMAND` sets it up.
 *
 * Real calls are made by raw_call(), so that nothing here can call itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mshv/emu/emu.h"
#include "mshv/emu/emu_priv.h"
#include "mshv/emu/raw.h"
#include "mshv/sys.h"

#define FAKE_DEVICE_MODE (S_IFCHR | 0600)
#define KVM_DEVICE "/dev/kvm"

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

/*
 * libc declares the PATH of most calls here nonnull, so the compiler may drop
 * any test of it against NULL, and programs do pass NULL. A path is looked at as
 * the kernel would do it: whatever the pointer is, it cannot crash.
 */
static bool is_path(const char *path, const char *wanted)
{
	size_t bytes = strlen(wanted) + 1;
	char buf[16];

	__asm__("" : "+r"(path)); /* what was known of it is forgotten */
	return raw_peek(path, buf, bytes) == (long)bytes &&
	       !memcmp(buf, wanted, bytes);
}

static bool is_device(const char *path)
{
	return is_path(path, MSHV_DEVICE);
}

/* A VMM that has both backends would take KVM's. */
static bool is_hidden(const char *path)
{
	return getenv("L1VH_MSHV_EMU_HIDE_KVM") && is_path(path, KVM_DEVICE);
}

/* --- open ------------------------------------------------------------------ */

static int open_any(int folder, const char *path, int flags, mode_t mode)
{
	if (is_device(path))
		return (int)result(emu_open());
	if (is_hidden(path))
		return (int)result(-ENOENT);
	return (int)result(raw_call(SYS_openat, folder, (long)path, flags,
				    (long)mode, 0, 0));
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

static int access_any(int folder, const char *path, int mode, int flags)
{
	if (is_device(path))
		return 0;
	if (is_hidden(path))
		return (int)result(-ENOENT);
	return (int)result(flags ? raw_call(SYS_faccessat2, folder, (long)path,
					    mode, flags, 0, 0)
				 : raw_call(SYS_faccessat, folder, (long)path,
					    mode, 0, 0, 0));
}

int access(const char *path, int mode)
{
	return access_any(AT_FDCWD, path, mode, 0);
}

int faccessat(int folder, const char *path, int mode, int flags)
{
	return access_any(folder, path, mode, flags);
}

static int stat_any(int folder, const char *path, struct stat *st, int flags)
{
	const struct stat fake = {.st_mode = FAKE_DEVICE_MODE, .st_nlink = 1};

	if (is_device(path))
		return (int)result(
			emu_copy_out((uintptr_t)st, &fake, sizeof(fake)));
	if (is_hidden(path))
		return (int)result(-ENOENT);
	return (int)result(raw_call(SYS_newfstatat, folder, (long)path,
				    (long)st, flags, 0, 0));
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

/* With 64 bits they are the same, by the names that programs with
 * _FILE_OFFSET_BITS=64 call. */
int stat64(const char *path, struct stat64 *st)
{
	return stat_any(AT_FDCWD, path, (struct stat *)(void *)st, 0);
}

int lstat64(const char *path, struct stat64 *st)
{
	return stat_any(AT_FDCWD, path, (struct stat *)(void *)st,
			AT_SYMLINK_NOFOLLOW);
}

int fstatat64(int folder, const char *path, struct stat64 *st, int flags)
{
	return stat_any(folder, path, (struct stat *)(void *)st, flags);
}

int statx(int folder, const char *path, int flags, unsigned int mask,
	  struct statx *st)
{
	const struct statx fake = {.stx_mask = STATX_TYPE | STATX_MODE,
				   .stx_mode = FAKE_DEVICE_MODE,
				   .stx_nlink = 1};

	if (is_device(path))
		return (int)result(
			emu_copy_out((uintptr_t)st, &fake, sizeof(fake)));
	if (is_hidden(path))
		return (int)result(-ENOENT);
	return (int)result(raw_call(SYS_statx, folder, (long)path, flags, mask,
				    (long)st, 0));
}

/* --- what is done with it -------------------------------------------------- */

/* One of ours may have come from another process. */
static int ioctl_any(int fd, unsigned long request, void *arg)
{
	if (emu_owns(fd) || (_IOC_TYPE(request) == MSHV_MAGIC && emu_adopt(fd)))
		return (int)result(emu_ioctl(fd, request, arg));
	return (int)result(
		raw_call(SYS_ioctl, fd, (long)request, (long)arg, 0, 0, 0));
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	return ioctl_any(fd, request, arg);
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
	addr = (void *)result(raw_call(SYS_mmap, (long)addr, (long)len, prot,
				       flags, fd, offset));
	if (flags & MAP_FIXED)
		emu_mappings_changed();
	return addr;
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

int munmap(void *addr, size_t len)
{
	int ret = (int)result(
		raw_call(SYS_munmap, (long)addr, (long)len, 0, 0, 0, 0));

	emu_mappings_changed();
	return ret;
}

int mprotect(void *addr, size_t len, int prot)
{
	int ret = (int)result(
		raw_call(SYS_mprotect, (long)addr, (long)len, prot, 0, 0, 0));

	emu_mappings_changed();
	return ret;
}

int close(int fd)
{
	emu_close(fd);
	return (int)result(raw_call(SYS_close, fd, 0, 0, 0, 0, 0));
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
	return copied(fd, (int)result(raw_call(SYS_dup, fd, 0, 0, 0, 0, 0)));
}

int dup2(int fd, int to)
{
	return copied(fd, (int)result(raw_call(SYS_dup2, fd, to, 0, 0, 0, 0)));
}

int dup3(int fd, int to, int flags)
{
	return copied(fd,
		      (int)result(raw_call(SYS_dup3, fd, to, flags, 0, 0, 0)));
}

int fcntl(int fd, int op, ...)
{
	va_list ap;
	void *arg;
	int ret;

	va_start(ap, op);
	arg = va_arg(ap, void *);
	va_end(ap);
	ret = (int)result(raw_call(SYS_fcntl, fd, op, (long)arg, 0, 0, 0));
	if (op == F_DUPFD || op == F_DUPFD_CLOEXEC)
		return copied(fd, ret);
	return ret;
}

int fcntl64(int fd, int op, ...) __attribute__((alias("fcntl")));

/* --- a VMM's own sandbox --------------------------------------------------- */

/*
 * A filter that lets the VMM's calls to the driver through would kill it at what
 * the emulator asks of KVM in their place. It is taken as installed and left
 * out: what runs under the emulator is the VMM, not its sandbox.
 */
static atomic_bool has_filter;

static long filter_leave_out(const void *program)
{
	struct sock_fprog copy;

	/* Libraries find out what the kernel knows by a call without one. */
	if (emu_copy_in(&copy, (uintptr_t)program, sizeof(copy)))
		return -EFAULT;
	has_filter = true;
	emu_log_once("the program's seccomp filter was left out: it knows"
		     " nothing of the calls that the emulator makes");
	return 0;
}

static long seccomp_any(unsigned int op, unsigned int flags, void *arg)
{
	if (op == SECCOMP_SET_MODE_FILTER &&
	    !(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return filter_leave_out(arg);
	return raw_call(SYS_seccomp, op, flags, (long)arg, 0, 0, 0);
}

int prctl(int op, ...)
{
	unsigned long args[4];
	va_list ap;
	int i;

	va_start(ap, op);
	for (i = 0; i < 4; i++)
		args[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (op == PR_SET_SECCOMP && args[0] == SECCOMP_MODE_FILTER)
		return (int)result(filter_leave_out((void *)args[1]));
	if (op == PR_GET_SECCOMP && has_filter)
		return SECCOMP_MODE_FILTER;
	return (int)result(raw_call(SYS_prctl, op, (long)args[0], (long)args[1],
				    (long)args[2], (long)args[3], 0));
}

/* --- the same by their numbers --------------------------------------------- */

long syscall(long number, ...)
{
	va_list ap;
	long a[6];
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	switch (number) {
	case SYS_open:
		return open_any(AT_FDCWD, (const char *)a[0], (int)a[1],
				(mode_t)a[2]);
	case SYS_openat:
		return open_any((int)a[0], (const char *)a[1], (int)a[2],
				(mode_t)a[3]);
	case SYS_statx:
		return statx((int)a[0], (const char *)a[1], (int)a[2],
			     (unsigned int)a[3], (struct statx *)a[4]);
	case SYS_ioctl:
		return ioctl_any((int)a[0], (unsigned long)a[1], (void *)a[2]);
	case SYS_close:
		return close((int)a[0]);
	case SYS_seccomp:
		return result(seccomp_any((unsigned int)a[0],
					  (unsigned int)a[1], (void *)a[2]));
	default:
		return result(
			raw_call(number, a[0], a[1], a[2], a[3], a[4], a[5]));
	}
}
