// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/micro_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/err.h"
#include "harness/base/file.h"
#include "harness/base/proc.h"
#include "harness/core/bench_case.h"
#include "runners/machine/args.h"
#include "runners/machine/guest_boot.h"
#include "runners/machine/machine.h"
#include "runners/vmm/event.h"

#define READY_NS (20 * NS_PER_S)
#define LINUX_READY_NS (60 * NS_PER_S)
#define GONE_NS (10 * NS_PER_S)

/* By the VMM's events, in their order. */
const char *const micro_phases[MICRO_PHASE_COUNT] = {
	"vmm_main",          "vm_created",    "ram_mapped",
	"devices_created",   "vcpus_created", "vm_ready",
	"first_instruction", "agent_ready",   "power_off",
};

static void add_image(struct args *a, const char *option, const char *file)
{
	char *path = file_beside_exe(file);

	args_add(a, "%s", option);
	args_add(a, "%s", path);
	free(path);
}

/* To compare a kernel with the snapshot's takes longer than to restore that. */
static void add_guest(struct args *a, const struct micro_vmm *how,
		      const struct micro_shape *s)
{
	if (!how->kernel) {
		add_image(a, "--micro", "micro.bin");
	} else if (!how->restores) {
		args_add(a, "--kernel");
		args_add(a, "%s", how->kernel);
		add_image(a, "--initrd", "guest/initramfs.cpio");
		args_add(a, "--cmdline");
		args_add(a, "%s", GUEST_CMDLINE);
	}
	if (how->restores) {
		args_add(a, "--restore");
		args_add(a, "%s", how->restores);
		return;
	}
	if (how->saves) {
		args_add(a, "--snapshot");
		args_add(a, "%s", how->saves);
	}
	args_add(a, "--memory");
	args_add(a, "%s", s->memory);
	args_add(a, "--vcpus");
	args_add(a, "%u", s->vcpu_count);
}

static void add_args(struct args *a, const struct micro_vmm *how,
		     const struct micro_shape *s)
{
	char *vmm = file_beside_exe("l1vh-vmm");

	args_add(a, "%s", vmm);
	args_add(a, "--hv");
	args_add(a, "%s", how->hv);
	if (how->sandbox) {
		args_add(a, "--sandbox");
		args_add(a, "%s", how->sandbox);
	}
	/* A snapshot has its own. */
	if (how->paravirt && !how->restores) {
		args_add(a, "--paravirt");
		args_add(a, "%s", how->paravirt);
	}
	add_guest(a, how, s);
	if (s->is_prefaulted)
		args_add(a, "--prefault");
	args_add(a, "--channel-fd");
	args_add(a, "%d", MACHINE_CHANNEL_FD);
	args_add(a, "--events-fd");
	args_add(a, "%d", MACHINE_EVENTS_FD);
	free(vmm);
}

struct micro_vmm micro_vmm_of(const char *hv, const struct bench_case *bc)
{
	return (struct micro_vmm){
		.hv = hv,
		.sandbox = bc->sandbox[0] ? bc->sandbox : NULL,
		.paravirt = bc->paravirt[0] ? bc->paravirt : NULL,
	};
}

int micro_guest_start(struct micro_guest *g, const struct micro_vmm *how,
		      const struct micro_shape *s, struct err *err)
{
	int channel[2] = {-1, -1}, events[2] = {-1, -1};
	struct args a = {.count = 0};
	int ret;

	memset(g, 0, sizeof(*g));
	g->channel_fd = g->events_fd = -1;
	g->is_restored = how->restores;
	g->limit_ns = how->kernel ? LINUX_READY_NS : READY_NS;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) ||
	    pipe2(events, O_CLOEXEC)) {
		ret = err_sys(err, -errno, "cannot make the streams to a VMM");
	} else {
		const struct proc_fd fds[] = {
			{-1, 0},
			{-1, 1},
			{-1, 2},
			{channel[1], MACHINE_CHANNEL_FD},
			{events[1], MACHINE_EVENTS_FD},
		};
		struct proc_spec spec = {.fds = fds,
					 .fd_count = ARRAY_SIZE(fds),
					 .wants_pid_ns =
						 how->sandbox &&
						 strcmp(how->sandbox, "off")};

		add_args(&a, how, s);
		spec.argv = (const char *const *)a.words;
		g->spawn_ns = clock_mono_ns();
		ret = proc_spawn(&spec, &g->pid, err);
		args_release(&a);
	}
	g->channel_fd = channel[0];
	g->events_fd = events[0];
	if (channel[1] >= 0)
		close(channel[1]);
	if (events[1] >= 0)
		close(events[1]);
	return ret;
}

static void take_line(struct micro_guest *g)
{
	struct event e;
	size_t i;

	if (!event_parse(g->line, &e))
		return;
	if (e.kind == EVENT_END || e.kind == EVENT_ERROR)
		snprintf(g->cause, sizeof(g->cause), "%s", g->line);
	if (e.kind == EVENT_PHASE &&
	    (!strcmp(e.name, "first_word") || !strcmp(e.name, "kernel_entry")))
		g->first_word_ns = e.ns;
	for (i = 0; e.kind == EVENT_PHASE && i < MICRO_PHASE_COUNT; i++)
		if (!strcmp(micro_phases[i], e.name))
			g->phase_ns[i] = e.ns;
}

/* False once the VMM has closed its end. */
static bool take_events(struct micro_guest *g)
{
	char buf[512];
	ssize_t n = read(g->events_fd, buf, sizeof(buf));
	ssize_t i;

	for (i = 0; i < n; i++) {
		if (buf[i] != '\n') {
			if (g->line_len + 1 < sizeof(g->line))
				g->line[g->line_len++] = buf[i];
			continue;
		}
		g->line[g->line_len] = '\0';
		g->line_len = 0;
		take_line(g);
	}
	return n > 0;
}

static bool is_ready(const struct micro_guest *g)
{
	return g->is_restored ? g->first_word_ns
			      : g->phase_ns[MICRO_READY_PHASE];
}

/* Listen until all are ready. False when one ended before or time is up. */
bool micro_guests_await(struct micro_guest *guests, size_t count)
{
	uint64_t deadline = clock_mono_ns() + (count ? guests->limit_ns : 0);
	struct pollfd fds[MICRO_MAX_GUESTS];
	size_t i, waiting;

	for (;;) {
		waiting = 0;
		for (i = 0; i < count; i++) {
			bool waits = !is_ready(&guests[i]);

			fds[i] = (struct pollfd){
				.fd = waits ? guests[i].events_fd : -1,
				.events = POLLIN};
			waiting += waits;
		}
		if (!waiting)
			return true;
		if (clock_mono_ns() > deadline)
			return false;
		poll(fds, (nfds_t)count, 100);
		for (i = 0; i < count; i++)
			if (fds[i].fd >= 0 && fds[i].revents &&
			    !take_events(&guests[i]))
				return false;
	}
}

/* What it says until it is gone; one that stays is killed. */
static void hear_out(struct micro_guest *g)
{
	uint64_t deadline = clock_mono_ns() + GONE_NS;
	struct pollfd fd = {.fd = g->events_fd, .events = POLLIN};

	while (clock_mono_ns() < deadline)
		if (poll(&fd, 1, 100) > 0 && !take_events(g)) {
			g->status = proc_reap(g->pid, GONE_NS);
			return;
		}
	g->was_killed = true;
	proc_kill(g->pid);
}

uint64_t micro_guest_end(struct micro_guest *g)
{
	if (g->channel_fd >= 0)
		close(g->channel_fd);
	if (g->pid > 0)
		hear_out(g);
	if (g->events_fd >= 0)
		close(g->events_fd);
	return clock_mono_ns();
}
