// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/qemu_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/machine.h"
#include "runners/machine/qemu_program.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "workloads/workload.h"

#define MODERN "disable-legacy=on"

static void add_append(struct args *a, const struct vsock_listener *vsock)
{
	char *line = guest_cmdline_foreign(vsock->fd >= 0 ? GUEST_VSOCK : "");

	args_add(a, "-append");
	args_add(a, "%s", line);
	free(line);
}

static void add_machine(struct args *a, const struct bench_case *bc,
			const char *accel, const char *cpu,
			const struct vsock_listener *vsock)
{
	bool is_identical = !strcmp(bc->paravirt, "identical");
	char *kernel = guest_boot_kernel(bc);
	char *initrd = file_beside_exe("guest/initramfs.cpio");

	args_add(a, "%s", qemu_path());
	args_add(a, "-nodefaults");
	args_add(a, "-no-user-config");
	args_add(a, "-no-reboot");
	/* Threads have names then, see runners/measure/placement.h. */
	args_add(a, "-name");
	args_add(a, "l1vh,debug-threads=on");
	args_add(a, "-display");
	args_add(a, "none");
	args_add(a, "-M");
	args_add(a, "q35");
	args_add(a, "-accel");
	args_add(a, "%s", accel);
	args_add(a, "-cpu");
	args_add(a, "%s%s", cpu,
		 is_identical && !strcmp(accel, "kvm") ? ",kvm=off" : "");
	args_add(a, "-smp");
	args_add(a, "%u", bc->vcpu_count);
	args_add(a, "-m");
	args_add(a, "%lluM", bc->ram_bytes / MIB);
	args_add(a, "-kernel");
	args_add(a, "%s", kernel);
	args_add(a, "-initrd");
	args_add(a, "%s", initrd);
	add_append(a, vsock);
	free(initrd);
	free(kernel);
}

static void add_channels(struct args *a, const struct vsock_listener *vsock)
{
	static const char *const words[] = {
		"-chardev", "stdio,id=console,signal=off",
		"-serial",  "chardev:console",
		"-device",  "virtio-serial-pci," MODERN,
		"-device",  "virtserialport,chardev=results,name=l1vh.results",
		"-device",  "virtio-rng-pci," MODERN,
		"-mon",     "chardev=qmp,mode=control"};
	size_t i;

	args_add(a, "-chardev");
	args_add(a, "socket,id=results,fd=%d", MACHINE_CHANNEL_FD);
	args_add(a, "-chardev");
	args_add(a, "socket,id=qmp,fd=%d", MACHINE_EVENTS_FD);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		args_add(a, "%s", words[i]);
	if (vsock->fd >= 0) {
		args_add(a, "-device");
		args_add(a, "vhost-vsock-pci," MODERN ",guest-cid=%u",
			 vsock->cid);
	}
}

static void add_drive(struct args *a, const struct io_plan *io,
		      const char *disk)
{
	const char *null_size = io_plan_null_size(disk);

	if (null_size)
		args_add(
			a,
			"if=none,id=data,driver=null-co,read-zeroes=off,size=%s",
			null_size);
	else
		args_add_path(
			a, "if=none,id=data,file=", disk,
			io_plan_caches(io)
				? ",format=raw,cache=writeback,aio=io_uring,discard=unmap"
				: ",format=raw,cache=none,aio=io_uring,discard=unmap");
}

static void add_disks(struct args *a, const struct io_site *site)
{
	const struct io_plan *io = &site->bc->io;
	char polls[40] = "";

	if (io->disk_poll_us)
		snprintf(polls, sizeof(polls), ",poll-max-ns=%llu",
			 io->disk_poll_us * NS_PER_US);
	if (site->has_disk) {
		/* Its I/O threads hear ioeventfds alone. */
		if (io_plan_has_ioeventfd(io)) {
			args_add(a, "-object");
			args_add(a, "iothread,id=io%s", polls);
		}
		args_add(a, "-drive");
		add_drive(a, io, site->disk);
		args_add(a, "-device");
		args_add(a,
			 "virtio-blk-pci," MODERN
			 ",drive=data,%s,num-queues=%u,serial=" WL_DATA_SERIAL,
			 io_plan_has_ioeventfd(io) ? "iothread=io"
						   : "ioeventfd=off",
			 io->queue_count);
	}
	if (site->has_device) {
		args_add(a, "-device");
		args_add(a, "vfio-pci,host=%s", io->devices[0]);
	}
	if (site->needs_tools) {
		args_add(a, "-drive");
		args_add_path(a, "if=none,id=tools,file=", site->tools,
			      ",format=raw,readonly=on");
		args_add(a, "-device");
		args_add(a, "virtio-blk-pci," MODERN
			    ",drive=tools,serial=" WL_TOOLS_SERIAL);
	}
}

bool qemu_wants_vhost(const struct io_plan *io)
{
	if (!strcmp(io->vhost, "auto"))
		return !access(VHOST_NET_DEVICE, R_OK | W_OK);
	return !strcmp(io->vhost, "on");
}

static void add_net(struct args *a, const struct io_site *site)
{
	const struct io_plan *io = &site->bc->io;
	char where[64], queues[32] = "", vectors[48] = "";

	if (!site->has_net)
		return;
	if (site->net.tap_fd >= 0)
		snprintf(where, sizeof(where), "fd=%d", MACHINE_TAP_FD);
	else
		snprintf(where, sizeof(where),
			 "ifname=%s,script=no,downscript=no", site->net.tap);
	if (io->queue_count > 1 && site->net.tap_fd < 0) {
		snprintf(queues, sizeof(queues), ",queues=%u", io->queue_count);
		snprintf(vectors, sizeof(vectors), ",mq=on,vectors=%u",
			 2 * io->queue_count + 2);
	}
	args_add(a, "-netdev");
	args_add(a, "tap,id=net,%s,vhost=%s%s", where,
		 qemu_wants_vhost(io) ? "on" : "off", queues);
	args_add(a, "-device");
	args_add(a,
		 "virtio-net-pci," MODERN ",netdev=net,romfile=,mac=" GUEST_MAC
		 "%s%s",
		 io_plan_has_ioeventfd(io) ? "" : ",ioeventfd=off", vectors);
}

static void add_tap(struct args *a, const struct io_site *site, uint32_t i,
		    bool has_vhost)
{
	args_add(a, "-netdev");
	args_add(a, "tap,id=net%u,ifname=%s,script=no,downscript=no,vhost=%s",
		 i, site->shape->taps[i], has_vhost ? "on" : "off");
	args_add(a, "-device");
	args_add(a, "virtio-net-pci," MODERN ",netdev=net%u,romfile=", i);
}

/* The extra options of a machine of some shape, which starts paused. */
static void add_shape(struct args *a, const struct io_site *site)
{
	const struct shape_site *shape = site->shape;
	char options[48];
	uint32_t i;

	if (!shape)
		return;
	args_add(a, "-S");
	if (site->bc->limits.locks_ram) {
		args_add(a, "-overcommit");
		args_add(a, "mem-lock=on");
	}
	for (i = 0; i < shape->disk_count; i++) {
		args_add(a, "-drive");
		snprintf(options, sizeof(options),
			 "if=none,id=disk%u,file=", i);
		args_add_path(a, options, shape->disks[i],
			      ",format=raw,cache=none,aio=io_uring");
		args_add(a, "-device");
		args_add(a, "virtio-blk-pci," MODERN ",drive=disk%u", i);
	}
	for (i = 0; i < shape->tap_count; i++)
		add_tap(a, site, i, qemu_wants_vhost(&site->bc->io));
	for (i = 0; i < shape->device_count; i++) {
		args_add(a, "-device");
		args_add(a, "vfio-pci,host=%s", shape->devices[i].fn.address);
	}
}

void qemu_args_add(struct args *a, const char *accel, const char *cpu,
		   const struct bench_case *bc,
		   const struct vsock_listener *vsock,
		   const struct io_site *site)
{
	add_machine(a, bc, accel, cpu, vsock);
	add_channels(a, vsock);
	add_disks(a, site);
	add_net(a, site);
	add_shape(a, site);
}
