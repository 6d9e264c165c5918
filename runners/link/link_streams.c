// SPDX-License-Identifier: GPL-3.0-or-later
/* Reading a link's streams until they end, or until a limit passes. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/core/bench_case.h"
#include "runners/link/agent_link.h"
#include "runners/link/vsock_listener.h"
#include "workloads/workload.h"

#define CONSOLE_TAIL_BYTES 16384u

static bool is_ready(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

void agent_link_drain_events(struct agent_link *link)
{
	char buf[4096];
	ssize_t n = 1;

	while (n > 0 && link->events_fd >= 0 && is_ready(link->events_fd)) {
		n = read(link->events_fd, buf, sizeof(buf));
		if (n > 0)
			agent_link_events(link, buf, (size_t)n);
	}
}

/*
 * Whether the stream continues. It calls poll() again: handling one stream may
 * have read another (agent_link_drain_events()) or replaced it (take_call()). A read that
 * blocks here would wait for a guest that waits for us.
 */
static bool read_stream(struct agent_link *link, int fd)
{
	char buf[16384];
	ssize_t n;

	if (!is_ready(fd))
		return true;
	n = read(fd, buf, sizeof(buf));
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	if (fd == link->channel_fd) {
		agent_link_channel(link, buf, (size_t)n);
	} else if (fd == link->events_fd) {
		agent_link_events(link, buf, (size_t)n);
	} else {
		strbuf_add(&link->console_in, buf, (size_t)n);
		strbuf_keep_tail(&link->console_in, CONSOLE_TAIL_BYTES);
	}
	return true;
}

/* From now on the agent is heard there, and nowhere else. */
static void take_call(struct agent_link *link, struct pollfd *channel,
		      struct pollfd *caller)
{
	int fd = vsock_listener_accept(link->vsock);

	if (fd < 0)
		return;
	link->vsock_fd = link->channel_fd = channel->fd = fd;
	caller->fd = -1;
}

/* When what the agent is at has had its time; UINT64_MAX: never. */
static uint64_t point_deadline_ns(const struct agent_link *link)
{
	const struct workload *wl;
	size_t i;

	if (!link->point_limit_ns || link->state != LINK_RUNNING ||
	    link->is_point_late)
		return UINT64_MAX;
	i = agent_link_item(link);
	wl = i < link->bc->item_count
		     ? workload_find(link->bc->items[i].workload)
		     : NULL;
	if (!wl || (wl->flags & (WL_ON_REQUEST | WL_SELFTEST)))
		return UINT64_MAX;
	return link->asked_ns + link->point_limit_ns;
}

enum { FD_CHANNEL, FD_EVENTS, FD_CONSOLE, FD_CALLER };

int agent_link_run(struct agent_link *link, uint64_t deadline_ns)
{
	bool may_call = link->vsock && link->state == LINK_WANTS_HELLO;
	struct pollfd fds[] = {
		/* An answer that comes too late is none. */
		{.fd = link->is_point_late ? -1 : link->channel_fd,
		 .events = POLLIN},
		{.fd = link->events_fd, .events = POLLIN},
		{.fd = link->console_fd, .events = POLLIN},
		{.fd = may_call ? link->vsock->fd : -1, .events = POLLIN},
	};
	size_t i;

	while (fds[FD_CHANNEL].fd >= 0 || fds[FD_EVENTS].fd >= 0 ||
	       fds[FD_CONSOLE].fd >= 0) {
		uint64_t point_ns = point_deadline_ns(link);
		uint64_t until_ns =
			point_ns < deadline_ns ? point_ns : deadline_ns;
		uint64_t now = clock_mono_ns();

		if (link->state == LINK_BROKEN)
			return 0;
		link->is_point_late |= now >= point_ns;
		if (now >= until_ns)
			return -ETIMEDOUT;
		if (poll(fds, ARRAY_SIZE(fds),
			 (int)((until_ns - now) / NS_PER_MS) + 1) <= 0)
			continue;
		if (fds[FD_CALLER].revents)
			take_call(link, &fds[FD_CHANNEL], &fds[FD_CALLER]);
		for (i = 0; i < FD_CALLER; i++)
			if (fds[i].fd >= 0 && fds[i].revents &&
			    !read_stream(link, fds[i].fd))
				fds[i].fd = -1;
	}
	return 0;
}
