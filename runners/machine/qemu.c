// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/qemu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/base/strbuf.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "harness/core/runner.h"
#include "runners/link/vsock_listener.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/machine.h"
#include "runners/machine/qmp.h"
#include "runners/machine/vmm_child.h"
#include "runners/measure/footprint.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"
#include "runners/site/shape_site.h"
#include "workloads/workload.h"

#define MODERN "disable-legacy=on"
#define VHOST_NET_DEVICE "/dev/vhost-net"

const char *qemu_path(void)
{
	return getenv("L1VH_QEMU") ?: "qemu-system-x86_64";
}

/*
 * The kernel measures the TSC with an emulated timer unless it is told the
 * rate, which in the lab is off by more than a percent. The lab knows it.
 */
static void add_append(struct args *a, const struct vsock_listener *vsock)
{
	char line[4096], rate[64] = "";
	const char *p;

	file_first_line("/proc/cmdline", line, sizeof(line));
	p = strstr(line, "tsc_early_khz=");
	if (p)
		snprintf(rate, sizeof(rate), " %.*s", (int)strcspn(p, " "), p);
	args_add(a, "-append");
	args_add(a, GUEST_CMDLINE " l1vh_no_stamps=1%s%s",
		 vsock->fd >= 0 ? GUEST_VSOCK : "", rate);
}

static void add_machine(struct args *a, const struct bench_case *bc,
			const char *accel, const struct vsock_listener *vsock)
{
	bool is_tcg = !strcmp(accel, "tcg");
	bool is_identical = !strcmp(bc->paravirt, "identical");
	char *kernel = file_beside_exe("guest/bzImage");
	char *initrd = file_beside_exe("guest/initramfs.cpio");

	args_add(a, "%s", qemu_path());
	args_add(a, "-nodefaults");
	args_add(a, "-no-user-config");
	args_add(a, "-no-reboot");
	args_add(a, "-display");
	args_add(a, "none");
	args_add(a, "-M");
	args_add(a, "q35");
	args_add(a, "-accel");
	args_add(a, "%s", accel);
	args_add(a, "-cpu");
	args_add(a, "%s%s", is_tcg ? "max" : "host",
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

static void add_drive(struct args *a, const char *disk)
{
	const char *null_size = io_plan_null_size(disk);

	if (null_size)
		args_add(
			a,
			"if=none,id=data,driver=null-co,read-zeroes=off,size=%s",
			null_size);
	else
		args_add(
			a,
			"if=none,id=data,file=%s,format=raw,cache=none,aio=io_uring,discard=unmap",
			disk);
}

static void add_disks(struct args *a, const struct io_site *site)
{
	const struct io_plan *io = &site->bc->io;

	if (site->has_disk) {
		args_add(a, "-object");
		args_add(a, "iothread,id=io");
		args_add(a, "-drive");
		add_drive(a, io->disk);
		args_add(a, "-device");
		args_add(
			a,
			"virtio-blk-pci," MODERN
			",drive=data,iothread=io,num-queues=%u,serial=l1vh-data",
			io->queue_count);
	}
	if (site->needs_tools) {
		args_add(a, "-drive");
		args_add(a, "if=none,id=tools,file=%s,format=raw,readonly=on",
			 site->tools);
		args_add(a, "-device");
		args_add(a, "virtio-blk-pci," MODERN
			    ",drive=tools,serial=l1vh-tools");
	}
}

static bool wants_vhost(const struct io_plan *io)
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
		 wants_vhost(io) ? "on" : "off", queues);
	args_add(a, "-device");
	args_add(a,
		 "virtio-net-pci," MODERN ",netdev=net,romfile=,mac=" GUEST_MAC
		 "%s",
		 vectors);
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

/* What a machine of some shape has beside all others; it waits to be told to
 * go on. */
static void add_shape(struct args *a, const struct io_site *site)
{
	const struct shape_site *shape = site->shape;
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
		args_add(
			a,
			"if=none,id=disk%u,file=%s,format=raw,cache=none,aio=io_uring",
			i, shape->disks[i]);
		args_add(a, "-device");
		args_add(a, "virtio-blk-pci," MODERN ",drive=disk%u", i);
	}
	for (i = 0; i < shape->tap_count; i++)
		add_tap(a, site, i, wants_vhost(&site->bc->io));
}

bool qemu_has_open(pid_t pid, const char *device)
{
	char folder[64], path[400], target[256];
	struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
	dir = opendir(folder);
	while (dir && !found && (e = readdir(dir))) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		found = !strcmp(target, device);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Read back while it runs: by QMP at once, and by what it has open when the
 * guest's agent says hello. */
struct witness {
	struct qmp qmp;
	struct io_site *site;      /* is told who moves packets */
	const struct watch *watch; /* NULL: nobody waits for it to go on */
	const char *wanted;
	char reason[80];
	bool has_kvm_open, has_mshv_open;
};

static void look(void *arg, pid_t pid)
{
	struct witness *w = arg;

	w->has_kvm_open = qemu_has_open(pid, "/dev/kvm");
	w->has_mshv_open = qemu_has_open(pid, "/dev/mshv");
	/* QEMU does without the kernel's help where it gets none. */
	snprintf(w->site->env.net_backend, sizeof(w->site->env.net_backend),
		 "%s", qemu_has_open(pid, VHOST_NET_DEVICE) ? "vhost" : "tap");
}

static const char *accelerator_of(const struct witness *w)
{
	if (w->qmp.accelerator[0])
		return w->qmp.accelerator;
	if (!w->qmp.knows_kvm)
		return "unknown";
	if (w->qmp.kvm_enabled)
		return w->has_kvm_open ? "kvm" : "unknown";
	return w->has_mshv_open ? "mshv" : "tcg";
}

/* What has fallen back is not waited for. */
static const char *take_line(void *arg, pid_t pid, const char *line)
{
	struct witness *w = arg;
	bool knew = w->qmp.knows_kvm;

	qmp_line(&w->qmp, line);
	if (!w->qmp.knows_kvm)
		return NULL;
	if (w->watch && !knew) {
		watch_at(w->watch, WATCH_STARTED, pid);
		qmp_continue(&w->qmp);
	}
	if (w->qmp.kvm_enabled == !strcmp(w->wanted, "kvm"))
		return NULL;
	snprintf(w->reason, sizeof(w->reason),
		 "QEMU was asked for %s and used %s", w->wanted,
		 w->qmp.kvm_enabled ? "kvm" : "tcg");
	return w->reason;
}

static bool lists_accelerator(const char *accel)
{
	const char *const argv[] = {qemu_path(), "-accel", "help", NULL};
	struct strbuf out = {0};
	struct err err;
	char word[32];
	bool found;

	snprintf(word, sizeof(word), "\n%s\n", accel);
	found = !proc_capture(argv, NULL, &out, &err) &&
		strstr(strbuf_str(&out), word);
	strbuf_release(&out);
	return found;
}

/* What QEMU took instead of what it was asked for has measured that. */
static void judge(const struct witness *w, struct result *res)
{
	const struct io_site *site = w->site;
	const char *wanted = w->wanted, *used = accelerator_of(w);

	if (!res->identity)
		return;
	if (!strcmp(wanted, used)) {
		if (!site->has_net || strcmp(site->bc->io.vhost, "on") ||
		    !strcmp(site->env.net_backend, "vhost"))
			return;
		wanted = "vhost";
		used = site->env.net_backend;
	}
	res->status = RUN_OK;
	result_fail(res, RUN_RUNNER_FAILED, "QEMU was asked for %s and used %s",
		    wanted, used);
	result_drop_series(res);
}

/* Which QEMU it was stands in every result, and why it ended in a bad one. */
static void add_words(const struct qmp *q, struct result *res)
{
	char *text;

	if (res->identity && q->version[0]) {
		text = xasprintf("%s\nvmm.version=QEMU %s", res->identity,
				 q->version);
		text_clean(text);
		free(res->identity);
		res->identity = text;
	}
	if (res->status == RUN_RUNNER_FAILED && q->shutdown[0]) {
		text = xasprintf("%s: QEMU reports %s", res->reason,
				 q->shutdown);
		res->status = RUN_OK;
		result_fail(res, RUN_RUNNER_FAILED, "%s", text);
		free(text);
	}
}

static void run_machine(const char *accel, const struct bench_case *bc,
			const struct shape_site *shape,
			const struct watch *watch, struct result *res)
{
	struct io_site site;
	struct witness witness = {
		.wanted = accel, .site = &site, .watch = watch};
	struct machine_spec spec = {
		.events = MACHINE_EVENTS_QMP,
		.on_event = take_line,
		.on_event_arg = &witness,
		.on_hello = look,
		.on_hello_arg = &witness,
		.reads_kvm = !strcmp(accel, "kvm"),
		.watch = watch,
	};
	struct vsock_listener vsock;
	struct args a = {.count = 0};

	io_site_open(&site, bc, NET_GUEST);
	site.shape = shape;
	vsock_listener_open(&vsock);
	add_machine(&a, bc, accel, &vsock);
	add_channels(&a, &vsock);
	add_disks(&a, &site);
	add_net(&a, &site);
	add_shape(&a, &site);
	spec.argv = (const char *const *)a.words;
	spec.site = &site;
	spec.qmp_fd = &witness.qmp.fd;
	spec.vsock = &vsock;
	machine_run(&spec, bc, res);
	vsock_listener_close(&vsock);
	io_site_close(&site);
	args_release(&a);
	judge(&witness, res);
	add_words(&witness.qmp, res);
}

static void run_shape(const void *accel, const struct bench_case *bc,
		      const struct shape_site *shape, const struct watch *watch,
		      struct result *res)
{
	run_machine(accel, bc, shape, watch, res);
}

static void qemu_run(const char *accel, const struct bench_case *bc,
		     struct result *res)
{
	if (!lists_accelerator(accel))
		result_fail(res, RUN_SKIPPED,
			    "'%s' is not there or has no accelerator %s",
			    qemu_path(), accel);
	else if (bench_case_needs(bc, WL_SHAPE))
		footprint_run(run_shape, accel, bc, res);
	else
		run_machine(accel, bc, NULL, NULL, res);
}

static void qemu_kvm_run(const struct bench_case *bc, struct result *res)
{
	res->grade = grade_of_kvm();
	qemu_run("kvm", bc, res);
}

static void qemu_mshv_run(const struct bench_case *bc, struct result *res)
{
	res->grade = vmm_child_mshv_grade();
	qemu_run("mshv", bc, res);
}

static enum grade emulated(void)
{
	return GRADE_EMULATED;
}

static void qemu_tcg_run(const struct bench_case *bc, struct result *res)
{
	res->grade = GRADE_EMULATED;
	qemu_run("tcg", bc, res);
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
	.grade = vmm_child_mshv_grade,
	.run = qemu_mshv_run,
};

const struct runner_ops runner_qemu_tcg = {
	.name = "qemu-tcg",
	.summary = "QEMU without a hypervisor: every instruction translated",
	.vmm = RUNNER_QEMU,
	.grade = emulated,
	.run = qemu_tcg_run,
};
