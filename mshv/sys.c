// SPDX-License-Identifier: GPL-3.0-or-later
#include "mshv/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mshv/abi.h"

#define MAX_TRIES 1000

int sys_open(const struct mshv_sys *sys, const char *path)
{
	return sys->open(sys, path);
}

void sys_close(const struct mshv_sys *sys, int fd)
{
	if (fd >= 0)
		sys->close(sys, fd);
}

int sys_ioctl(const struct mshv_sys *sys, int fd, unsigned long request,
	      void *arg)
{
	return sys->ioctl(sys, fd, request, arg);
}

bool sys_is_to_retry(int ret, int *tries)
{
	return (ret == -EINTR || ret == -EAGAIN) && ++*tries < MAX_TRIES;
}

int sys_ioctl_patiently(const struct mshv_sys *sys, int fd,
			unsigned long request, void *arg)
{
	int tries = 0;
	int ret;

	do {
		ret = sys_ioctl(sys, fd, request, arg);
	} while (sys_is_to_retry(ret, &tries));
	return ret;
}

int sys_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
		 void **page)
{
	return sys->page_map(sys, fd, index, page);
}

void sys_page_unmap(const struct mshv_sys *sys, void *page)
{
	if (page)
		sys->page_unmap(sys, page);
}

void sys_ram_read(const struct mshv_sys *sys, const void *ram, void *to,
		  size_t len)
{
	sys->ram_read(sys, ram, to, len);
}

void sys_ram_write(const struct mshv_sys *sys, void *ram, const void *from,
		   size_t len)
{
	sys->ram_write(sys, ram, from, len);
}

void sys_ram_read_plain(const struct mshv_sys *sys, const void *ram, void *to,
			size_t len)
{
	(void)sys;
	memcpy(to, ram, len);
}

void sys_ram_write_plain(const struct mshv_sys *sys, void *ram,
			 const void *from, size_t len)
{
	(void)sys;
	memcpy(ram, from, len);
}

int sys_ram_touch(const struct mshv_sys *sys, void *ram, size_t len,
		  bool is_write)
{
	return sys->ram_touch ? sys->ram_touch(sys, ram, len, is_write) : 0;
}

/* Linux 5.14 has a call that fails where there is no memory; a plain access
 * would end the process. */
int sys_ram_touch_plain(const struct mshv_sys *sys, void *ram, size_t len,
			bool is_write)
{
	(void)sys;
	if (!madvise(ram, len,
		     is_write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ))
		return 0;
	return errno == EINVAL ? 0 : -errno;
}

static int device_open(const struct mshv_sys *sys, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	(void)sys;
	return fd < 0 ? -errno : fd;
}

static void device_close(const struct mshv_sys *sys, int fd)
{
	(void)sys;
	close(fd);
}

static int device_ioctl(const struct mshv_sys *sys, int fd,
			unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	(void)sys;
	return ret < 0 ? -errno : ret;
}

static int device_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
			   void **page)
{
	void *mapped = mmap(NULL, MSHV_PAGE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, (off_t)index * MSHV_PAGE_BYTES);

	(void)sys;
	if (mapped == MAP_FAILED)
		return -errno;
	*page = mapped;
	return 0;
}

static void device_page_unmap(const struct mshv_sys *sys, void *page)
{
	(void)sys;
	munmap(page, MSHV_PAGE_BYTES);
}

const struct mshv_sys mshv_sys_device = {
	.name = "mshv",
	.open = device_open,
	.close = device_close,
	.ioctl = device_ioctl,
	.page_map = device_page_map,
	.page_unmap = device_page_unmap,
	.ram_read = sys_ram_read_plain,
	.ram_write = sys_ram_write_plain,
	.ram_touch = sys_ram_touch_plain,
};
