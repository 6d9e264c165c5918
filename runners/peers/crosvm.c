// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * crosvm - the same guest in crosvm. Its devices stay in its own process, for one
 * process is what is measured, and a sandbox for each needs files of the system's.
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
	args_add(a, "--disable-sandbox");
	args_add(a, "--no-balloon");
	args_add(a, "--no-usb");
	args_add(a, "--cpus");
	args_add(a, "num-cores=%u", boot->bc->vcpu_count);
	args_add(a, "--mem");
	args_add(a, "size=%llu", boot->bc->ram_bytes / MIB);
	args_add(a, "--serial");
	args_add(a, "type=stdout,hardware=serial,num=1");
	args_add(a, "--vsock");
	args_add(a, "cid=%u", boot->cid);
	args_add(a, "--initrd");
	args_add(a, "%s", boot->initrd);
	args_add(a, "--params");
	args_add(a, "%s", boot->cmdline);
	args_add(a, "%s", boot->kernel);
	return 0;
}

static const struct peer crosvm = {
	.title = "crosvm",
	.program = "crosvm",
	.version = "version",
	.device = "/dev/kvm",
	.vsock = PEER_VSOCK_KERNEL,
	.more_cmdline = "",
	.add_args = add_args,
};

static void crosvm_run(const struct bench_case *bc, struct result *res)
{
	peer_run(&crosvm, grade_of_kvm(), bc, res);
}

const struct runner_ops runner_crosvm = {
	.name = "crosvm",
	.summary = "crosvm on /dev/kvm, in one process",
	.vmm = RUNNER_PEER,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = crosvm_run,
};
