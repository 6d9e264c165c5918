// SPDX-License-Identifier: GPL-3.0-or-later
/* The emulator as a table of system calls, for programs that link it. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mshv/abi.h"
#include "mshv/emu/emu.h"
#include "mshv/mshv.h"

static int linked_open(const struct mshv_sys *sys, const char *path)
{
	(void)sys;
	(void)path;
	emu_log_keep();
	return emu_open();
}

static void linked_close(const struct mshv_sys *sys, int fd)
{
	(void)sys;
	emu_close(fd);
	close(fd);
}

static int linked_ioctl(const struct mshv_sys *sys, int fd,
			unsigned long request, void *arg)
{
	(void)sys;
	return emu_ioctl(fd, request, arg);
}

static int linked_page_map(const struct mshv_sys *sys, int fd, uint32_t index,
			   void **page)
{
	uint64_t offset = (uint64_t)index * MSHV_PAGE_BYTES;
	int ret = emu_mmap_check(fd, offset);

	(void)sys;
	if (ret)
		return ret;
	*page = mmap(NULL, MSHV_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, (off_t)offset);
	return *page == MAP_FAILED ? -errno : 0;
}

static void linked_page_unmap(const struct mshv_sys *sys, void *page)
{
	(void)sys;
	munmap(page, MSHV_PAGE_BYTES);
}

const struct mshv_sys mshv_sys_emu = {
	.name = "mshv-emu",
	.stands_on = "/dev/kvm",
	.open = linked_open,
	.close = linked_close,
	.ioctl = linked_ioctl,
	.page_map = linked_page_map,
	.page_unmap = linked_page_unmap,
	.ram_read = sys_ram_read_plain,
	.ram_write = sys_ram_write_plain,
	.ram_touch = sys_ram_touch_plain,
};

static int emu_vm_create(const struct hv_vm_config *cfg, struct hv_vm **out,
			 struct err *err)
{
	return mshv_vm_create_on(&mshv_sys_emu, cfg, out, err);
}

const struct hv_ops hv_mshv_emu =
	MSHV_HV_OPS("mshv-emu", SANDBOX_CALLS_EMU, emu_vm_create);
