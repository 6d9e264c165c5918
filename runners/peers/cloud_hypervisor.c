// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cloud_hypervisor - the same guest in Cloud Hypervisor, on KVM, and on /dev/mshv where
 * it was built for that. One that was built for both takes KVM if there is a /dev/kvm,
 * so it is looked at what it has open.
 */
#include <errno.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/vmm_child.h"
#include "runners/peers/peer.h"
#include "runners/peers/peer_version.h"
#include "runners/peers/peers.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

/* Since 52 one that is not told that a disk is raw writes no first sector. */
#define TOLD_SINCE 52

/* Its options end a path at a comma. */
static int check_path(const char *path, struct err *err)
{
	return path && strchr(path, ',')
		       ? err_set(err, -EINVAL,
				 "it takes no path with a comma: '%s'", path)
		       : 0;
}

static void add_disks(struct args *a, const struct peer_boot *boot)
{
	const struct io_site *site = boot->site;
	bool is_told = !peer_version_is_below(boot->version, TOLD_SINCE, 0);

	if (site->has_disk || site->tools)
		args_add(a, "--disk");
	if (site->has_disk)
		args_add(a,
			 "path=%s,serial=" WL_DATA_SERIAL
			 ",direct=%s,num_queues=%u%s",
			 site->disk,
			 io_plan_caches(&boot->bc->io) ? "off" : "on",
			 boot->bc->io.queue_count,
			 is_told ? ",image_type=raw" : "");
	if (site->tools)
		args_add(a, "path=%s,serial=" WL_TOOLS_SERIAL ",readonly=on",
			 site->tools);
}

static void add_net(struct args *a, const struct peer_boot *boot)
{
	if (!boot->site->has_net)
		return;
	args_add(a, "--net");
	args_add(a, "tap=%s,mac=" GUEST_MAC ",num_queues=%u",
		 boot->site->net.tap, 2 * boot->bc->io.queue_count);
}

static int add_args(struct args *a, const struct peer_boot *boot,
		    struct err *err)
{
	int ret =
		check_path(boot->site->has_disk ? boot->site->disk : NULL, err);

	if (!ret)
		ret = check_path(boot->site->tools, err);
	if (ret)
		return ret;
	args_add(a, "%s", boot->program);
	args_add(a, "--cpus");
	args_add(a, "boot=%u", boot->bc->vcpu_count);
	args_add(a, "--memory");
	args_add(a, "size=%lluM", boot->bc->ram_bytes / MIB);
	args_add(a, "--serial");
	args_add(a, "tty");
	args_add(a, "--console");
	args_add(a, "off");
	args_add(a, "--vsock");
	args_add(a, "cid=%u,socket=%s", boot->cid, boot->socket);
	args_add(a, "--kernel");
	args_add(a, "%s", boot->kernel);
	args_add(a, "--initramfs");
	args_add(a, "%s", boot->initrd);
	args_add(a, "--cmdline");
	args_add(a, "%s", boot->cmdline);
	add_disks(a, boot);
	add_net(a, boot);
	return 0;
}

/* What its filter permits is what a real /dev/mshv needs. */
static int add_emulated(struct args *a, const struct peer_boot *boot,
			struct err *err)
{
	int ret;

	args_add_emulator(a);
	ret = add_args(a, boot, err);
	args_add(a, "--seccomp");
	args_add(a, "false");
	return ret;
}

#define HAS_ALL                                                               \
	{                                                                     \
		.has_disks = true, .has_direct_io = true, .has_queues = true, \
		.has_card = true                                              \
	}

static const struct peer on_kvm = {
	.title = "Cloud Hypervisor",
	.program = "cloud-hypervisor",
	.version = "--version",
	.device = "/dev/kvm",
	.vsock = PEER_VSOCK_FILE,
	.more_cmdline = "",
	.io = HAS_ALL,
	.add_args = add_args,
};

static const struct peer on_mshv = {
	.title = "Cloud Hypervisor",
	.program = "cloud-hypervisor",
	.version = "--version",
	.device = "/dev/mshv",
	.vsock = PEER_VSOCK_FILE,
	.more_cmdline = "",
	.io = HAS_ALL,
	.add_args = add_args,
};

static const struct peer on_mshv_emu = {
	.title = "Cloud Hypervisor",
	.program = "cloud-hypervisor",
	.version = "--version",
	.device = "/dev/mshv",
	.is_emulated = true,
	.vsock = PEER_VSOCK_FILE,
	.more_cmdline = "",
	.io = HAS_ALL,
	.add_args = add_emulated,
};

static void kvm_run(const struct bench_case *bc, struct result *res)
{
	peer_run(&on_kvm, grade_of_kvm(), bc, res);
}

static void mshv_run(const struct bench_case *bc, struct result *res)
{
	if (vmm_child_begin_mshv("cloud-hypervisor-mshv-emu", res))
		peer_run(&on_mshv, res->grade, bc, res);
}

static void mshv_emu_run(const struct bench_case *bc, struct result *res)
{
	peer_run(&on_mshv_emu, GRADE_EMULATED, bc, res);
}

const struct runner_ops runner_cloud_hypervisor = {
	.name = "cloud-hypervisor",
	.summary = "Cloud Hypervisor on /dev/kvm",
	.vmm = RUNNER_PEER,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = kvm_run,
};

const struct runner_ops runner_cloud_hypervisor_mshv = {
	.name = "cloud-hypervisor-mshv",
	.summary = "Cloud Hypervisor on /dev/mshv, where it was built for it",
	.vmm = RUNNER_PEER,
	.device = "/dev/mshv",
	.grade = vmm_child_mshv_grade,
	.run = mshv_run,
};

const struct runner_ops runner_cloud_hypervisor_mshv_emu = {
	.name = "cloud-hypervisor-mshv-emu",
	.summary =
		"the same on an emulated /dev/mshv: for correctness, not for speed",
	.vmm = RUNNER_PEER,
	.device = "/dev/kvm",
	.stands_in_for = "cloud-hypervisor-mshv",
	.grade = grade_emulated,
	.run = mshv_emu_run,
};
