// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's own packets would fill buffers that tests count. */
static void silence_ipv6(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6",
		      O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		perror("cannot switch IPv6 off");
	close(fd);
}

const char *netns_enter(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return "cannot make a network namespace";
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return "cannot open /dev/net/tun";
	close(fd);
	silence_ipv6();
	return NULL;
}

static int set_up(int fd, const char *name, int mtu)
{
	struct ifreq ifr = {.ifr_name = ""};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_mtu = mtu;
	if (ioctl(fd, SIOCSIFMTU, &ifr))
		return -errno;
	ifr.ifr_flags = IFF_UP | IFF_PROMISC;
	return ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

int netns_link_up(const char *name, int mtu)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(NETNS_ETHERTYPE),
				 .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = set_up(fd, name, mtu);
	if (!ret && bind(fd, (struct sockaddr *)&at, sizeof(at)))
		ret = -errno;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int netns_link_delete(const char *name)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = RTM_DELLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.link = {.ifi_index = (int)if_nametoindex(name)},
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
	} answer = {.err = {.error = -EIO}};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		answer.err.error = -errno;
	close(fd);
	return answer.err.error;
}
