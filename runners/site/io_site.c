// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/site/io_site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/hostprobe.h"
#include "runners/site/disk_file.h"
#include "workloads/workload.h"

/*
 * A host that lacks something, or must not be used for it, skips what needs
 * it. Everything else is a failure: a full disk, a helper that died.
 */
static void refuse_site(int ret, const struct err *err, char *refusal,
			char *failure, size_t size)
{
	static const int lacks[] = {-EPERM,  -EACCES,     -ENOENT,  -ENODEV,
				    -EINVAL, -EOPNOTSUPP, -ENETDOWN};
	char *text = failure;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lacks); i++)
		if (ret == lacks[i])
			text = refusal;
	snprintf(text, size, "%.*s", (int)size - 1, err->msg);
}

static void open_disk(struct io_site *site, enum net_side side)
{
	const struct io_plan *io = &site->bc->io;
	bool is_null = io_plan_null_size(io->disk);
	struct link_env *env = &site->env;
	struct err err = {0};
	int ret;

	if (is_null && side == NET_NATIVE) {
		snprintf(env->disk_refusal, sizeof(env->disk_refusal),
			 "the host itself has no null disk");
		return;
	}
	ret = is_null ? 0
		      : disk_file_prepare(io->disk, io->disk_bytes,
					  io->may_overwrite, &err);
	if (ret) {
		refuse_site(ret, &err, env->disk_refusal, env->disk_failure,
			    sizeof(env->disk_failure));
		return;
	}
	site->has_disk = true;
	snprintf(env->disk, sizeof(env->disk), "%s", io->disk);
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
		refuse_site(ret, &err, env->net_refusal, env->net_failure,
			    sizeof(env->net_failure));
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
