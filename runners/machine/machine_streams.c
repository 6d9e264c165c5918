// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/machine_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

void machine_streams_close(const struct machine_streams *s,
			   enum machine_streams_end end)
{
	if (s->channel[end] >= 0)
		close(s->channel[end]);
	if (s->events[end] >= 0)
		close(s->events[end]);
	if (s->console[end] >= 0)
		close(s->console[end]);
}

int machine_streams_open(struct machine_streams *s, enum machine_events events)
{
	int type = SOCK_STREAM | SOCK_CLOEXEC;
	int ret = socketpair(AF_UNIX, type, 0, s->channel);

	if (!ret && events == MACHINE_EVENTS_QMP)
		ret = socketpair(AF_UNIX, type, 0, s->events);
	else if (!ret)
		ret = pipe2(s->events, O_CLOEXEC);
	if (!ret)
		ret = pipe2(s->console, O_CLOEXEC);
	return ret ? -errno : 0;
}
