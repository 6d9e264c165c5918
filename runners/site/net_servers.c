// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/site/net_servers.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "workloads/rr.h"

#define SERVER_WAIT_MS 10000

/*
 * Whether a socket of this network listens there (proc(5), /proc/net/tcp).
 * A connection to find out would be a client to iperf3, which serves one at
 * a time.
 */
static bool listens_in(const char *table, uint16_t port)
{
	FILE *f = fopen(table, "re");
	unsigned int local, state;
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x",
			       &local, &state) == 2 &&
			local == port && state == TCP_LISTEN;
	if (f)
		fclose(f);
	return found;
}

static bool listens(uint16_t port)
{
	return listens_in("/proc/self/net/tcp", port) ||
	       listens_in("/proc/self/net/tcp6", port);
}

static int await_server(uint16_t port, pid_t pid, const char *what,
			struct err *err)
{
	const struct timespec step = {.tv_nsec = 10 * NS_PER_MS};
	int left = SERVER_WAIT_MS / 10;

	while (!listens(port)) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return err_set(err, -EIO, "the peer's %s has ended",
				       what);
		if (!left--)
			return err_set(err, -ETIMEDOUT,
				       "the peer's %s does not answer", what);
		nanosleep(&step, NULL);
	}
	return 0;
}

static int start_server(const char *const *argv, uint16_t port, struct err *err)
{
	static const struct proc_fd fds[] = {{-1, 0}, {-1, 1}, {-1, 2}};
	const struct proc_spec spec = {
		.argv = argv, .fds = fds, .fd_count = ARRAY_SIZE(fds)};
	pid_t pid;
	int ret = proc_spawn(&spec, &pid, err);

	return ret ? ret : await_server(port, pid, argv[0], err);
}

int net_servers_start(struct err *err)
{
	char *agent = file_beside_exe("guest-agent");
	const char *const echo[] = {agent, "--echo", NULL};
	const char *const iperf[] = {"iperf3", "--server",
				     "--port=" RR_IPERF_PORT_TEXT, NULL};
	int ret = start_server(echo, RR_PORT, err);

	if (!ret)
		ret = start_server(iperf, RR_IPERF_PORT, err);
	free(agent);
	return ret;
}
