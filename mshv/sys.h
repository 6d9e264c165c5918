/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MSHV_SYS_H
#define MSHV_SYS_H

/*
 * sys - the system calls through which everything here reaches /dev/mshv.
 *
 * A table, so that the same backend and the same conformance test run on the
 * device, on the emulator (mshv/emu), on a recorded trace, and on a fake.
 * Calls return what the system call does, with a negative errno for failure.
 * Safe for use from several threads.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mshv_sys {
	const char *name;      /* "mshv", "mshv-emu" */
	const char *stands_on; /* what an emulator opens; NULL: itself */
	int (*open)(const struct mshv_sys *sys, const char *path);
	void (*close)(const struct mshv_sys *sys, int fd);
	int (*ioctl)(const struct mshv_sys *sys, int fd, unsigned long request,
		     void *arg);

	/* One page of a VP at INDEX (enum mshv_vp_page), shared. */
	int (*page_map)(const struct mshv_sys *sys, int fd, uint32_t index,
			void **page);
	void (*page_unmap)(const struct mshv_sys *sys, void *page);

	/* Guest RAM, copied: what a replay has to give again. */
	void (*ram_read)(const struct mshv_sys *sys, const void *ram, void *to,
			 size_t len);
	void (*ram_write)(const struct mshv_sys *sys, void *ram,
			  const void *from, size_t len);

	/* Has the host find memory for guest RAM, which keeps what it holds;
	 * NULL: it always has. */
	int (*ram_touch)(const struct mshv_sys *sys, void *ram, size_t len,
			 bool is_write);
};

extern const struct mshv_sys mshv_sys_device;

#define MSHV_DEVICE "/dev/mshv"

int sys_open(const struct mshv_sys *sys, const char *path);
void sys_close(const struct mshv_sys *sys, int fd);
int sys_ioctl(const struct mshv_sys *sys, int fd, unsigned long request,
	      void *arg);
int sys_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
		 void **page);
void sys_page_unmap(const struct mshv_sys *sys, void *page); /* NULL is fine */
void sys_ram_read(const struct mshv_sys *sys, const void *ram, void *to,
		  size_t len);
void sys_ram_write(const struct mshv_sys *sys, void *ram, const void *from,
		   size_t len);

int sys_ram_touch(const struct mshv_sys *sys, void *ram, size_t len,
		  bool is_write);

/*
 * Whether to make a call again that returned RET: the kernel says EINTR (its
 * locks give way to signals) or EAGAIN (before 6.19: memory was deposited, ask
 * again). TRIES starts at 0 and bounds them. For calls whose argument the kernel
 * overwrites; the others use sys_ioctl_patiently().
 */
bool sys_is_to_retry(int ret, int *tries);

/* As sys_ioctl(), again while sys_is_to_retry(). */
int sys_ioctl_patiently(const struct mshv_sys *sys, int fd,
			unsigned long request, void *arg);

/* What most tables do with guest RAM: memcpy(). */
void sys_ram_read_plain(const struct mshv_sys *sys, const void *ram, void *to,
			size_t len);
void sys_ram_write_plain(const struct mshv_sys *sys, void *ram,
			 const void *from, size_t len);
int sys_ram_touch_plain(const struct mshv_sys *sys, void *ram, size_t len,
			bool is_write);

#endif
