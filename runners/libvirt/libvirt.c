// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/libvirt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/vsock_listener.h"
#include "runners/libvirt/libvirt_daemon.h"
#include "runners/libvirt/libvirt_domain.h"
#include "runners/machine/args.h"
#include "runners/machine/cpu_model.h"
#include "runners/machine/machine.h"
#include "runners/machine/qemu_program.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "workloads/workload.h"

#define NEEDS_HYPERV "type hyperv needs libvirt 11.10, QEMU 10.2 and /dev/mshv"

/* A domain and who watches it. */
struct libvirt_run {
	struct libvirt_domain domain;
	const char *device;        /* that QEMU is to have open */
	const struct watch *outer; /* NULL: no watcher */
	struct watch relay;
	struct watch_process processes[3];
	int events_fd; /* to the helper */
	char reason[80];
};

/* The helper is the machine's process, but not part of a guest's cost. */
static void relay(void *arg, enum watch_moment moment,
		  const struct watch_process *processes, size_t count)
{
	struct libvirt_run *run = arg;

	(void)processes;
	(void)count;
	if (run->outer && run->outer->at)
		run->outer->at(run->outer->arg, moment, run->processes,
			       sizeof(run->processes) /
				       sizeof(run->processes[0]));
}

/* "paused QEMU VIRTQEMUD VIRTLOGD" */
static const char *take_line(void *arg, pid_t helper, const char *line)
{
	struct libvirt_run *run = arg;
	int qemu, virtqemud, virtlogd;

	if (sscanf(line, "paused %d %d %d", &qemu, &virtqemud, &virtlogd) != 3)
		return NULL;
	run->processes[0] = (struct watch_process){"vmm", qemu};
	run->processes[1] = (struct watch_process){"virtqemud", virtqemud};
	run->processes[2] = (struct watch_process){"virtlogd", virtlogd};
	if (!qemu_has_open(qemu, run->device)) {
		snprintf(run->reason, sizeof(run->reason),
			 "libvirt's QEMU does not use %s", run->device);
		return run->reason;
	}
	watch_at(&run->relay, WATCH_STARTED, helper);
	if (write(run->events_fd, "\n", 1) != 1)
		return "the helper has gone";
	return NULL;
}

static void add_helper(struct args *a, const struct libvirt_domain *d,
		       const struct watch *watch)
{
	char link[64], path[400];
	char *self = file_beside_exe("l1vh-bench");
	ssize_t n = -1;

	args_add(a, "%s", self);
	args_add(a, "libvirt-helper");
	args_add(a, "%s", d->name);
	args_add(a, "%s", d->xml);
	args_add(a, "%s", d->console);
	if (watch && watch->procs_fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d",
			 watch->procs_fd);
		n = readlink(link, path, sizeof(path) - 1);
	}
	path[n > 0 ? n : 0] = '\0';
	args_add(a, "%s", n > 0 ? path : "-");
	if (watch && watch->has_memlock)
		args_add(a, "%" PRIu64, watch->memlock_bytes);
	else
		args_add(a, "-");
	free(self);
}

/* One boot, whatever its CPU. */
struct libvirt_boot {
	const char *type;
	const struct bench_case *bc;
	const struct shape_site *shape;
	const struct watch *watch;
};

static void boot_with(const struct libvirt_boot *boot, const char *cpu,
		      struct result *res)
{
	const struct bench_case *bc = boot->bc;
	struct libvirt_run run = {.domain = {.cpu = cpu},
				  .device = "/dev/kvm",
				  .outer = boot->watch};
	struct machine_spec spec = {
		.events = MACHINE_EVENTS_QMP,
		.on_event = take_line,
		.on_event_arg = &run,
		.watch = &run.relay,
		.qmp_fd = &run.events_fd,
	};
	struct vsock_listener vsock;
	struct args a = {.count = 0};
	struct err err = {0};
	int ret = libvirt_domain_open(&run.domain, &err);

	if (!strcmp(boot->type, "hyperv"))
		run.device = "/dev/mshv";
	run.relay = (struct watch){.at = relay, .arg = &run, .procs_fd = -1};
	vsock_listener_open(&vsock);
	if (!ret && vsock.fd < 0)
		ret = err_set(&err, -ENODEV, "there is no /dev/vhost-vsock");
	libvirt_domain_find_guest(&run.domain, true);
	if (!ret)
		ret = libvirt_domain_write_xml(&run.domain, boot->type, bc,
					       boot->shape, vsock.cid, &err);
	if (ret) {
		result_fail(res, RUN_SKIPPED, "%s", err.msg);
	} else {
		add_helper(&a, &run.domain, boot->watch);
		spec.argv = (const char *const *)a.words;
		spec.vsock = &vsock;
		machine_run(&spec, bc, res);
	}
	args_release(&a);
	vsock_listener_close(&vsock);
	libvirt_domain_close(&run.domain);
}

static void boot_model(void *arg, enum cpu_model model, struct result *res)
{
	boot_with(arg, cpu_model_libvirt(model), res);
}

static void run_machine(const void *type, const struct bench_case *bc,
			const struct shape_site *shape,
			const struct watch *watch, struct result *res)
{
	static struct cpu_model_memory memory;
	struct libvirt_boot boot = {type, bc, shape, watch};

	if (!strcmp(type, "hyperv"))
		cpu_model_search(&memory, boot_model, &boot, res);
	else
		boot_with(&boot, NULL, res);
}

/* Why there is no libvirt here, or NULL. */
static const char *refusal(void)
{
	if (!libvirt_daemon_name() || !file_in_path("virsh") ||
	    !file_in_path("virtlogd"))
		return "libvirt is not installed: install virtqemud or libvirtd, virtlogd and virsh";
	if (libvirt_daemon_socket())
		return "a libvirt daemon already runs here, and its memory also serves other guests";
	return NULL;
}

static void libvirt_run(const char *type, const struct bench_case *bc,
			struct result *res)
{
	const char *why = refusal();

	if (!why &&
	    bench_case_needs(bc, WL_NEEDS_DISK | WL_NEEDS_NET | WL_NEEDS_MICRO))
		why = "under libvirt only start-up, computing and footprint are measured";
	if (why)
		result_fail(res, RUN_SKIPPED, "%s", why);
	else if (bench_case_needs(bc, WL_SHAPE))
		footprint_run(run_machine, type, bc, res);
	else
		run_machine(type, bc, NULL, NULL, res);
}

static void kvm_run(const struct bench_case *bc, struct result *res)
{
	res->grade = grade_of_kvm();
	libvirt_run("kvm", bc, res);
}

/* Asked for with words that no libvirt before 11.10 knows what to do with. */
static void hyperv_run(const struct bench_case *bc, struct result *res)
{
	res->grade = grade_of_host();
	if (access("/dev/mshv", F_OK))
		result_fail(res, RUN_SKIPPED,
			    "unavailable: " NEEDS_HYPERV
			    ", which is not there");
	else
		libvirt_run("hyperv", bc, res);
}

const struct runner_ops runner_libvirt_kvm = {
	.name = "libvirt-kvm",
	.summary = "QEMU on KVM as libvirt's daemons start it, and KubeVirt",
	.vmm = RUNNER_LIBVIRT,
	.device = "/dev/kvm",
	.grade = grade_of_kvm,
	.run = kvm_run,
};

const struct runner_ops runner_libvirt_hyperv = {
	.name = "libvirt-hyperv",
	.summary = "the same on /dev/mshv; " NEEDS_HYPERV,
	.vmm = RUNNER_LIBVIRT,
	.device = "/dev/mshv",
	.attempts = CPU_MODEL_COUNT,
	.grade = grade_of_host,
	.run = hyperv_run,
};
