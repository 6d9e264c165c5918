// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/site/net_site.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/core/bench_case.h"

#define READY_MS 30000
#define END_NS (5 * NS_PER_S)

static int read_answer(int fd, char *line, size_t size, struct err *err)
{
	int ret = proc_read_line(fd, READY_MS, line, size);

	if (ret == -ETIMEDOUT)
		return err_set(err, ret, "the network was not ready in time");
	return ret ? err_set(err, ret, "the network's helper has ended") : 0;
}

static int open_ns(pid_t pid, const char *kind, int *fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* A macvtap is a character device named after the interface's index. */
static int open_macvtap(struct net_site *site, const char *name,
			struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/tap%u", if_nametoindex(name));
	site->tap_fd = open(path, O_RDWR | O_CLOEXEC);
	if (site->tap_fd < 0)
		return err_sys(err, -errno, "cannot open '%s'", path);
	return 0;
}

static int take_answer(struct net_site *site, const char *line, bool is_macvtap,
		       struct err *err)
{
	char name[16] = "";
	int pid;

	if (!strncmp(line, "error ", 6))
		return err_set(err, -ENETDOWN, "%s", line + 6);
	if (sscanf(line, "ready %d %15s", &pid, name) < 1)
		return err_set(err, -EPROTO, "the helper said '%.100s'", line);
	if (is_macvtap)
		return open_macvtap(site, name, err);
	snprintf(site->tap, sizeof(site->tap), "%s", name);
	if (!pid)
		return 0;
	/* Root has no user namespace of its own to enter. */
	if ((geteuid() && open_ns(pid, "user", &site->user_ns)) ||
	    open_ns(pid, "net", &site->net_ns))
		return err_sys(err, -errno, "cannot enter the network");
	return 0;
}

static bool is_bridge(const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", name);
	return !access(path, F_OK);
}

int net_site_open(struct net_site *site, enum net_side side,
		  const struct io_plan *io, uint32_t pair_count,
		  struct err *err)
{
	char *self = file_beside_exe("l1vh-bench");
	const char *argv[] = {self, "net-helper", "native", NULL, NULL, NULL};
	char pairs[16], line[512];
	bool is_macvtap = false;
	int from = -1;
	int ret;

	*site = (struct net_site){
		.to_helper = -1, .user_ns = -1, .net_ns = -1, .tap_fd = -1};
	snprintf(pairs, sizeof(pairs), "%u", pair_count);
	if (side == NET_GUEST) {
		argv[2] = "tap";
		argv[3] = pairs;
	}
	if (io->peer[0] && side == NET_NATIVE) {
		free(self);
		return 0;
	}
	if (io->peer[0] && !if_nametoindex(io->interface)) {
		free(self);
		return err_set(err, -ENODEV, "there is no interface '%s'",
			       io->interface);
	}
	if (io->peer[0]) {
		is_macvtap = !is_bridge(io->interface);
		argv[2] = is_macvtap ? "macvtap" : "bridge";
		argv[4] = io->interface;
	}
	ret = proc_spawn_piped(argv, &site->helper, &site->to_helper, &from,
			       err);
	if (!ret)
		ret = read_answer(from, line, sizeof(line), err);
	if (!ret)
		ret = take_answer(site, line, is_macvtap, err);
	if (from >= 0)
		close(from);
	free(self);
	if (ret)
		net_site_close(site);
	return ret;
}

void net_site_close(struct net_site *site)
{
	int *fds[] = {&site->to_helper, &site->user_ns, &site->net_ns,
		      &site->tap_fd};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	if (site->helper > 0)
		proc_reap(site->helper, END_NS);
	site->helper = 0;
}

int net_site_enter(const struct net_site *site)
{
	if (site->user_ns >= 0 && setns(site->user_ns, CLONE_NEWUSER))
		return -errno;
	if (site->net_ns >= 0 && setns(site->net_ns, CLONE_NEWNET))
		return -errno;
	return 0;
}
