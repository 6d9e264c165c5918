// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/qemu.h"

#include <string.h>

#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/cpu_model.h"
#include "runners/machine/machine.h"
#include "runners/machine/qemu_args.h"
#include "runners/machine/qemu_program.h"
#include "runners/machine/qemu_witness.h"
#include "runners/machine/vmm_child.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "workloads/workload.h"

/* One accelerator; or, IS_EMULATED, mshv on the emulated device. */
struct accelerator {
	const char *name;
	const char *cpu; /* NULL: see cpu_model.h */
	bool is_emulated;
	struct cpu_model_memory *memory; /* where CPU is NULL */
};

static struct cpu_model_memory mshv_memory, mshv_emu_memory;

static const struct accelerator kvm = {.name = "kvm", .cpu = "host"},
				mshv = {.name = "mshv", .memory = &mshv_memory},
				mshv_emu = {.name = "mshv",
					    .is_emulated = true,
					    .memory = &mshv_emu_memory},
				tcg = {.name = "tcg", .cpu = "max"};

/* One boot, whatever its CPU. */
struct qemu_boot {
	const struct accelerator *accel;
	const struct bench_case *bc;
	const struct shape_site *shape;
	const struct watch *watch;
};

static pid_t ask_place(void *arg, pid_t pid)
{
	struct qemu_witness *witness = arg;

	qmp_ask_place(&witness->qmp);
	return pid;
}

static void deny_what_it_lacks(struct io_site *site, const struct io_plan *io)
{
	bool has_ioeventfd = io_plan_has_ioeventfd(io);

	if (io->net_poll_us)
		io_site_deny_net(site, QEMU_NO_NET_POLL);
	if (site->has_net && !has_ioeventfd && qemu_wants_vhost(io))
		io_site_deny_net(
			site,
			"QEMU's vhost needs ioeventfds: ask for --vhost off");
	if (site->has_disk && !has_ioeventfd && io->disk_poll_us)
		io_site_deny_disk(
			site,
			"QEMU has no thread that polls for a disk without ioeventfds");
}

static void boot_with(const struct qemu_boot *boot, const char *cpu,
		      struct result *res)
{
	const struct accelerator *accel = boot->accel;
	const struct bench_case *bc = boot->bc;
	const struct watch *watch = boot->watch;
	struct io_site site;
	struct qemu_witness witness = {
		.wanted = accel->name, .site = &site, .watch = watch};
	struct machine_spec spec = {
		.events = MACHINE_EVENTS_QMP,
		.on_event = qemu_witness_line,
		.on_event_arg = &witness,
		.on_hello = qemu_witness_look,
		.on_hello_arg = &witness,
		.ask_place = ask_place,
		.ask_place_arg = &witness,
		.place = &witness.qmp.place,
		.reads_kvm = !strcmp(accel->name, "kvm"),
		.is_on_mshv =
			!strcmp(accel->name, "mshv") && !accel->is_emulated,
		.watch = watch,
	};
	struct vsock_listener vsock;
	struct args a = {.count = 0};

	io_site_open(&site, bc, NET_GUEST);
	site.shape = boot->shape;
	deny_what_it_lacks(&site, &bc->io);
	vsock_listener_open(&vsock);
	if (accel->is_emulated)
		args_add_emulator(&a);
	qemu_args_add(&a, accel->name, cpu, bc, &vsock, &site);
	spec.argv = (const char *const *)a.words;
	spec.site = &site;
	spec.qmp_fd = &witness.qmp.fd;
	spec.vsock = &vsock;
	machine_run(&spec, bc, res);
	vsock_listener_close(&vsock);
	io_site_close(&site);
	args_release(&a);
	qemu_witness_judge(&witness, res);
	qemu_witness_add_words(&witness.qmp, res);
}

static void boot_model(void *arg, enum cpu_model model, struct result *res)
{
	boot_with(arg, cpu_model_qemu(model), res);
}

static void run_machine(const struct accelerator *accel,
			const struct bench_case *bc,
			const struct shape_site *shape,
			const struct watch *watch, struct result *res)
{
	struct qemu_boot boot = {accel, bc, shape, watch};

	if (accel->cpu)
		boot_with(&boot, accel->cpu, res);
	else
		cpu_model_search(accel->memory, boot_model, &boot, !watch, res);
}

static void run_shape(const void *accel, const struct bench_case *bc,
		      const struct shape_site *shape, const struct watch *watch,
		      struct result *res)
{
	run_machine(accel, bc, shape, watch, res);
}

static void qemu_run(const struct accelerator *accel,
		     const struct bench_case *bc, struct result *res)
{
	if (!qemu_has_accelerator(accel->name))
		result_fail(res, RUN_SKIPPED,
			    "'%s' is missing or has no accelerator %s",
			    qemu_path(), accel->name);
	else if (bench_case_needs(bc, WL_SHAPE))
		footprint_run(run_shape, accel, bc, res);
	else
		run_machine(accel, bc, NULL, NULL, res);
}

static void qemu_kvm_run(const struct bench_case *bc, struct result *res)
{
	res->grade = grade_of_kvm();
	qemu_run(&kvm, bc, res);
}

static void qemu_mshv_run(const struct bench_case *bc, struct result *res)
{
	if (vmm_child_begin_mshv("qemu-mshv-emu", res))
		qemu_run(&mshv, bc, res);
}

static void qemu_mshv_emu_run(const struct bench_case *bc, struct result *res)
{
	res->grade = GRADE_EMULATED;
	qemu_run(&mshv_emu, bc, res);
}

static void qemu_tcg_run(const struct bench_case *bc, struct result *res)
{
	res->grade = GRADE_EMULATED;
	qemu_run(&tcg, bc, res);
}

const struct runner_ops runner_qemu_kvm = {
	.name = "qemu-kvm",
	.summary = "QEMU on /dev/kvm, as KubeVirt starts it",
	.vmm = RUNNER_QEMU,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = qemu_kvm_run,
};

const struct runner_ops runner_qemu_mshv = {
	.name = "qemu-mshv",
	.summary = "QEMU on /dev/mshv, where it has that accelerator",
	.vmm = RUNNER_QEMU,
	.device = "/dev/mshv",
	.attempts = CPU_MODEL_COUNT,
	.grade = vmm_child_mshv_grade,
	.run = qemu_mshv_run,
};

const struct runner_ops runner_qemu_mshv_emu = {
	.name = "qemu-mshv-emu",
	.summary =
		"the same on an emulated /dev/mshv: for correctness, not for speed",
	.vmm = RUNNER_QEMU,
	.device = "/dev/kvm",
	.stands_in_for = "qemu-mshv",
	.attempts = CPU_MODEL_COUNT,
	.grade = grade_emulated,
	.run = qemu_mshv_emu_run,
};

const struct runner_ops runner_qemu_tcg = {
	.name = "qemu-tcg",
	.summary = "QEMU without a hypervisor: every instruction translated",
	.vmm = RUNNER_QEMU,
	.grade = grade_emulated,
	.run = qemu_tcg_run,
};
