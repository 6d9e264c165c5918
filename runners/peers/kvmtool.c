// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * kvmtool - the same guest in kvmtool, the smallest of the VMMs for KVM. It puts words
 * of its own before ours on the kernel's command line (kvm__arch_set_cmdline()).
 */
#include "harness/base/base.h"
#include "harness/core/bench_case.h"
#include "harness/core/runner.h"
#include "runners/machine/args.h"
#include "runners/peers/peer.h"
#include "runners/peers/peers.h"

static int add_args(struct args *a, const struct peer_boot *boot,
		    struct err *err)
{
	(void)err;
	args_add(a, "%s", boot->program);
	args_add(a, "run");
	args_add(a, "--name");
	args_add(a, PEER_NAME);
	args_add(a, "--cpus");
	args_add(a, "%u", boot->bc->vcpu_count);
	args_add(a, "--mem");
	args_add(a, "%lluM", boot->bc->ram_bytes / MIB);
	args_add(a, "--console");
	args_add(a, "serial");
	args_add(a, "--rng");
	args_add(a, "--network");
	args_add(a, "mode=none");
	args_add(a, "--vsock");
	args_add(a, "%u", boot->cid);
	args_add(a, "--kernel");
	args_add(a, "%s", boot->kernel);
	args_add(a, "--initrd");
	args_add(a, "%s", boot->initrd);
	args_add(a, "--params");
	args_add(a, "%s", boot->cmdline);
	return 0;
}

static const struct peer kvmtool = {
	.title = "kvmtool",
	.program = "lkvm",
	.version = "version",
	.device = "/dev/kvm",
	.vsock = PEER_VSOCK_KERNEL,
	.more_cmdline = PEER_ENDS_BY_RESET,
	.add_args = add_args,
};

static void kvmtool_run(const struct bench_case *bc, struct result *res)
{
	peer_run(&kvmtool, grade_of_kvm(), bc, res);
}

const struct runner_ops runner_kvmtool = {
	.name = "kvmtool",
	.summary = "kvmtool (lkvm) on /dev/kvm",
	.needs_bzimage = true,
	.vmm = RUNNER_PEER,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = kvmtool_run,
};
