/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_VFIO_VFIO_SYS_H
#define RUNNERS_VMM_VFIO_VFIO_SYS_H

/*
 * vfio_sys - the system calls that reach a device of vfio, so that tests can put
 * a device of their own behind them. Whatever can fail returns a negative errno.
 */
#include <stddef.h>
#include <stdint.h>

struct vfio_sys {
	int (*open)(const char *path); /* for reading and writing */
	void (*close)(int fd);
	/* ARG is a pointer or a number, as REQUEST has it. */
	int (*ioctl)(int fd, unsigned long request, uintptr_t arg);
	/* All LEN bytes at OFF, or an error. */
	int (*read)(int fd, void *buf, size_t len, uint64_t off);
	int (*write)(int fd, const void *buf, size_t len, uint64_t off);
	int (*map)(int fd, size_t len, uint64_t off, void **out);
	void (*unmap)(void *host, size_t len);
	/* The last part of what a link leads to. */
	int (*link)(const char *path, char *name, size_t size);
};

extern const struct vfio_sys vfio_sys_host;

#endif
