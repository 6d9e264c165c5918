// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/vmm_child.h"

#include <signal.h>
#include <string.h>

#include "harness/base/err.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "harness/core/shape.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/churn.h"
#include "runners/machine/machine.h"
#include "runners/machine/micro_boot.h"
#include "runners/machine/micro_start.h"
#include "runners/machine/restore.h"
#include "runners/machine/vmm_command.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

static pid_t ask_place(void *arg, pid_t pid)
{
	(void)arg;
	kill(pid, SIGUSR2);
	return pid;
}

static void run_machine(const char *hv, const struct bench_case *bc,
			const struct shape_site *shape,
			const struct watch *watch,
			struct machine_outcome *outcome, struct result *res)
{
	struct args a = {.count = 0};
	struct vsock_listener vsock;
	struct io_site site;
	/* The emulator's exits are its own affair, not its guest's. */
	struct machine_spec spec = {.events = MACHINE_EVENTS_VMM,
				    .watch = watch,
				    .outcome = outcome,
				    .ask_place = ask_place,
				    .reads_kvm = !strcmp(hv, "kvm"),
				    .is_on_mshv = !strcmp(hv, "mshv")};

	if (bench_case_needs(bc, WL_NEEDS_MICRO))
		spec.point_limit_ns = MICRO_POINT_LIMIT_NS;
	io_site_open(&site, bc, NET_GUEST);
	site.shape = shape;
	vsock_listener_open(&vsock);
	vmm_command_add(&a, hv, bc, &vsock, &site);
	spec.argv = (const char *const *)a.words;
	spec.site = &site;
	spec.vsock = &vsock;
	machine_run(&spec, bc, res);
	vsock_listener_close(&vsock);
	io_site_close(&site);
	args_release(&a);
}

static void run_shape(const void *hv, const struct bench_case *bc,
		      const struct shape_site *shape, const struct watch *watch,
		      struct result *res)
{
	run_machine(hv, bc, shape, watch, NULL, res);
}

static void run_micro_guest(void *hv, const struct bench_case *bc,
			    struct machine_outcome *outcome, struct result *res)
{
	run_machine(hv, bc, NULL, NULL, outcome, res);
}

/* Whether the guest itself is to have a function of the host. */
static bool hands_on_device(const struct bench_case *bc)
{
	struct shape shape;
	struct err ignored;

	if (!bench_case_needs(bc, WL_NEEDS_DEVICE) ||
	    bench_case_needs(bc, WL_DEVICE_DISK))
		return false;
	return !bench_case_needs(bc, WL_SHAPE) ||
	       (!shape_parse(bc->items[0].point, &shape, &ignored) &&
		shape.device_count);
}

static void vmm_run(const char *hv, const struct bench_case *bc,
		    struct result *res)
{
	if (strcmp(hv, "kvm") && hands_on_device(bc)) {
		result_fail(
			res, RUN_SKIPPED,
			"no device assignment in this kernel: its /dev/mshv (to Linux 7.3) gives guests no device");
		return;
	}
	if (bench_case_needs(bc, WL_SHAPE)) {
		footprint_run(run_shape, hv, bc, res);
		return;
	}
	if (!bench_case_needs(bc, WL_NEEDS_MICRO)) {
		run_machine(hv, bc, NULL, NULL, NULL, res);
		return;
	}
	micro_boot_run(run_micro_guest, (void *)hv, bc, res);
	micro_start_run(hv, bc, res);
	churn_run(hv, bc, res);
	restore_run(hv, bc, res);
}

static void kvm_run(const struct bench_case *bc, struct result *res)
{
	res->grade = grade_of_kvm();
	vmm_run("kvm", bc, res);
}

/* The library defines this symbol, and nothing else does. */
extern int mshv_emu_is_preloaded(void) __attribute__((weak));

bool vmm_child_mshv_is_emulated(void)
{
	return mshv_emu_is_preloaded;
}

enum grade vmm_child_mshv_grade(void)
{
	return vmm_child_mshv_is_emulated() || grade_of_host() == GRADE_EMULATED
		       ? GRADE_EMULATED
		       : GRADE_HARDWARE;
}

bool vmm_child_begin_mshv(const char *emulated, struct result *res)
{
	res->grade = vmm_child_mshv_grade();
	if (vmm_child_mshv_is_emulated())
		result_fail(
			res, RUN_SKIPPED,
			"/dev/mshv is emulated here: its runner is called %s",
			emulated);
	return !vmm_child_mshv_is_emulated();
}

static void mshv_run(const struct bench_case *bc, struct result *res)
{
	if (vmm_child_begin_mshv("mshv-emu", res))
		vmm_run("mshv", bc, res);
}

static void mshv_emu_run(const struct bench_case *bc, struct result *res)
{
	res->grade = GRADE_EMULATED;
	vmm_run("mshv-emu", bc, res);
}

const struct runner_ops runner_mshv = {
	.name = "mshv",
	.summary = "our own VMM on /dev/mshv, as root or L1VH partition",
	.vmm = RUNNER_OWN_VMM,
	.device = "/dev/mshv",
	.grade = vmm_child_mshv_grade,
	.run = mshv_run,
};

const struct runner_ops runner_mshv_emu = {
	.name = "mshv-emu",
	.summary =
		"the same on an emulated /dev/mshv: for correctness, not for speed",
	.vmm = RUNNER_OWN_VMM,
	.device = "/dev/kvm",
	.stands_in_for = "mshv",
	.grade = grade_emulated,
	.run = mshv_emu_run,
};

const struct runner_ops runner_kvm = {
	.name = "kvm",
	.summary = "our own VMM on /dev/kvm",
	.vmm = RUNNER_OWN_VMM,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = kvm_run,
};
