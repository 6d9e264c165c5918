/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_EMU_RAW_H
#define MSHV_EMU_RAW_H

/*
 * raw - system calls past libc. libmshv-emu.so stands in front of libc's open(),
 * ioctl() and syscall(), so what it asks of the kernel itself may go through
 * none of them. x86-64 psABI, A.2.1.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* -errno for failure; errno itself stays as it is. */
static inline long raw_call(long number, long a, long b, long c, long d, long e,
			    long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline int raw_open(const char *path, int flags)
{
	return (int)raw_call(SYS_openat, AT_FDCWD, (long)path, flags, 0, 0, 0);
}

/* The bytes at FROM into BUF, as many of COUNT as can be read; -EFAULT if none
 * can. FROM may be anything. */
static inline long raw_peek(const void *from, char *buf, size_t count)
{
	struct iovec local = {buf, count}, remote = {(void *)from, count};
	long self = raw_call(SYS_getpid, 0, 0, 0, 0, 0, 0);

	return raw_call(SYS_process_vm_readv, self, (long)&local, 1,
			(long)&remote, 1, 0);
}

#endif
