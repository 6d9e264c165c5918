// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/machine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/link/agent_link.h"
#include "runners/machine/hang.h"
#include "runners/machine/machine_end.h"
#include "runners/machine/machine_streams.h"
#include "runners/measure/hv_scheduler.h"
#include "runners/measure/placement.h"
#include "runners/measure/watch.h"
#include "runners/site/io_site.h"
#include "workloads/workload.h"

/* The time limit for a child to end after its streams have closed. */
#define REAP_NS (10 * NS_PER_S)
#define LAST_WORDS_NS (1 * NS_PER_S)

/* What the child needs before it becomes the machine. */
struct preparation {
	const struct machine_spec *spec;
	const struct placement *placement; /* NULL: none is wanted */
};

static int prepare(void *arg)
{
	const struct preparation *p = arg;
	const struct machine_spec *spec = p->spec;
	int ret = watch_enter(spec->watch);

	if (!ret && p->placement)
		ret = placement_enter(p->placement,
				      spec->events == MACHINE_EVENTS_NONE);
	if (!ret && spec->prepare)
		ret = spec->prepare(spec->prepare_arg);
	if (!ret && spec->site && spec->site->has_net)
		ret = net_site_enter(&spec->site->net);
	return ret;
}

/* Part of our VMM's sandbox. The namespaces that a user's TAP is in cannot be
 * entered from another user namespace. */
static bool wants_pid_ns(const struct machine_spec *spec,
			 const struct bench_case *bc)
{
	bool has_user_ns = spec->site && spec->site->has_net &&
			   spec->site->net.user_ns >= 0;

	return spec->events == MACHINE_EVENTS_VMM && !has_user_ns &&
	       bc->sandbox[0] && strcmp(bc->sandbox, "off") != 0;
}

static bool has_events(const struct machine_spec *spec)
{
	return spec->events == MACHINE_EVENTS_VMM ||
	       spec->events == MACHINE_EVENTS_QMP;
}

static int spawn(const struct preparation *p, const struct bench_case *bc,
		 const struct machine_streams *s, pid_t *pid, struct err *err)
{
	const struct machine_spec *spec = p->spec;
	struct proc_fd fds[6] = {
		{-1, 0},
		{s->console[1], 1},
		{s->console[1], 2},
	};
	struct proc_spec proc = {
		.argv = spec->argv,
		.fds = fds,
		.fd_count = 3,
		.prepare = prepare,
		.prepare_arg = (void *)p,
		.wants_pid_ns = wants_pid_ns(spec, bc),
	};
	bool has_net = spec->site && spec->site->has_net;

	if (spec->events != MACHINE_EVENTS_MUTE)
		fds[proc.fd_count++] =
			(struct proc_fd){s->channel[1], MACHINE_CHANNEL_FD};
	if (has_events(spec))
		fds[proc.fd_count++] =
			(struct proc_fd){s->events[1], MACHINE_EVENTS_FD};
	if (has_net && spec->site->net.tap_fd >= 0)
		fds[proc.fd_count++] = (struct proc_fd){spec->site->net.tap_fd,
							MACHINE_TAP_FD};
	return proc_spawn(&proc, pid, err);
}

/* Phases become series of a workload, counted from process start. */
static void add_boot_series(struct result *res, const char *workload,
			    uint64_t spawn_ns, uint64_t shutdown_ns,
			    uint64_t gone_ns)
{
	static const struct {
		const char *phase;
		const char *point;
	} map[] = {
		{"vmm_main", "vmm_start"},
		{"vfio_opened", "vfio_opened"},
		{"dma_mapped", "dma_mapped"},
		{"vm_ready", "vm_ready"},
		{"first_instruction", "first_instruction"},
		{"kernel_entry", "kernel_entry"},
		{"init", "init"},
		{"hello", "agent_ready"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		uint64_t ns = result_phase_ns(res, map[i].phase);
		struct sample *s;

		if (ns <= spawn_ns)
			continue;
		s = series_add_sample(
			result_add_series(res, workload, map[i].point, "ns"));
		s->elapsed_ns = s->host_elapsed_ns = ns - spawn_ns;
		s->value = (double)s->elapsed_ns;
	}
	/* A machine that had to be killed did not power off. */
	if (shutdown_ns && res->status == RUN_OK) {
		struct sample *s = series_add_sample(
			result_add_series(res, workload, "power_off", "ns"));

		s->elapsed_ns = s->host_elapsed_ns = gone_ns - shutdown_ns;
		s->value = (double)s->elapsed_ns;
	}
}

/* It stands in the result, for it decides what a figure of CPU time means. */
static void note_scheduler(struct agent_link *link,
			   const struct mshv_stats *vps)
{
	hv_scheduler_here(link->scheduler);
	link->programs.meter.hides_cpu =
		!hv_scheduler_shows_cpu(link->scheduler);
	link->programs.meter.vps = *vps;
	strbuf_printf(&link->facts, "\nvmm.scheduler=%s", link->scheduler);
}

static void link_connect(struct agent_link *link,
			 const struct machine_spec *spec,
			 const struct machine_streams *s,
			 const struct mshv_stats *vps, pid_t pid)
{
	link->channel_fd = s->channel[0];
	link->console_fd = s->console[0];
	link->vsock = spec->vsock;
	if (has_events(spec))
		link->events_fd = s->events[0];
	link->has_stamps = spec->events == MACHINE_EVENTS_VMM;
	link->on_event = spec->on_event;
	link->on_event_arg = spec->on_event_arg;
	link->on_hello = spec->on_hello;
	link->on_hello_arg = spec->on_hello_arg;
	link->watch = spec->watch;
	link->point_limit_ns = spec->point_limit_ns;
	link->env = spec->site ? &spec->site->env : NULL;
	link->programs.meter.machine = pid;
	link->programs.meter.vmm = spec->vmm;
	link->programs.meter.reads_kvm = spec->reads_kvm;
	if (spec->is_on_mshv)
		note_scheduler(link, vps);
	link->programs.meter.skips_threads =
		bench_case_needs(link->bc, WL_NEEDS_MICRO);
	link->programs.is_native = spec->events == MACHINE_EVENTS_NONE;
	if (spec->qmp_fd)
		*spec->qmp_fd = s->events[0];
}

/* 0, and P->placement is what PLACEMENT is then, if the case has any. */
static int place(const struct bench_case *bc, struct placement *placement,
		 struct preparation *p, struct result *res)
{
	struct err err;

	if (strcmp(bc->pinning, "cores") != 0)
		return 0;
	if (placement_choose(bc->vcpu_count, placement, &err)) {
		result_fail(res, RUN_SKIPPED, "%s", err.msg);
		return err.code;
	}
	p->placement = placement;
	return 0;
}

void machine_run(const struct machine_spec *spec, const struct bench_case *bc,
		 struct result *res)
{
	struct machine_streams s = MACHINE_STREAMS_NONE;
	struct preparation preparation = {.spec = spec};
	struct placement placement = {0};
	uint64_t spawn_ns, gone_ns;
	struct agent_link link;
	struct err err = {0};
	char where[320] = "";
	struct mshv_stats vps;
	struct hang hang;
	pid_t pid = -1;
	int ret, status;

	if (spec->outcome)
		*spec->outcome = (struct machine_outcome){
			.end = MACHINE_END_DIED, .item = bc->item_count};
	if (place(bc, &placement, &preparation, res))
		return;
	res->started_unix_ns = clock_unix_ns();
	file_first_line("/proc/sys/kernel/random/boot_id", res->boot_id,
			sizeof(res->boot_id));
	mshv_stats_begin(&vps, MSHV_STATS_FOLDER);
	spawn_ns = clock_mono_ns();
	agent_link_init(&link, bc, res);
	ret = machine_streams_open(&s, spec->events);
	if (ret)
		err_sys(&err, ret, "cannot make the streams to a machine");
	else
		ret = spawn(&preparation, bc, &s, &pid, &err);
	machine_streams_close(&s, MACHINE_CHILD_END);
	if (ret) {
		result_fail(res, RUN_RUNNER_FAILED, "%s", err.msg);
		agent_link_release(&link);
		placement_release(&placement);
		machine_streams_close(&s, MACHINE_OWN_END);
		return;
	}
	link.placement = preparation.placement;
	link_connect(&link, spec, &s, &vps, pid);
	ret = agent_link_run(&link, spawn_ns + bc->timeout_ns);
	if (ret && !link.is_point_late && spec->events != MACHINE_EVENTS_NONE) {
		hang_look(&hang, &link, spec, pid);
		hang_text(&hang, where, sizeof(where));
	}
	if (ret) {
		/* A VMM that is asked to stop says where its guest was. */
		kill(-pid, SIGTERM);
		agent_link_run(&link, clock_mono_ns() + LAST_WORDS_NS);
	}
	if (ret || link.state == LINK_BROKEN)
		proc_kill(pid);
	status = ret || link.state == LINK_BROKEN ? 0 : proc_reap(pid, REAP_NS);
	gone_ns = clock_mono_ns();
	agent_link_finish(&link);
	machine_end_judge(&link, spec, ret ? where : NULL, status, res);
	if (bench_case_has(bc, "boot"))
		add_boot_series(res, "boot", spawn_ns, link.shutdown_ns,
				gone_ns);
	if (bench_case_has(bc, "passthrough_start") && spec->site &&
	    spec->site->has_device)
		add_boot_series(res, "passthrough_start", spawn_ns,
				link.shutdown_ns, gone_ns);
	res->elapsed_ns = gone_ns - spawn_ns;
	agent_link_release(&link);
	placement_release(&placement);
	machine_streams_close(&s, MACHINE_OWN_END);
}
