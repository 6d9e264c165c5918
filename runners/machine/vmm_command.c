// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/vmm_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/machine.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "workloads/workload.h"

/* Cards have one pair of queues, as KubeVirt's have unless it is asked. */
static void add_shape(struct args *a, const struct io_site *site)
{
	const struct mem_limits *limits = &site->bc->limits;
	char options[32];
	uint32_t i;

	if (!site->shape)
		return;
	snprintf(options, sizeof(options), ",queues=%u",
		 site->bc->io.queue_count);
	args_add(a, "--hold");
	if (limits->locks_ram)
		args_add(a, "--mlock");
	for (i = 0; i < site->shape->disk_count; i++) {
		args_add(a, "--disk");
		args_add_path(a, "", site->shape->disks[i], options);
	}
	for (i = 0; i < site->shape->tap_count; i++) {
		args_add(a, "--net");
		args_add(a, "tap=%s,vhost=%s", site->shape->taps[i],
			 site->bc->io.vhost);
	}
	for (i = 0; i < site->shape->device_count; i++) {
		args_add(a, "--vfio");
		args_add(a, "%s", site->shape->devices[i].fn.address);
	}
}

static const char *ioeventfd_word(const struct io_plan *io)
{
	return io_plan_has_ioeventfd(io) ? "" : ",ioeventfd=off";
}

static void add_disks(struct args *a, const struct io_site *site)
{
	const struct io_plan *io = &site->bc->io;
	char options[80];

	if (site->has_disk) {
		args_add(a, "--disk");
		snprintf(options, sizeof(options),
			 ",serial=" WL_DATA_SERIAL ",queues=%u,poll=%u%s%s",
			 io->queue_count, io->disk_poll_us, ioeventfd_word(io),
			 io_plan_caches(io) ? ",buffered" : "");
		args_add_path(a, "", site->disk, options);
	}
	if (site->has_device) {
		args_add(a, "--vfio");
		args_add(a, "%s", site->bc->io.devices[0]);
	}
	if (site->needs_tools) {
		args_add(a, "--disk");
		args_add_path(a, "", site->tools,
			      ",serial=" WL_TOOLS_SERIAL ",readonly,buffered");
	}
}

static void add_net(struct args *a, const struct io_site *site)
{
	const struct io_plan *io = &site->bc->io;

	if (!site->has_net)
		return;
	args_add(a, "--net");
	if (site->net.tap_fd >= 0)
		args_add(a, "fd=%d,mac=" GUEST_MAC ",vhost=%s,poll=%u%s",
			 MACHINE_TAP_FD, io->vhost, io->net_poll_us,
			 ioeventfd_word(io));
	else
		args_add(a,
			 "tap=%s,queues=%u,mac=" GUEST_MAC
			 ",vhost=%s,poll=%u%s",
			 site->net.tap, io->queue_count, io->vhost,
			 io->net_poll_us, ioeventfd_word(io));
}

static void add_micro(struct args *a)
{
	char *micro = file_beside_exe("micro.bin");

	args_add(a, "--micro");
	args_add(a, "%s", micro);
	args_add(a, "--check-bells");
	free(micro);
}

static void add_linux(struct args *a, const struct bench_case *bc,
		      const struct vsock_listener *vsock)
{
	char *kernel = guest_boot_kernel(bc);
	char *initrd = file_beside_exe("guest/initramfs.cpio");

	args_add(a, "--kernel");
	args_add(a, "%s", kernel);
	args_add(a, "--initrd");
	args_add(a, "%s", initrd);
	args_add(a, "--cmdline");
	args_add(a, GUEST_CMDLINE "%s", vsock->fd >= 0 ? GUEST_VSOCK : "");
	if (vsock->fd >= 0) {
		args_add(a, "--vsock-cid");
		args_add(a, "%u", vsock->cid);
	}
	free(initrd);
	free(kernel);
}

static void add_machine(struct args *a, const char *hv,
			const struct bench_case *bc,
			const struct vsock_listener *vsock)
{
	char *vmm = file_beside_exe("l1vh-vmm");

	args_add(a, "%s", vmm);
	args_add(a, "--hv");
	args_add(a, "%s", hv);
	if (bench_case_needs(bc, WL_NEEDS_MICRO))
		add_micro(a);
	else
		add_linux(a, bc, vsock);
	args_add(a, "--memory");
	args_add(a, "%" PRIu64, bc->ram_bytes);
	args_add(a, "--vcpus");
	args_add(a, "%u", bc->vcpu_count);
	args_add(a, "--paravirt");
	args_add(a, "%s", bc->paravirt);
	if (bc->sandbox[0]) {
		args_add(a, "--sandbox");
		args_add(a, "%s", bc->sandbox);
	}
	args_add(a, "--channel-fd");
	args_add(a, "%d", MACHINE_CHANNEL_FD);
	args_add(a, "--events-fd");
	args_add(a, "%d", MACHINE_EVENTS_FD);
	free(vmm);
}

void vmm_command_add(struct args *a, const char *hv,
		     const struct bench_case *bc,
		     const struct vsock_listener *vsock,
		     const struct io_site *site)
{
	add_machine(a, hv, bc, vsock);
	add_disks(a, site);
	add_net(a, site);
	add_shape(a, site);
}
