// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/io_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/hostprobe.h"
#include "runners/disk_file.h"
#include "workloads/workload.h"

static void open_disk(struct io_site *site, enum net_side side)
{
	const struct io_plan *io = &site->bc->io;
	bool is_null = !strncmp(io->disk, "null:", 5);
	struct err err = {0};

	if (is_null && side == NET_NATIVE) {
		snprintf(site->env.disk_refusal, sizeof(site->env.disk_refusal),
			 "the host itself has no null disk");
		return;
	}
	if (!is_null && disk_file_prepare(io->disk, io->disk_bytes,
					  io->may_overwrite, &err)) {
		snprintf(site->env.disk_refusal, sizeof(site->env.disk_refusal),
			 "%.159s", err.msg);
		return;
	}
	site->has_disk = true;
	snprintf(site->env.disk, sizeof(site->env.disk), "%s", io->disk);
}

static void set_addresses(struct io_site *site, enum net_side side)
{
	const struct io_plan *io = &site->bc->io;
	struct link_env *env = &site->env;
	bool is_own = !io->peer[0];

	snprintf(env->peer, sizeof(env->peer), "%s",
		 is_own ? NET_SITE_PEER : io->peer);
	if (side == NET_NATIVE) {
		snprintf(env->net_backend, sizeof(env->net_backend), "%s",
			 is_own ? "veth" : "host");
		return;
	}
	snprintf(env->net_address, sizeof(env->net_address), "%s",
		 is_own ? NET_SITE_SELF "/" NET_SITE_BITS : io->guest_address);
	snprintf(env->net_gateway, sizeof(env->net_gateway), "%s",
		 is_own ? "" : io->guest_gateway);
}

static void open_net(struct io_site *site, enum net_side side)
{
	struct link_env *env = &site->env;
	struct err err = {0};
	int ret = 0;

	if (!site->bc->io.ignores_panic)
		ret = network_danger(&err);
	if (!ret)
		ret = net_site_open(&site->net, side, &site->bc->io,
				    site->bc->io.queue_count, &err);
	if (ret) {
		snprintf(env->net_refusal, sizeof(env->net_refusal), "%.159s",
			 err.msg);
		return;
	}
	site->has_net = true;
	set_addresses(site, side);
}

void io_site_open(struct io_site *site, const struct bench_case *bc,
		  enum net_side side)
{
	*site = (struct io_site){.bc = bc};
	if (bench_case_needs(bc, WL_NEEDS_DISK))
		open_disk(site, side);
	if (bench_case_needs(bc, WL_NEEDS_NET))
		open_net(site, side);
	site->needs_tools =
		side == NET_GUEST && (site->has_disk || site->has_net);
	if (site->needs_tools)
		site->tools = file_beside_exe("guest/tools.ext4");
}

void io_site_close(struct io_site *site)
{
	if (site->has_net)
		net_site_close(&site->net);
	site->has_net = false;
	free(site->tools);
	site->tools = NULL;
}
