// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm/virtio/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "runners/vmm/virtio/net.h"

int tap_adopt(int fd, struct err *err)
{
	int header = TAP_HEADER_BYTES;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ||
	    ioctl(fd, TUNSETVNETHDRSZ, &header))
		return err_sys(err, -errno,
			       "descriptor %d is not a TAP with headers", fd);
	return 0;
}

int tap_open(const char *name, uint32_t count, int *fds, struct err *err)
{
	struct ifreq ifr = {.ifr_name = ""};
	uint32_t i;
	int ret = 0;

	ifr.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
				(count > 1 ? IFF_MULTI_QUEUE : 0));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	for (i = 0; i < count && !ret; i++) {
		fds[i] = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fds[i] < 0)
			ret = err_sys(err, -errno, "cannot open /dev/net/tun");
		else if (ioctl(fds[i], TUNSETIFF, &ifr))
			ret = err_sys(err, -errno, "cannot attach to TAP '%s'",
				      name);
		else
			ret = tap_adopt(fds[i], err);
	}
	for (; ret && i; i--) {
		if (fds[i - 1] >= 0)
			close(fds[i - 1]);
		fds[i - 1] = -1;
	}
	return ret;
}

/* One that has a single queue cannot be detached, and need not be. */
void tap_enable(int fd, bool on)
{
	struct ifreq ifr = {.ifr_name = ""};

	ifr.ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
	ioctl(fd, TUNSETQUEUE, &ifr);
}

bool tap_is_there(int fd)
{
	struct ifreq ifr = {.ifr_name = ""};

	return !ioctl(fd, TUNGETIFF, &ifr);
}

int tap_set_offload(int fd, uint64_t features)
{
	static const struct {
		uint64_t feature;
		unsigned long flag;
	} map[] = {
		{NET_F_GUEST_CSUM, TUN_F_CSUM},
		{NET_F_GUEST_TSO4, TUN_F_TSO4},
		{NET_F_GUEST_TSO6, TUN_F_TSO6},
		{NET_F_GUEST_ECN, TUN_F_TSO_ECN},
	};
	unsigned long flags = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (features & map[i].feature)
			flags |= map[i].flag;
	return ioctl(fd, TUNSETOFFLOAD, flags) ? -errno : 0;
}
