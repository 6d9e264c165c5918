// SPDX-License-Identifier: GPL-3.0-or-later
/* peer; net-helper and device-guard, which are for the runners alone. */
#include <stdio.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/cli/commands.h"
#include "runners/site/device_site.h"
#include "runners/site/net_servers.h"
#include "runners/site/net_site.h"
#include "workloads/rr.h"

static int peer_run(int argc, char **argv)
{
	struct err err = {0};

	if (argc > 1)
		return complain(STATUS_USAGE, "peer: unexpected argument '%s'",
				argv[1]);
	if (net_servers_start(&err))
		return complain(STATUS_INTERNAL, "peer: %s", err.msg);
	stop_on_signals();
	printf("iperf3 listens on port %d, the echo on %d (TCP and UDP)\n",
	       RR_IPERF_PORT, RR_PORT);
	fflush(stdout);
	wait_until_stopped(UINT64_MAX);
	return STATUS_OK;
}

const struct command cmd_peer = {
	.name = "peer",
	.summary = "serve as the remote network peer for run --net-peer",
	.usage =
		"usage: l1vh-bench peer\n"
		"Runs the servers for 'l1vh-bench run --net-peer ADDRESS' until Ctrl-C: iperf3 on\n"
		"port 5201, l1vh-bench's own echo on port 5202.\n",
	.run = peer_run,
};

const struct command cmd_device_guard = {
	.name = "device-guard",
	.run = device_guard_main,
};

const struct command cmd_net_helper = {
	.name = "net-helper",
	.run = net_helper_main,
};
