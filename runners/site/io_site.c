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
	static const int lacks[] = {-EPERM, -EACCES, -ENOENT,     -ENODEV,
				    -EBUSY, -EINVAL, -EOPNOTSUPP, -ENETDOWN};
	char *text = failure;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lacks); i++)
		if (ret == lacks[i])
			text = refusal;
	snprintf(text, size, "%.*s", (int)size - 1, err->msg);
}

static uint32_t file_flags(const struct io_plan *io)
{
	return (io->may_overwrite ? DISK_FILE_OVERWRITE : 0) |
	       (io_plan_caches(io) ? DISK_FILE_CACHED : 0);
}

static const char no_native_cache[] =
	"natively no host's cache lies beneath the disk: --disk-cache host is for guests";

/* Why SIDE has no disk with the cache that the plan wants; or NULL. */
static const char *cache_lack(const struct io_plan *io, enum net_side side)
{
	if (!io_plan_caches(io))
		return NULL;
	if (side == NET_NATIVE)
		return no_native_cache;
	return io_plan_null_size(io->disk) ? "a null disk has no cache" : NULL;
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
	if (cache_lack(io, side)) {
		io_site_deny_disk(site, cache_lack(io, side));
		return;
	}
	ret = is_null ? 0
		      : disk_file_prepare(io->disk, io->disk_bytes,
					  file_flags(io), &err);
	if (ret) {
		refuse_site(ret, &err, env->disk_refusal, env->disk_failure,
			    sizeof(env->disk_failure));
		return;
	}
	site->has_disk = true;
	env->disk_bytes = io->disk_bytes;
	snprintf(env->disk, sizeof(env->disk), "%s", io->disk);
	snprintf(site->disk, sizeof(site->disk), "%s", io->disk);
}

/* How much of a device's disk is used; 0: it is too small. */
static uint64_t usable_bytes(const struct pci_host *fn, uint64_t wanted)
{
	uint64_t most = fn->block_bytes / MIB * MIB;

	/* The last of it says what the rest was filled with. */
	most = most > MIB ? most - MIB : 0;
	return most < wanted ? most : wanted;
}

/*
 * Fill a device's disk, once. It is asked for what it holds only before that: what
 * this process has written itself is nobody's loss.
 */
static int prepare_disk(struct io_site *site, bool is_empty, struct err *err)
{
	static char filled[PCI_HOST_ADDRESS_BYTES];
	const struct io_plan *io = &site->bc->io;
	const struct pci_host *fn = &site->device.fn;
	struct link_env *env = &site->env;
	int ret;

	env->disk_bytes = usable_bytes(fn, io->disk_bytes);
	if (!env->disk_bytes)
		return err_set(err, -EINVAL, "'%s' of %s is too small",
			       fn->block, fn->address);
	if (!is_empty && !io->may_overwrite_device &&
	    strcmp(filled, fn->address))
		return err_set(
			err, -EPERM,
			"'%s' of %s holds something, which would be lost; --device-overwrite allows that",
			fn->block, fn->address);
	ret = disk_file_prepare(fn->block, env->disk_bytes, DISK_FILE_OVERWRITE,
				err);
	if (ret)
		return ret;
	snprintf(filled, sizeof(filled), "%s", fn->address);
	snprintf(env->disk, sizeof(env->disk), "%s", fn->block);
	return 0;
}

/* With the host's own driver. A disk that somebody uses is not touched, whatever
 * is to be measured. */
static int prepare_device(struct io_site *site, struct err *err)
{
	const struct io_plan *io = &site->bc->io;
	struct pci_host *fn = &site->device.fn;
	struct link_env *env = &site->env;
	bool wants_disk = bench_case_needs(site->bc, WL_NEEDS_DISK);
	bool is_empty = false;
	int ret = pci_host_read("", io->devices[0], fn, err);

	if (!ret && wants_disk && !pci_host_is_storage(fn)) {
		snprintf(env->disk_refusal, sizeof(env->disk_refusal),
			 "%s is no disk, but a %s", io->devices[0],
			 pci_host_kind(fn));
		return 0;
	}
	if (!ret)
		ret = device_site_open(&site->device, io->devices[0],
				       DEVICE_HOST, err);
	if (!ret && fn->block[0])
		ret = disk_file_check_unused(fn->block, &is_empty, err);
	if (ret || !wants_disk)
		return ret;
	if (fn->block[0])
		return prepare_disk(site, is_empty, err);
	snprintf(env->disk_refusal, sizeof(env->disk_refusal),
		 "the driver '%s' of %s shows no disk", fn->driver,
		 io->devices[0]);
	return 0;
}

static void open_device(struct io_site *site, enum net_side side)
{
	const struct io_plan *io = &site->bc->io;
	bool by_virtio = bench_case_needs(site->bc, WL_DEVICE_DISK);
	struct link_env *env = &site->env;
	struct err err = {0};
	int ret;

	if (!io->device_count) {
		snprintf(env->disk_refusal, sizeof(env->disk_refusal),
			 "no device is named: --device ADDRESS does");
		return;
	}
	if (by_virtio && io_plan_caches(io) && side == NET_NATIVE) {
		io_site_deny_disk(site, no_native_cache);
		return;
	}
	ret = prepare_device(site, &err);
	site->has_disk =
		!ret && env->disk[0] && (by_virtio || side == NET_NATIVE);
	snprintf(site->disk, sizeof(site->disk), "%s", env->disk);
	if (!ret && side == NET_GUEST && !by_virtio) {
		device_site_close(&site->device);
		ret = device_site_open(&site->device, io->devices[0],
				       DEVICE_VFIO, &err);
		site->has_device = !ret;
	}
	if (ret)
		refuse_site(ret, &err, env->disk_refusal, env->disk_failure,
			    sizeof(env->disk_failure));
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

static void choose_tools(struct io_site *site)
{
	free(site->tools);
	site->tools = NULL;
	site->needs_tools =
		site->has_disk || site->has_net ||
		(site->has_device && bench_case_needs(site->bc, WL_NEEDS_DISK));
	if (site->needs_tools)
		site->tools = file_beside_exe("guest/tools.ext4");
}

void io_site_open(struct io_site *site, const struct bench_case *bc,
		  enum net_side side)
{
	io_site_open_but_disk(site, bc, side, NULL);
}

void io_site_open_but_disk(struct io_site *site, const struct bench_case *bc,
			   enum net_side side, const char *why)
{
	*site = (struct io_site){.bc = bc};
	/* A shape has devices of its own. */
	if (why)
		io_site_deny_disk(site, why);
	else if (bench_case_needs(bc, WL_NEEDS_DEVICE) &&
		 !bench_case_needs(bc, WL_SHAPE))
		open_device(site, side);
	else if (bench_case_needs(bc, WL_NEEDS_DISK))
		open_disk(site, side);
	if (bench_case_needs(bc, WL_NEEDS_NET))
		open_net(site, side);
	if (side == NET_GUEST)
		choose_tools(site);
}

void io_site_deny_disk(struct io_site *site, const char *why)
{
	struct link_env *env = &site->env;

	site->has_disk = false;
	env->disk_failure[0] = '\0';
	snprintf(env->disk_refusal, sizeof(env->disk_refusal), "%s", why);
	choose_tools(site);
}

void io_site_deny_net(struct io_site *site, const char *why)
{
	struct link_env *env = &site->env;

	if (site->has_net)
		net_site_close(&site->net);
	site->has_net = false;
	env->net_failure[0] = '\0';
	snprintf(env->net_refusal, sizeof(env->net_refusal), "%s", why);
	choose_tools(site);
}

void io_site_close(struct io_site *site)
{
	if (site->has_net)
		net_site_close(&site->net);
	device_site_close(&site->device);
	site->has_net = false;
	free(site->tools);
	site->tools = NULL;
}
