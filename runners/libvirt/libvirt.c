// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/libvirt/libvirt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/vsock_listener.h"
#include "runners/libvirt/libvirt_daemon.h"
#include "runners/libvirt/libvirt_talk.h"
#include "runners/machine/args.h"
#include "runners/machine/cpu_model.h"
#include "runners/machine/machine.h"
#include "runners/machine/qemu_args.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

#define NEEDS_HYPERV "type hyperv needs libvirt 11.10, QEMU 10.2 and /dev/mshv"

/* One boot, whatever its CPU. */
struct libvirt_boot {
	const char *type;
	const struct bench_case *bc;
	const struct shape_site *shape;
	const struct watch *watch;
};

static void deny_what_it_lacks(struct io_site *site, const struct io_plan *io)
{
	bool has_ioeventfd = io_plan_has_ioeventfd(io);

	if (io->net_poll_us)
		io_site_deny_net(site, QEMU_NO_NET_POLL);
	if (site->has_net && !has_ioeventfd)
		io_site_deny_net(
			site,
			"libvirt is not told here that a card has no ioeventfd");
	/* Since libvirt 9.4 an <iothread> can have a <poll>. */
	if (site->has_disk && io->disk_poll_us)
		io_site_deny_disk(
			site,
			"libvirt is not told here how long a disk's thread polls");
	if (site->has_disk && !has_ioeventfd)
		io_site_deny_disk(
			site,
			"libvirt is not told here that a disk has no ioeventfd");
}

static void boot_with(const struct libvirt_boot *boot, const char *cpu,
		      struct result *res)
{
	const struct bench_case *bc = boot->bc;
	struct io_site site;
	struct libvirt_talk talk = {.domain = {.cpu = cpu},
				    .device = "/dev/kvm",
				    .outer = boot->watch};
	struct machine_spec spec = {
		.events = MACHINE_EVENTS_QMP,
		.on_event = libvirt_talk_line,
		.on_event_arg = &talk,
		.watch = &talk.relay,
		.ask_place = libvirt_talk_ask,
		.ask_place_arg = &talk,
		.place = &talk.place,
		.qmp_fd = &talk.events_fd,
		.reads_kvm = !strcmp(boot->type, "kvm"),
		.vmm = &talk.processes[0].pid,
		.is_on_mshv = !strcmp(boot->type, "hyperv"),
	};
	struct vsock_listener vsock;
	struct args a = {.count = 0};
	struct err err = {0};
	int ret = libvirt_domain_open(&talk.domain, &err);

	io_site_open(&site, bc, NET_GUEST);
	site.shape = boot->shape;
	deny_what_it_lacks(&site, &bc->io);

	if (spec.is_on_mshv)
		talk.device = "/dev/mshv";
	talk.relay = (struct watch){
		.at = libvirt_talk_relay, .arg = &talk, .procs_fd = -1};
	vsock_listener_open(&vsock);
	if (!ret && vsock.fd < 0)
		ret = err_set(&err, -ENODEV, "there is no /dev/vhost-vsock");
	libvirt_domain_find_guest(&talk.domain, bc, true);
	if (!ret)
		ret = libvirt_domain_write_xml(&talk.domain, boot->type, bc,
					       &site, vsock.cid, &err);
	if (ret) {
		result_fail(res, RUN_SKIPPED, "%s", err.msg);
	} else {
		libvirt_talk_add_args(&a, &talk);
		spec.argv = (const char *const *)a.words;
		spec.site = &site;
		spec.vsock = &vsock;
		spec.console_path = talk.domain.console;
		machine_run(&spec, bc, res);
		libvirt_talk_end(&talk);
	}
	args_release(&a);
	vsock_listener_close(&vsock);
	io_site_close(&site);
	libvirt_domain_close(&talk.domain);
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
		cpu_model_search(&memory, boot_model, &boot, !watch, res);
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

	if (!why && !bench_case_needs(bc, WL_NEEDS_DEVICE) &&
	    bench_case_needs(bc, WL_NEEDS_DISK | WL_NEEDS_NET | WL_NEEDS_MICRO))
		why = "under libvirt only start-up, computing, footprint and passthrough are measured";
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
