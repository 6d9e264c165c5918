// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/peers/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/shape.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/machine.h"
#include "runners/measure/footprint.h"
#include "runners/peers/peer_machine.h"
#include "runners/peers/peer_version.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

char *peer_find(const struct peer *p)
{
	const char *folder = getenv("PEERS");

	if (folder && folder[0]) {
		char *path = xasprintf("%s/%s", folder, p->program);

		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return file_in_path(p->program) ? xstrdup(p->program) : NULL;
}

/* Why P cannot have the disk that IO wants; or NULL. */
static const char *disk_lack(const struct peer *p, const struct bench_case *bc)
{
	const struct io_plan *io = &bc->io;

	if (!p->io.has_disks)
		return "is given no disk here";
	if (io_plan_null_size(io->disk))
		return "has no null disk";
	if (!io_plan_caches(io) && !p->io.has_direct_io)
		return "has no direct I/O: --disk-cache host is what it does";
	if (io->queue_count > 1 && !p->io.has_queues)
		return "has one queue for a disk: ask for --queues 1";
	if (io->queue_count > bc->vcpu_count)
		return "has no more queues for a disk than vCPUs";
	if (io->disk_poll_us)
		return "does not poll for a disk's requests";
	if (!io_plan_has_ioeventfd(io))
		return "hears a disk's doorbells by ioeventfds alone";
	return NULL;
}

/* The same of its network card, which SITE has. */
static const char *net_lack(const struct peer *p, const struct io_site *site)
{
	const struct io_plan *io = &site->bc->io;

	if (!p->io.has_card)
		return "is given no network card here";
	if (!strcmp(io->vhost, "on"))
		return "does not use vhost-net";
	if (site->has_net && site->net.tap_fd >= 0)
		return "is given no macvtap here";
	if (io->queue_count > 1 && !p->io.has_queues)
		return "has one pair of queues: ask for --queues 1";
	if (io->queue_count > site->bc->vcpu_count)
		return "has no more pairs of queues than vCPUs";
	if (io->net_poll_us)
		return "does not poll for packets";
	if (!io_plan_has_ioeventfd(io))
		return "hears a card's doorbells by ioeventfds alone";
	return NULL;
}

/* What P has of what the case wants. A disk that it lacks is not even made. */
static void open_site(const struct peer *p, const struct bench_case *bc,
		      struct io_site *site)
{
	const char *lack = disk_lack(p, bc);
	char why[160];

	snprintf(why, sizeof(why), "%s %s", p->title, lack ? lack : "");
	if (p->io.has_card || !lack)
		io_site_open_but_disk(site, bc, NET_GUEST, lack ? why : NULL);
	else
		io_site_deny_disk(site, why);
	lack = net_lack(p, site);
	if (!lack)
		return;
	snprintf(why, sizeof(why), "%s %s", p->title, lack);
	io_site_deny_net(site, why);
}

static void boot(const struct peer_case *c, const struct bench_case *bc,
		 const struct watch *watch, struct result *res)
{
	struct io_site site = {.bc = bc};
	struct peer_machine m;
	struct err err = {0};
	int ret;

	open_site(c->peer, bc, &site);
	ret = peer_machine_open(&m, c, &site, &err);
	if (ret) {
		result_fail(res, RUN_RUNNER_FAILED, "%s: %s", c->peer->title,
			    err.msg);
	} else {
		peer_machine_run(&m, watch, res);
		peer_version_add(c->version, c->peer->title, res);
	}
	peer_machine_close(&m);
	io_site_close(&site);
}

static void boot_shape(const void *ctx, const struct bench_case *bc,
		       const struct shape_site *shape,
		       const struct watch *watch, struct result *res)
{
	(void)shape;
	boot(ctx, bc, watch, res);
}

/* What of a case no guest of a peer can have; or NULL. */
static const char *lack_of(const struct bench_case *bc)
{
	struct shape shape;
	struct err ignored;

	if (bench_case_needs(bc, WL_NEEDS_MICRO))
		return "has no device that serves the micro guest";
	/* It would be measured as something that it is not. */
	if (!strcmp(bc->paravirt, "identical"))
		return "cannot hide its hypervisor from the guest: ask for --paravirt best";
	if (bench_case_needs(bc, WL_NEEDS_DEVICE) &&
	    !bench_case_needs(bc, WL_SHAPE))
		return "is given no device of the host's here";
	if (bc->limits.locks_ram)
		return "is not told to lock its guest's memory";
	if (!bench_case_needs(bc, WL_SHAPE) ||
	    shape_parse(bc->items[0].point, &shape, &ignored))
		return NULL;
	if (shape.disk_count || shape.nic_count || shape.device_count)
		return "is given no disks, network cards and devices here: only shapes of RAM and vCPUs";
	return NULL;
}

/* What of this host, and for BC, P needs and does not find; or NULL. */
static const char *absence_of(const struct peer *p, const struct bench_case *bc)
{
	static const char *const no_kvm = "needs /dev/kvm",
				 *const no_mshv = "needs /dev/mshv";

	if (!p->is_emulated && access(p->device, F_OK))
		return strcmp(p->device, "/dev/kvm") ? no_mshv : no_kvm;
	if (p->vsock == PEER_VSOCK_KERNEL && !peer_machine_has_vsock())
		return "needs /dev/vhost-vsock for its guest's agent";
	if (p->needs_elf && !guest_boot_has_elf())
		return "starts ELF kernels alone, and there is no guest/vmlinux";
	/* Of a shape the VMM's memory is measured, not the guest. */
	if (p->needs_elf && strcmp(bc->guest_kernel, "elf") &&
	    !bench_case_needs(bc, WL_SHAPE))
		return "starts ELF kernels alone, and this run's guests start the bzImage: see --guest-kernel";
	return NULL;
}

static void run_found(const struct peer_case *c, const struct bench_case *bc,
		      struct result *res)
{
	const struct peer *p = c->peer;
	const char *why = lack_of(bc);
	char old[160];

	if (!why)
		why = absence_of(p, bc);
	if (!why &&
	    peer_version_is_below(c->version, p->least_major, p->least_minor)) {
		snprintf(old, sizeof(old), "%s has no %s: %u.%u does",
			 c->version->text, p->lacks_before, p->least_major,
			 p->least_minor);
		why = old;
	}
	if (why)
		result_fail(res, RUN_SKIPPED, "%s %s", p->title, why);
	else if (bench_case_needs(bc, WL_SHAPE))
		footprint_run(boot_shape, c, bc, res);
	else
		boot(c, bc, NULL, res);
}

void peer_run(const struct peer *p, enum grade grade,
	      const struct bench_case *bc, struct result *res)
{
	char *program = peer_find(p);
	struct peer_version version;
	const struct peer_case c = {p, program, &version};
	struct err err = {0};

	res->grade = grade;
	if (!program)
		result_fail(
			res, RUN_SKIPPED,
			"%s is not installed: '%s' is neither in PATH nor in the folder $PEERS",
			p->title, p->program);
	else if (peer_version_read(program, p->version, &version, &err))
		result_fail(res, RUN_SKIPPED, "%s does not work here: %s",
			    p->title, err.msg);
	else
		run_found(&c, bc, res);
	free(program);
}
