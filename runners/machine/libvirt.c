// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/libvirt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/domain_xml.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/libvirt_daemon.h"
#include "runners/machine/machine.h"
#include "runners/machine/qemu_program.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "workloads/workload.h"

#define NEEDS_HYPERV "type hyperv needs libvirt 11.10, QEMU 10.2 and /dev/mshv"

/* One machine: its files, and who watches it. */
struct domain {
	char folder[64];
	char name[48];
	char *xml, *console; /* owned paths */
	char *kernel, *initrd, *emulator, *cmdline;
	const char *device;        /* that QEMU is to have open */
	const struct watch *outer; /* NULL: no watcher */
	struct watch relay;
	struct watch_process processes[3];
	int events_fd; /* to the helper */
	char reason[80];
};

static char *in_folder(const struct domain *d, const char *name)
{
	return xasprintf("%s/%s", d->folder, name);
}

/* libvirt wants a path. */
static char *find_emulator(void)
{
	const char *name = qemu_path();

	return strchr(name, '/') ? xstrdup(name)
				 : xasprintf("/usr/bin/%s", name);
}

static int domain_open(struct domain *d, struct err *err)
{
	static unsigned int count;

	snprintf(d->folder, sizeof(d->folder), "/tmp/l1vh-libvirt-XXXXXX");
	if (!mkdtemp(d->folder)) {
		d->folder[0] = '\0';
		return err_sys(err, -errno, "cannot make a folder in /tmp");
	}
	snprintf(d->name, sizeof(d->name), "l1vh-%d-%u", (int)getpid(),
		 __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED));
	d->xml = in_folder(d, "domain.xml");
	d->console = in_folder(d, "console");
	return 0;
}

static void domain_close(struct domain *d)
{
	if (d->xml)
		unlink(d->xml);
	if (d->console)
		unlink(d->console);
	if (d->folder[0])
		rmdir(d->folder);
	free(d->xml);
	free(d->console);
	free(d->kernel);
	free(d->initrd);
	free(d->emulator);
	free(d->cmdline);
}

/* What all guests of QEMU are told; a rate of the TSC where the lab knows
 * it. */
static void find_guest(struct domain *d, bool has_vsock)
{
	char line[4096];
	const char *p;

	d->kernel = file_beside_exe("guest/bzImage");
	d->initrd = file_beside_exe("guest/initramfs.cpio");
	d->emulator = find_emulator();
	file_first_line("/proc/cmdline", line, sizeof(line));
	p = strstr(line, "tsc_early_khz=");
	d->cmdline = xasprintf(GUEST_CMDLINE " l1vh_no_stamps=1%s %.*s",
			       has_vsock ? GUEST_VSOCK : "",
			       p ? (int)strcspn(p, " ") : 0, p ? p : "");
}

static void fill_spec(const struct domain *d, const char *type,
		      const struct bench_case *bc,
		      const struct shape_site *shape, uint32_t cid,
		      struct domain_spec *spec)
{
	*spec = (struct domain_spec){
		.type = type,
		.name = d->name,
		.kernel = d->kernel,
		.initrd = d->initrd,
		.cmdline = d->cmdline,
		.emulator = d->emulator,
		.ram_bytes = bc->ram_bytes,
		.vcpu_count = bc->vcpu_count,
		.vsock_cid = cid,
		.console = d->console ? d->console : "/tmp/console",
		.shape = shape,
		.limits = &bc->limits,
	};
}

void libvirt_domain_xml(const char *type, const struct bench_case *bc,
			struct strbuf *out)
{
	struct domain d = {.name = "l1vh"};
	struct domain_spec spec;

	find_guest(&d, false);
	fill_spec(&d, type, bc, NULL, 0, &spec);
	domain_xml_write(&spec, out);
	domain_close(&d);
}

/* The helper is the machine's process, but not part of a guest's cost. */
static void relay(void *arg, enum watch_moment moment,
		  const struct watch_process *processes, size_t count)
{
	struct domain *d = arg;

	(void)processes;
	(void)count;
	if (d->outer && d->outer->at)
		d->outer->at(d->outer->arg, moment, d->processes,
			     sizeof(d->processes) / sizeof(d->processes[0]));
}

/* "paused QEMU VIRTQEMUD VIRTLOGD" */
static const char *take_line(void *arg, pid_t helper, const char *line)
{
	struct domain *d = arg;
	int qemu, virtqemud, virtlogd;

	if (sscanf(line, "paused %d %d %d", &qemu, &virtqemud, &virtlogd) != 3)
		return NULL;
	d->processes[0] = (struct watch_process){"vmm", qemu};
	d->processes[1] = (struct watch_process){"virtqemud", virtqemud};
	d->processes[2] = (struct watch_process){"virtlogd", virtlogd};
	if (!qemu_has_open(qemu, d->device)) {
		snprintf(d->reason, sizeof(d->reason),
			 "libvirt's QEMU does not use %s", d->device);
		return d->reason;
	}
	watch_at(&d->relay, WATCH_STARTED, helper);
	if (write(d->events_fd, "\n", 1) != 1)
		return "the helper has gone";
	return NULL;
}

static void add_helper(struct args *a, const struct domain *d,
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

static int write_xml(const struct domain *d, const char *type,
		     const struct bench_case *bc,
		     const struct shape_site *shape, uint32_t cid,
		     struct err *err)
{
	struct strbuf xml = {0};
	struct domain_spec spec;
	int ret;

	fill_spec(d, type, bc, shape, cid, &spec);
	domain_xml_write(&spec, &xml);
	ret = file_write(d->xml, xml.str, xml.len, err);
	strbuf_release(&xml);
	return ret;
}

static void run_machine(const void *type, const struct bench_case *bc,
			const struct shape_site *shape,
			const struct watch *watch, struct result *res)
{
	struct domain d = {.device = "/dev/kvm", .outer = watch};
	struct machine_spec spec = {
		.events = MACHINE_EVENTS_QMP,
		.on_event = take_line,
		.on_event_arg = &d,
		.watch = &d.relay,
		.qmp_fd = &d.events_fd,
	};
	struct vsock_listener vsock;
	struct args a = {.count = 0};
	struct err err = {0};
	int ret = domain_open(&d, &err);

	if (!strcmp(type, "hyperv"))
		d.device = "/dev/mshv";
	d.relay = (struct watch){.at = relay, .arg = &d, .procs_fd = -1};
	vsock_listener_open(&vsock);
	if (!ret && vsock.fd < 0)
		ret = err_set(&err, -ENODEV, "there is no /dev/vhost-vsock");
	find_guest(&d, true);
	if (!ret)
		ret = write_xml(&d, type, bc, shape, vsock.cid, &err);
	if (ret) {
		result_fail(res, RUN_SKIPPED, "%s", err.msg);
	} else {
		add_helper(&a, &d, watch);
		spec.argv = (const char *const *)a.words;
		spec.vsock = &vsock;
		machine_run(&spec, bc, res);
	}
	args_release(&a);
	vsock_listener_close(&vsock);
	domain_close(&d);
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
	.grade = grade_of_host,
	.run = hyperv_run,
};
