// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/machine/micro_start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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
#include "harness/base/strbuf.h"
#include "harness/base/units.h"
#include "harness/core/bench_case.h"
#include "harness/core/result.h"
#include "runners/machine/args.h"
#include "runners/machine/machine.h"
#include "runners/vmm/event.h"
#include "workloads/micro_points.h"

/* Starts of each shape, unless they take longer; then as many as fit. */
#define STARTS 5u
#define SHAPE_NS (NS_PER_S / 20)
/* One start that faults in all of its RAM. */
#define FULL_NS (300 * NS_PER_MS)
/* What all numbers of guests together may take. */
#define MANY_NS (300 * NS_PER_MS)
#define READY_NS (20 * NS_PER_S)
#define GONE_NS (10 * NS_PER_S)
#define MAX_GUESTS 64u

struct shape {
	const char *name;
	const char *memory;
	uint32_t vcpu_count;
	bool is_prefaulted;
};

#define SHAPE(name, memory, vcpus, full) {name, memory, vcpus, full},
static const struct shape shapes[] = {MICRO_START_POINTS(SHAPE)};

#define MANY(name, count) {name, count},
static const struct {
	const char *name;
	size_t count;
} many[] = {MICRO_MANY_POINTS(MANY)};

/* By the VMM's events, in their order. */
static const char *const phases[] = {
	"vmm_main",          "vm_created",    "ram_mapped",
	"devices_created",   "vcpus_created", "vm_ready",
	"first_instruction", "agent_ready",   "power_off",
};
#define PHASE_COUNT ARRAY_SIZE(phases)
#define READY_PHASE 7u

struct guest {
	pid_t pid; /* 0: not started */
	int channel_fd;
	int events_fd;
	uint64_t spawn_ns;
	uint64_t phase_ns[PHASE_COUNT]; /* 0: not reached */
	char line[128];
	size_t line_len;
	char cause[160]; /* the VMM's own word on a failure */
};

static void guest_start_args(struct args *a, const char *hv,
			     const struct shape *s)
{
	char *vmm = file_beside_exe("l1vh-vmm");
	char *micro = file_beside_exe("micro.bin");

	args_add(a, "%s", vmm);
	args_add(a, "--hv");
	args_add(a, "%s", hv);
	args_add(a, "--micro");
	args_add(a, "%s", micro);
	args_add(a, "--memory");
	args_add(a, "%s", s->memory);
	args_add(a, "--vcpus");
	args_add(a, "%u", s->vcpu_count);
	if (s->is_prefaulted)
		args_add(a, "--prefault");
	args_add(a, "--channel-fd");
	args_add(a, "%d", MACHINE_CHANNEL_FD);
	args_add(a, "--events-fd");
	args_add(a, "%d", MACHINE_EVENTS_FD);
	free(micro);
	free(vmm);
}

static int guest_start(struct guest *g, const char *hv, const struct shape *s,
		       struct err *err)
{
	int channel[2] = {-1, -1}, events[2] = {-1, -1};
	struct args a = {.count = 0};
	int ret;

	memset(g, 0, sizeof(*g));
	g->channel_fd = g->events_fd = -1;
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
					 .fd_count = ARRAY_SIZE(fds)};

		guest_start_args(&a, hv, s);
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

static void take_line(struct guest *g)
{
	struct event e;
	size_t i;

	if (!event_parse(g->line, &e))
		return;
	if (e.kind == EVENT_END || e.kind == EVENT_ERROR)
		snprintf(g->cause, sizeof(g->cause), "%s", g->line);
	for (i = 0; e.kind == EVENT_PHASE && i < PHASE_COUNT; i++)
		if (!strcmp(phases[i], e.name))
			g->phase_ns[i] = e.ns;
}

/* False once the VMM has closed its end. */
static bool take_events(struct guest *g)
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

/* Listen until all are ready. False when one ended before or time is up. */
static bool wait_ready(struct guest *guests, size_t count)
{
	uint64_t deadline = clock_mono_ns() + READY_NS;
	struct pollfd fds[MAX_GUESTS];
	size_t i, waiting;

	for (;;) {
		waiting = 0;
		for (i = 0; i < count; i++) {
			bool is_ready = guests[i].phase_ns[READY_PHASE];

			fds[i] = (struct pollfd){
				.fd = is_ready ? -1 : guests[i].events_fd,
				.events = POLLIN};
			waiting += !is_ready;
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
static void hear_out(struct guest *g)
{
	uint64_t deadline = clock_mono_ns() + GONE_NS;
	struct pollfd fd = {.fd = g->events_fd, .events = POLLIN};

	while (clock_mono_ns() < deadline)
		if (poll(&fd, 1, 100) > 0 && !take_events(g)) {
			proc_reap(g->pid, GONE_NS);
			return;
		}
	proc_kill(g->pid);
}

/* It powers off when nobody speaks to it any more. Answers when it is gone. */
static uint64_t guest_end(struct guest *g)
{
	if (g->channel_fd >= 0)
		close(g->channel_fd);
	if (g->pid > 0)
		hear_out(g);
	if (g->events_fd >= 0)
		close(g->events_fd);
	return clock_mono_ns();
}

static struct series *series_get(struct result *res, const char *point,
				 const char *what, const char *unit)
{
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s/%s", point, what);
	for (i = 0; i < res->series_count; i++)
		if (!strcmp(res->series[i].workload, "micro_start") &&
		    !strcmp(res->series[i].point, name))
			return &res->series[i];
	return result_add_series(res, "micro_start", name, unit);
}

static void add_value(struct result *res, const char *point, const char *what,
		      const char *unit, double value)
{
	struct series *series = series_get(res, point, what, unit);
	struct sample *s = series_add_sample(series);

	s->section = (uint32_t)series->sample_count - 1;
	s->value = value;
	if (!strcmp(unit, "ns"))
		s->elapsed_ns = s->host_elapsed_ns = (uint64_t)value;
}

static void refuse(struct result *res, const char *point, const char *what,
		   enum run_status status, const char *why)
{
	struct series *s = series_get(res, point, what, "ns");

	s->status = status;
	snprintf(s->reason, sizeof(s->reason), "%.199s", why);
	text_clean(s->reason);
}

/* Why some are not ready, in the words of the first that failed. */
static const char *failure_of(const struct guest *guests, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!guests[i].phase_ns[READY_PHASE])
			return guests[i].cause[0]
				       ? guests[i].cause
				       : "a guest was not ready in time";
	return "a guest was not ready in time";
}

static bool start_once(const char *hv, const struct shape *s,
		       struct result *res)
{
	struct err err = {0};
	struct guest g;
	uint64_t gone_ns;
	bool is_fine;
	size_t i;

	if (guest_start(&g, hv, s, &err)) {
		guest_end(&g);
		refuse(res, s->name, "agent_ready", RUN_RUNNER_FAILED, err.msg);
		return false;
	}
	is_fine = wait_ready(&g, 1);
	gone_ns = guest_end(&g);
	if (!is_fine) {
		refuse(res, s->name, "agent_ready", RUN_RUNNER_FAILED,
		       failure_of(&g, 1));
		return false;
	}
	for (i = 0; i < PHASE_COUNT; i++)
		if (g.phase_ns[i] > g.spawn_ns && i <= READY_PHASE)
			add_value(res, s->name, phases[i], "ns",
				  (double)(g.phase_ns[i] - g.spawn_ns));
	/* What the host needs to take it all apart. */
	if (g.phase_ns[PHASE_COUNT - 1])
		add_value(res, s->name, "gone", "ns",
			  (double)(gone_ns - g.phase_ns[PHASE_COUNT - 1]));
	return true;
}

/* What the line KEY of a file in /proc says; 0 where the kernel does not. */
static uint64_t proc_bytes(const char *path, const char *key)
{
	uint64_t kib = 0;
	char line[128];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) &&
		    sscanf(line + strlen(key), "%" SCNu64, &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * KIB;
}

/* Proportional share of what is mapped. */
static uint64_t pss_bytes(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return proc_bytes(path, "Pss:");
}

static uint64_t sum_pss(const struct guest *guests, size_t count)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += pss_bytes(guests[i].pid);
	return sum;
}

/* COUNT guests at once: until the last is ready, and what each then holds.
 * False when it did not work, and more need not be tried. */
static bool start_many(const char *hv, size_t count, const char *point,
		       struct result *res)
{
	static struct guest guests[MAX_GUESTS];
	const struct shape shape = {point, "64M", 1, false};
	struct err err = {0};
	size_t started = 0;
	uint64_t last_ns = 0;
	bool is_fine = true;
	size_t i;

	while (is_fine && started < count)
		is_fine = !guest_start(&guests[started++], hv, &shape, &err);
	if (!is_fine)
		refuse(res, point, "all_ready", RUN_RUNNER_FAILED, err.msg);
	if (is_fine && !wait_ready(guests, started)) {
		is_fine = false;
		refuse(res, point, "all_ready", RUN_RUNNER_FAILED,
		       failure_of(guests, started));
	}
	for (i = 0; is_fine && i < count; i++)
		if (guests[i].phase_ns[READY_PHASE] > last_ns)
			last_ns = guests[i].phase_ns[READY_PHASE];
	if (is_fine) {
		add_value(res, point, "all_ready", "ns",
			  (double)(last_ns - guests[0].spawn_ns));
		add_value(res, point, "pss_each", "bytes",
			  (double)sum_pss(guests, count) / (double)count);
	}
	for (i = 0; i < started; i++)
		guest_end(&guests[i]);
	return is_fine;
}

static void run_many(const char *hv, struct result *res)
{
	uint64_t deadline_ns = clock_mono_ns() + MANY_NS;
	uint64_t start_ns, took_ns = 0;
	bool is_fine = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(many) && is_fine; i++) {
		start_ns = clock_mono_ns();
		/* Twice as many take twice as long on a busy host; one and two
		 * are started all the same, so that something can be told. */
		if (i > 1 && start_ns + 2 * took_ns > deadline_ns) {
			refuse(res, many[i].name, "all_ready", RUN_SKIPPED,
			       "so many would take longer than the suite may");
			continue;
		}
		is_fine = start_many(hv, many[i].count, many[i].name, res);
		took_ns = clock_mono_ns() - start_ns;
	}
}

/* Why so much RAM is not to be faulted in here; NULL: it may be. A byte takes
 * what one of the last shape took. */
static const char *too_big(const struct shape *s, double ns_per_byte)
{
	struct err err = {0};
	uint64_t bytes = 0;

	if (!s->is_prefaulted || units_parse_bytes(s->memory, &bytes, &err))
		return NULL;
	if (bytes > proc_bytes("/proc/meminfo", "MemAvailable:") / 2)
		return "the host has not twice as much memory to spare";
	if ((double)bytes * ns_per_byte > FULL_NS)
		return "so much would take longer than the suite may";
	return NULL;
}

/* Starts of one shape; returns what one took, a byte. */
static double run_shape(const char *hv, const struct shape *s,
			struct result *res)
{
	uint64_t begin_ns = clock_mono_ns(), took_ns = 0, bytes = 1;
	struct err err = {0};
	uint32_t n = 0;

	while (n < STARTS && took_ns <= SHAPE_NS && start_once(hv, s, res)) {
		n++;
		took_ns = clock_mono_ns() - begin_ns;
	}
	units_parse_bytes(s->memory, &bytes, &err);
	return n ? (double)took_ns / n / (double)bytes : 0;
}

void micro_start_run(const char *hv, const struct bench_case *bc,
		     struct result *res)
{
	double ns_per_byte = 0;
	size_t i;

	if (!bench_case_has(bc, "micro_start"))
		return;
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const char *why = too_big(&shapes[i], ns_per_byte);

		if (why)
			refuse(res, shapes[i].name, "agent_ready", RUN_SKIPPED,
			       why);
		else
			ns_per_byte = run_shape(hv, &shapes[i], res);
	}
	run_many(hv, res);
}
