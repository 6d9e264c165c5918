// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/vmm_child.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/machine.h"

/*
 * The same for every guest on every hypervisor. nokaslr: the same addresses
 * at each boot; tsc=reliable: a machine without legacy timers has nothing to
 * check the TSC against; one UART: three are not there to be probed;
 * reboot=acpi: a panic would otherwise leave through real mode.
 */
#define GUEST_CMDLINE                                                   \
	"console=ttyS0 quiet loglevel=4 panic=-1 nokaslr tsc=reliable " \
	"clocksource=tsc 8250.nr_uarts=1 random.trust_cpu=on reboot=acpi"

static void vmm_run(const char *hv, const struct bench_case *bc,
		    struct result *res)
{
	char *vmm = file_beside_exe("l1vh-vmm");
	char *kernel = file_beside_exe("guest/bzImage");
	char *initrd = file_beside_exe("guest/initramfs.cpio");
	char memory[32], vcpus[16], channel[16], events[16];
	const char *const argv[] = {
		vmm,           "--hv",        hv,           "--kernel",
		kernel,        "--initrd",    initrd,       "--cmdline",
		GUEST_CMDLINE, "--memory",    memory,       "--vcpus",
		vcpus,         "--paravirt",  bc->paravirt, "--channel-fd",
		channel,       "--events-fd", events,       NULL};
	const struct machine_spec spec = {.argv = argv, .is_vmm = true};

	snprintf(memory, sizeof(memory), "%" PRIu64, bc->ram_bytes);
	snprintf(vcpus, sizeof(vcpus), "%u", bc->vcpu_count);
	snprintf(channel, sizeof(channel), "%d", MACHINE_CHANNEL_FD);
	snprintf(events, sizeof(events), "%d", MACHINE_EVENTS_FD);
	machine_run(&spec, bc, res);
	free(initrd);
	free(kernel);
	free(vmm);
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

static enum grade mshv_grade(void)
{
	return vmm_child_mshv_is_emulated() || grade_of_host() == GRADE_EMULATED
		       ? GRADE_EMULATED
		       : GRADE_HARDWARE;
}

static void mshv_run(const struct bench_case *bc, struct result *res)
{
	res->grade = mshv_grade();
	if (vmm_child_mshv_is_emulated()) {
		result_fail(
			res, RUN_SKIPPED,
			"/dev/mshv is emulated here: its runner is called mshv-emu");
		return;
	}
	vmm_run("mshv", bc, res);
}

static enum grade emulated(void)
{
	return GRADE_EMULATED;
}

static void mshv_emu_run(const struct bench_case *bc, struct result *res)
{
	res->grade = GRADE_EMULATED;
	vmm_run("mshv-emu", bc, res);
}

const struct runner_ops runner_mshv = {
	.name = "mshv",
	.summary = "our own VMM on /dev/mshv, as root or L1VH partition",
	.grade = mshv_grade,
	.run = mshv_run,
};

const struct runner_ops runner_mshv_emu = {
	.name = "mshv-emu",
	.summary =
		"the same on an emulated /dev/mshv: proves, measures nothing",
	.grade = emulated,
	.run = mshv_emu_run,
};

const struct runner_ops runner_kvm = {
	.name = "kvm",
	.summary = "our own VMM on /dev/kvm",
	.grade = grade_of_kvm,
	.run = kvm_run,
};
