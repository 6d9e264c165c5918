// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/faults/call_table.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define CALL(name, class, faults)                \
	{                                        \
#name, SYS_##name, class, faults \
	}

/* By class. brk() is absent: libc believes any number that it returns. */
const struct call calls[] = {
	CALL(open, "open", "EMFILE,EACCES,ENOENT"),
	CALL(openat, "open", "EMFILE,EACCES,ENOENT"),
	CALL(openat2, "open", "EMFILE,EACCES,ENOENT"),
	CALL(creat, "open", "EMFILE,EACCES,ENOSPC"),
	CALL(memfd_create, "open", "EMFILE,ENOMEM"),
	CALL(read, "read", "EIO,EINTR,short"),
	CALL(pread64, "read", "EIO,short"),
	CALL(readv, "read", "EIO,EINTR"),
	CALL(preadv, "read", "EIO"),
	CALL(recvfrom, "read", "ECONNRESET,EINTR"),
	CALL(recvmsg, "read", "ECONNRESET,EINTR"),
	CALL(getdents64, "read", "EIO"),
	CALL(write, "write", "ENOSPC,EIO,EPIPE,EINTR,short"),
	CALL(pwrite64, "write", "ENOSPC,EIO,short"),
	CALL(writev, "write", "ENOSPC,EIO,EPIPE,EINTR"),
	CALL(pwritev, "write", "ENOSPC,EIO"),
	CALL(sendto, "write", "EPIPE,ECONNRESET,EINTR"),
	CALL(sendmsg, "write", "EPIPE,ECONNRESET,EINTR"),
	CALL(sendfile, "write", "EIO,EPIPE,EINTR"),
	CALL(ftruncate, "write", "ENOSPC,EIO"),
	CALL(fallocate, "write", "ENOSPC,EIO"),
	CALL(fsync, "fsync", "EIO,ENOSPC"),
	CALL(fdatasync, "fsync", "EIO,ENOSPC"),
	CALL(msync, "fsync", "EIO"),
	CALL(mmap, "mmap", "ENOMEM"),
	CALL(mremap, "mmap", "ENOMEM"),
	CALL(mprotect, "mmap", "ENOMEM"),
	CALL(madvise, "mmap", "ENOMEM"),
	CALL(ioctl, "ioctl", "EIO,EINTR,ENOMEM"),
	CALL(clone, "fork", "EAGAIN,ENOMEM"),
	CALL(clone3, "fork", "EAGAIN,ENOMEM"),
	CALL(fork, "fork", "EAGAIN"),
	CALL(vfork, "fork", "EAGAIN"),
	CALL(execve, "fork", "ENOENT,EACCES,ENOMEM"),
	CALL(wait4, "fork", "EINTR"),
	CALL(setpgid, "fork", "EPERM"),
	CALL(pidfd_open, "fork", "EMFILE,ENOMEM"),
	CALL(eventfd2, "eventfd", "EMFILE"),
	CALL(signalfd4, "eventfd", "EMFILE"),
	CALL(timerfd_create, "eventfd", "EMFILE"),
	CALL(timerfd_settime, "eventfd", "EINVAL"),
	CALL(inotify_init1, "eventfd", "EMFILE"),
	CALL(inotify_add_watch, "eventfd", "ENOSPC"),
	CALL(pipe2, "eventfd", "EMFILE"),
	CALL(dup, "eventfd", "EMFILE"),
	CALL(dup2, "eventfd", "EMFILE"),
	CALL(dup3, "eventfd", "EMFILE"),
	CALL(fcntl, "eventfd", "EMFILE"),
	CALL(io_uring_setup, "eventfd", "ENOMEM,EPERM"),
	CALL(io_uring_register, "eventfd", "ENOMEM"),
	CALL(socket, "socket", "EMFILE,EACCES"),
	CALL(socketpair, "socket", "EMFILE"),
	CALL(connect, "socket", "ECONNREFUSED,EINTR"),
	CALL(bind, "socket", "EADDRINUSE"),
	CALL(listen, "socket", "EADDRINUSE"),
	CALL(accept, "socket", "EMFILE,ECONNABORTED"),
	CALL(accept4, "socket", "EMFILE,ECONNABORTED"),
	CALL(setsockopt, "socket", "ENOMEM"),
	CALL(getsockname, "socket", "ENOBUFS"),
	CALL(epoll_create1, "poll", "EMFILE"),
	CALL(epoll_ctl, "poll", "ENOMEM"),
	CALL(epoll_wait, "poll", "EINTR"),
	CALL(epoll_pwait, "poll", "EINTR"),
	CALL(poll, "poll", "EINTR,ENOMEM"),
	CALL(ppoll, "poll", "EINTR,ENOMEM"),
	CALL(select, "poll", "EINTR,ENOMEM"),
	CALL(pselect6, "poll", "EINTR,ENOMEM"),
	CALL(io_uring_enter, "poll", "EINTR,EAGAIN"),
	CALL(clock_nanosleep, "poll", "EINTR"),
	CALL(rename, "rename", "ENOSPC,EIO"),
	CALL(renameat, "rename", "ENOSPC,EIO"),
	CALL(renameat2, "rename", "ENOSPC,EIO"),
	CALL(link, "rename", "ENOSPC"),
	CALL(mkdir, "rename", "ENOSPC,EACCES"),
	CALL(unlink, "unlink", "EIO,EACCES"),
	CALL(unlinkat, "unlink", "EIO,EACCES"),
	CALL(rmdir, "unlink", "EIO"),
	CALL(stat, "stat", "EACCES,EIO"),
	CALL(fstat, "stat", "EIO"),
	CALL(newfstatat, "stat", "EACCES,EIO"),
	CALL(statx, "stat", "EACCES,EIO"),
	CALL(statfs, "stat", "EIO"),
	CALL(access, "stat", "EACCES"),
	CALL(faccessat2, "stat", "EACCES"),
	CALL(readlink, "stat", "EACCES,EIO"),
	CALL(lseek, "stat", "EIO"),
	CALL(unshare, "sandbox", "EPERM,ENOSPC"),
	CALL(seccomp, "sandbox", "EINVAL,ENOMEM"),
	CALL(landlock_create_ruleset, "sandbox", "ENOSYS,EOPNOTSUPP"),
	CALL(landlock_add_rule, "sandbox", "ENOMEM"),
	CALL(landlock_restrict_self, "sandbox", "EPERM"),
	CALL(mount, "sandbox", "EPERM"),
	CALL(pivot_root, "sandbox", "EPERM"),
	CALL(capset, "sandbox", "EPERM"),
	CALL(getrandom, "other", "EINTR"),
	CALL(sched_setaffinity, "other", "EINVAL,EPERM"),
	CALL(sched_getaffinity, "other", "EINVAL"),
	CALL(mlock, "other", "ENOMEM"),
	CALL(flock, "other", "EINTR,ENOLCK"),
	CALL(prlimit64, "other", "EPERM"),
	CALL(uname, "other", "EFAULT"),
	CALL(sysinfo, "other", "EFAULT"),
	{NULL, 0, NULL, NULL},
};
_Static_assert(sizeof(calls) / sizeof(calls[0]) <= CALL_MAX,
	       "a filter holds all");

static const struct {
	const char *name;
	int code;
} errnos[] = {
	{"EACCES", EACCES},
	{"EADDRINUSE", EADDRINUSE},
	{"EAGAIN", EAGAIN},
	{"ECONNABORTED", ECONNABORTED},
	{"ECONNREFUSED", ECONNREFUSED},
	{"ECONNRESET", ECONNRESET},
	{"EFAULT", EFAULT},
	{"EINTR", EINTR},
	{"EINVAL", EINVAL},
	{"EIO", EIO},
	{"EMFILE", EMFILE},
	{"ENOBUFS", ENOBUFS},
	{"ENOENT", ENOENT},
	{"ENOLCK", ENOLCK},
	{"ENOMEM", ENOMEM},
	{"ENOSPC", ENOSPC},
	{"ENOSYS", ENOSYS},
	{"EOPNOTSUPP", EOPNOTSUPP},
	{"EPERM", EPERM},
	{"EPIPE", EPIPE},
	{"short", -1},
};

const struct call *call_find(int nr)
{
	const struct call *c;

	for (c = calls; c->name; c++)
		if (c->nr == nr)
			return c;
	return NULL;
}

bool call_is_of(const struct call *c, const char *class)
{
	return !strcmp(class, "all") || !strcmp(class, c->class);
}

bool call_has_fault(const struct call *c, const char *fault)
{
	size_t len = strlen(fault);
	const char *p = c->faults;

	while ((p = strstr(p, fault))) {
		if ((p == c->faults || p[-1] == ',') &&
		    (p[len] == ',' || !p[len]))
			return true;
		p += len;
	}
	return false;
}

int call_errno(const char *fault)
{
	size_t i;

	for (i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcmp(errnos[i].name, fault))
			return errnos[i].code;
	return 0;
}

const char *call_classes(void)
{
	static char list[256];
	const struct call *c;

	for (c = calls; c->name && !list[sizeof(list) - 32]; c++)
		if (c == calls || strcmp(c->class, c[-1].class))
			snprintf(list + strlen(list),
				 sizeof(list) - strlen(list), "%s%s",
				 c == calls ? "" : ", ", c->class);
	return list;
}
