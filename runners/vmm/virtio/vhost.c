// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/vhost.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "runners/vmm/mem.h"
#include "runners/vmm/virtio/virtio.h"

int vhost_open(const char *path, uint64_t *features, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	if (ioctl(fd, VHOST_GET_FEATURES, features)) {
		int ret = err_sys(err, -errno, "'%s' is not a vhost device",
				  path);

		close(fd);
		return ret;
	}
	return fd;
}

static int set_mem(int fd, const struct mem *mem)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region regions[2];
	} table = {
		.head.nregions = mem->bytes > mem->low_bytes ? 2 : 1,
		.regions = {{.guest_phys_addr = 0,
			     .memory_size = mem->low_bytes,
			     .userspace_addr = (uintptr_t)mem->host},
			    {.guest_phys_addr = MEM_HOLE_END,
			     .memory_size = mem->bytes - mem->low_bytes,
			     .userspace_addr =
				     (uintptr_t)mem->host + mem->low_bytes}},
	};

	return ioctl(fd, VHOST_SET_MEM_TABLE, &table) ? -errno : 0;
}

/* A queue that the driver left out has no interrupt to give either. */
static int set_ring(int fd, struct virtio_dev *dev, uint32_t queue,
		    uint32_t index)
{
	const struct virtq *q = &dev->queues[queue];
	struct vhost_vring_state num = {.index = index, .num = q->size};
	struct vhost_vring_state base = {.index = index};
	struct vhost_vring_addr addr = {
		.index = index,
		.desc_user_addr = (uintptr_t)q->desc,
		.avail_user_addr = (uintptr_t)q->avail,
		.used_user_addr = (uintptr_t)q->used,
	};
	struct vhost_vring_file kick = {.index = index,
					.fd = dev->kick_fds[queue]};
	struct vhost_vring_file call = {
		.index = index, .fd = dev->transport->call_fd(dev, queue)};

	if (!q->desc)
		return -ENODATA;
	if (ioctl(fd, VHOST_SET_VRING_NUM, &num) ||
	    ioctl(fd, VHOST_SET_VRING_BASE, &base) ||
	    ioctl(fd, VHOST_SET_VRING_ADDR, &addr) ||
	    ioctl(fd, VHOST_SET_VRING_KICK, &kick) ||
	    ioctl(fd, VHOST_SET_VRING_CALL, &call))
		return -errno;
	return 0;
}

int vhost_start(int fd, struct virtio_dev *dev, uint64_t features,
		uint32_t first, uint32_t count)
{
	uint32_t i;
	int ret;

	/* It stays ours when a driver stops and starts the device. */
	if ((ioctl(fd, VHOST_SET_OWNER) && errno != EBUSY) ||
	    ioctl(fd, VHOST_SET_FEATURES, &features))
		return -errno;
	ret = set_mem(fd, dev->mem);
	for (i = 0; i < count && !ret; i++)
		ret = set_ring(fd, dev, first + i, i);
	return ret;
}

int vhost_poll(int fd, uint32_t count, uint32_t limit_us)
{
	struct vhost_vring_state state = {.num = limit_us};

	for (; state.index < count; state.index++)
		if (ioctl(fd, VHOST_SET_VRING_BUSYLOOP_TIMEOUT, &state))
			return -errno;
	return 0;
}
