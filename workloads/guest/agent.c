// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * agent - runs workloads on the harness's behalf: as PID 1 in a guest, or
 * natively with the channel as an open descriptor. It is the same file in
 * both places, so libc and compiler cannot cause a difference.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "workloads/guest/identity.h"
#include "workloads/guest/measure.h"
#include "workloads/guest/micro_native.h"
#include "workloads/guest/program.h"
#include "workloads/guest/system.h"
#include "workloads/guest/touch.h"
#include "workloads/guest/writer.h"
#include "workloads/rr.h"
#include "workloads/stamp_port.h"
#include "workloads/wire.h"

#define CALIBRATE_COUNT 32u

struct agent {
	int fd;
	const char *channel; /* a guest's; NULL: FD was given */
	bool is_guest;
	uint32_t send_sequence;
	uint32_t sample_count; /* in the open series */
	uint32_t program_count;
	struct wl_env env;
	char net_address[32]; /* of a guest; "" for none */
	char net_gateway[32];
	/* Why there is none; "" if there is one, or it is not known. */
	char disk_refusal[160], disk_failure[160];
	char net_refusal[160], net_failure[160];
	bool has_io; /* modules and tools were looked for */
	char in[WIRE_HEADER_BYTES + WIRE_MAX_PAYLOAD + 1];
	size_t in_len;
	char out[WIRE_HEADER_BYTES + WIRE_MAX_PAYLOAD];
};

static struct agent agent;

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	if (agent.is_guest)
		system_power_off();
	exit(1);
}

static void send_frame(enum wire_type type, const char *payload, size_t length)
{
	size_t len, done = 0;

	if (length > WIRE_MAX_PAYLOAD)
		length = WIRE_MAX_PAYLOAD;
	len = wire_encode(type, agent.send_sequence++, payload,
			  (uint32_t)length, agent.out);
	while (done < len) {
		ssize_t n = write(agent.fd, agent.out + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("cannot write to the channel");
		done += (size_t)n;
	}
}

static void send_text(enum wire_type type, const char *text)
{
	send_frame(type, text, strlen(text));
}

/* The payload is terminated in place; valid until the next call. */
static enum wire_type receive_frame(char **payload)
{
	static size_t consumed;
	struct wire_frame frame;
	long used;

	memmove(agent.in, agent.in + consumed, agent.in_len - consumed);
	agent.in_len -= consumed;
	consumed = 0;
	for (;;) {
		ssize_t n;

		used = wire_decode(agent.in, agent.in_len, &frame);
		if (used < 0)
			die("a damaged frame came in");
		if (used > 0)
			break;
		n = read(agent.fd, agent.in + agent.in_len,
			 sizeof(agent.in) - 1 - agent.in_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("the channel closed");
		agent.in_len += (size_t)n;
	}
	consumed = (size_t)used;
	*payload = strndup(frame.payload, frame.length);
	if (!*payload)
		die("out of memory");
	return (enum wire_type)frame.type;
}

static void on_series(void *arg, const struct workload *wl,
		      const struct wl_point *point, uint64_t iterations)
{
	char text[256];

	(void)arg;
	agent.sample_count = 0;
	snprintf(text, sizeof(text), "%s %s %s %llu", wl->name,
		 point->name[0] ? point->name : "-", wl_unit_name(wl->unit),
		 (unsigned long long)iterations);
	send_text(WIRE_SERIES, text);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Long enough for those who brought the answer, the harness, the VMM's
 * threads and the kernel's, to be asleep again. */
#define SETTLE_NS 1000000u

static void settle(void)
{
	uint64_t end_ns = now_ns() + SETTLE_NS;

	while (now_ns() < end_ns)
		;
}

/* The host knows what disturbed it, and whether that is to be made up for. */
static bool on_sample(void *arg, const struct measure_sample *s)
{
	char text[128];
	char *payload;
	bool more;

	(void)arg;
	agent.sample_count++;
	snprintf(text, sizeof(text), "%u %llu %.17g %llu", s->section,
		 (unsigned long long)s->elapsed_ns, s->value,
		 (unsigned long long)s->waited_ns);
	send_text(WIRE_SAMPLE, text);
	if (receive_frame(&payload) != WIRE_GO)
		die("an unexpected frame came in");
	more = !strcmp(payload, "1");
	free(payload);
	settle();
	return more;
}

static void send_answer(enum wire_type type, const char *workload,
			const char *point, const char *reason)
{
	char text[400];

	snprintf(text, sizeof(text), "%s %s %s", workload, point, reason);
	send_text(type, text);
}

static void send_refusal(enum wl_answer answer, const char *name,
			 const char *point, const char *reason)
{
	send_answer(answer == WL_SKIP ? WIRE_SKIP : WIRE_FAIL, name, point,
		    reason);
}

/* Programs are refused by what they need of its disk. */
static bool refuse_device(const struct workload *wl,
			  const struct wl_point *point)
{
	if (!(wl->flags & WL_NEEDS_DEVICE))
		return false;
	if (agent.disk_failure[0])
		send_refusal(WL_FAIL, wl->name, point->name,
			     agent.disk_failure);
	else if (agent.disk_refusal[0])
		send_refusal(WL_SKIP, wl->name, point->name,
			     agent.disk_refusal);
	return agent.disk_failure[0] || agent.disk_refusal[0];
}

static void run_timed(const struct workload *wl, const struct wl_point *point,
		      const struct measure_plan *plan)
{
	const struct measure_sink sink = {
		.series = on_series,
		.sample = on_sample,
		.stamp = agent.is_guest ? system_stamp : NULL,
	};
	char reason[200] = "";
	char count[32];
	enum wl_answer answer;

	if (refuse_device(wl, point))
		return;
	answer = measure_run(wl, point, plan, &sink, reason, sizeof(reason));
	if (answer == WL_OK) {
		snprintf(count, sizeof(count), "%u", agent.sample_count);
		send_text(WIRE_END, count);
		return;
	}
	send_refusal(answer, wl->name, point->name[0] ? point->name : "-",
		     reason);
}

/* The one for the test: by virtio, or passed through. */
static bool find_disk(const struct workload *wl)
{
	bool is_passed =
		(wl->flags & WL_NEEDS_DEVICE) && !(wl->flags & WL_DEVICE_DISK);

	return is_passed ? system_find_nvme(agent.env.disk,
					    sizeof(agent.env.disk))
			 : system_find_disk(WL_DATA_SERIAL, agent.env.disk,
					    sizeof(agent.env.disk));
}

/* A guest has these devices only where they were asked for. */
static const char *guest_prepare(const struct workload *wl)
{
	static bool has_tools, has_disk, has_net;

	if (!agent.has_io) {
		system_load_modules("/modules/io");
		has_tools = system_mount_tools();
		has_disk = !agent.disk_refusal[0] && !agent.disk_failure[0] &&
			   agent.env.disk_bytes && find_disk(wl);
		has_net = agent.net_address[0] &&
			  system_net_up(agent.net_address, agent.net_gateway);
		setenv("PATH", "/usr/bin", 1);
	}
	agent.has_io = true;
	if (!has_tools)
		return "this guest has no disk with programs";
	if ((wl->flags & WL_NEEDS_DISK) && !has_disk)
		return "this guest has no disk for the test";
	if ((wl->flags & WL_NEEDS_NET) && !has_net)
		return "this guest's network card cannot be set up";
	return NULL;
}

/* Tell the harness, and wait until it has looked at its clocks. */
static void mark(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void mark(const char *fmt, ...)
{
	char text[128];
	char *payload;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	send_text(WIRE_MARK, text);
	if (receive_frame(&payload) != WIRE_GO)
		die("an unexpected frame came in");
	free(payload);
}

static void send_output(const struct program_run *run)
{
	size_t done = 0;

	while (done < run->output_len) {
		size_t part = run->output_len - done;

		if (part > WIRE_MAX_PAYLOAD)
			part = WIRE_MAX_PAYLOAD;
		send_frame(WIRE_OUTPUT, run->output + done, part);
		done += part;
	}
}

/* Drivers are part of a machine of some shape. */
static const char *shape_refusal(void)
{
	if (!agent.is_guest)
		return "for guests only";
	system_load_modules("/modules/io");
	return NULL;
}

/* Why the host could not give what the workload needs; "" if it could. */
static const char *program_failure(const struct workload *wl)
{
	if ((wl->flags & WL_NEEDS_DISK) && agent.disk_failure[0])
		return agent.disk_failure;
	return wl->flags & WL_NEEDS_NET ? agent.net_failure : "";
}

static const char *program_refusal(const struct workload *wl,
				   const struct wl_point *point)
{
	bool needs_disk = wl->flags & WL_NEEDS_DISK;
	bool needs_net = wl->flags & WL_NEEDS_NET;

	if (wl->flags & WL_NEEDS_MICRO)
		return agent.is_guest
			       ? "for the micro guest"
			       : micro_native_refusal(wl->name, point->name);
	if (wl->flags & WL_SHAPE)
		return shape_refusal();
	if (needs_disk && agent.disk_refusal[0])
		return agent.disk_refusal;
	if (needs_net && agent.net_refusal[0])
		return agent.net_refusal;
	if (agent.is_guest)
		return guest_prepare(wl);
	if (needs_disk && !agent.env.disk[0])
		return "there is no disk for the test";
	if (needs_net && !agent.env.peer[0])
		return "there is no peer to talk to";
	return NULL;
}

static bool is_polled(const struct wl_point *point)
{
	const char *end = strstr(point->name, WL_POLLED);

	return end && !end[strlen(WL_POLLED)];
}

#define CLOCK_BATCH 500
#define CLOCK_BATCHES 5

/* The least of a few, for whatever disturbs makes it longer. */
static uint64_t clock_cost_ps(void (*read_clock)(void))
{
	uint64_t least_ns = UINT64_MAX, begin_ns, ns;
	int batch, i;

	for (batch = 0; batch < CLOCK_BATCHES; batch++) {
		begin_ns = now_ns();
		for (i = 0; i < CLOCK_BATCH; i++)
			read_clock();
		ns = now_ns() - begin_ns;
		if (ns < least_ns)
			least_ns = ns;
	}
	return least_ns * 1000 / CLOCK_BATCH;
}

static void read_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
}

static void read_timeofday(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
}

static void run_program(const struct workload *wl, const struct wl_point *point)
{
	struct wl_program program = {.argv = {NULL}};
	uint32_t number = agent.program_count++;
	const char *failure = program_failure(wl);
	const char *missing = *failure ? failure : program_refusal(wl, point);
	bool was_polled = !missing && is_polled(point);
	uint64_t round_trip_ns, begin_ns, clock_ps, timeofday_ps;
	struct program_run run;
	char reason[200] = "";
	enum wl_answer answer;

	if (was_polled && !system_nvme_poll(agent.env.disk, true))
		missing = "this disk's driver has no queues that are polled";
	if (missing) {
		send_answer(*failure ? WIRE_FAIL : WIRE_SKIP, wl->name,
			    point->name, missing);
		return;
	}
	wl->program(point, &agent.env, &program);
	on_series(NULL, wl, point, 1);
	clock_ps = clock_cost_ps(read_monotonic);
	timeofday_ps = clock_cost_ps(read_timeofday);
	mark("begin %u", number);
	begin_ns = now_ns();
	mark("ping");
	round_trip_ns = now_ns() - begin_ns;
	begin_ns += round_trip_ns;
	if (agent.is_guest)
		system_stamp(WL_STAMP_COUNTS | 2 * number);
	answer = program_run(&program, &run, reason, sizeof(reason));
	if (agent.is_guest)
		system_stamp(WL_STAMP_COUNTS | (2 * number + 1));
	mark("end %u %llu %llu %llu %llu %llu %llu", number,
	     (unsigned long long)(now_ns() - begin_ns),
	     (unsigned long long)run.user_ns, (unsigned long long)run.system_ns,
	     (unsigned long long)round_trip_ns, (unsigned long long)clock_ps,
	     (unsigned long long)timeofday_ps);
	if (answer == WL_OK) {
		send_output(&run);
		send_text(WIRE_END, "1");
	} else {
		send_refusal(answer, wl->name, point->name, reason);
	}
	program_run_release(&run);
	if (was_polled)
		system_nvme_poll(agent.env.disk, false);
}

static void run_series(const char *name, const char *point_name,
		       const struct measure_plan *plan)
{
	const struct workload *wl = workload_find(name);
	const struct wl_point *point =
		workload_point(wl, strcmp(point_name, "-") ? point_name : "");

	if (!point || (!wl->run && !wl->program))
		send_answer(WIRE_FAIL, name, point_name,
			    "this agent does not know it");
	else if ((wl->flags & WL_SELFTEST) && !agent.is_guest)
		send_answer(WIRE_SKIP, name, point_name, "for guests only");
	else if (wl->program)
		run_program(wl, point);
	else
		run_timed(wl, point, plan);
}

/* "=KEY VALUE"; the same on both sides, except keys for guests only. */
static void set_env(const char *row)
{
	const struct {
		const char *key;
		char *text;
		size_t size;
		uint64_t *number;
	} keys[] = {
		{"disk", agent.env.disk, sizeof(agent.env.disk), NULL},
		{"disk_bytes", NULL, 0, &agent.env.disk_bytes},
		{"peer", agent.env.peer, sizeof(agent.env.peer), NULL},
		{"io_ns", NULL, 0, &agent.env.io_ns},
		{"stretch_ppm", NULL, 0, &workload_stretch_ppm},
		{"net_address", agent.net_address, sizeof(agent.net_address),
		 NULL},
		{"net_gateway", agent.net_gateway, sizeof(agent.net_gateway),
		 NULL},
		{"disk_refusal", agent.disk_refusal, sizeof(agent.disk_refusal),
		 NULL},
		{"disk_failure", agent.disk_failure, sizeof(agent.disk_failure),
		 NULL},
		{"net_refusal", agent.net_refusal, sizeof(agent.net_refusal),
		 NULL},
		{"net_failure", agent.net_failure, sizeof(agent.net_failure),
		 NULL},
	};
	const char *value = strchr(row, ' ');
	size_t i;

	for (i = 0; value && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].key) != (size_t)(value - row) ||
		    strncmp(keys[i].key, row, (size_t)(value - row)))
			continue;
		if (keys[i].text)
			snprintf(keys[i].text, keys[i].size, "%s", value + 1);
		else
			*keys[i].number = strtoull(value + 1, NULL, 10);
	}
}

static void run_job(char *text)
{
	char name[64], point[64];
	unsigned long long target_ns;
	unsigned int warmup;
	char *rest = text;
	char *row;

	while ((row = strsep(&rest, "\n"))) {
		struct measure_plan plan;

		if (!*row)
			continue;
		if (*row == '=') {
			set_env(row + 1);
			continue;
		}
		if (sscanf(row, "%63s %63s %u %llu", name, point, &warmup,
			   &target_ns) != 4) {
			send_answer(WIRE_FAIL, "?", "-", "a damaged job line");
			continue;
		}
		plan = (struct measure_plan){.warmup_count = warmup,
					     .target_ns = target_ns};
		run_series(name, point, &plan);
	}
	send_text(WIRE_DONE, "");
}

/* One CPU for all that is timed: the first that we were given. Times of a thread
 * that moves are not those that the reports speak of. */
static void pin(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("cannot read the CPUs to run on");
	for (cpu = 0; cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set); cpu++)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot stay on one CPU");
}

static void write_until_killed(void)
{
	char path[256];

	system_load_modules("/modules/io");
	if (system_find_disk(WL_DATA_SERIAL, path, sizeof(path)))
		writer_run(path);
	system_power_off();
}

static void guest_start(void)
{
	uint32_t i;

	agent.is_guest = true;
	setenv(WL_DEVICE, WL_DEVICE_FIRST, 1);
	/* For VMMs that do not know the stamp port, see tests/perf. */
	if (getenv("l1vh_announce"))
		fputs("l1vh-init\n", stderr);
	system_stamp_enable();
	system_stamp(WL_STAMP_PHASE | WL_STAMP_PHASE_INIT);
	system_mount();
	system_enable_huge_pages();
	system_load_modules("/modules");
	/* For the durability test, see tests/system. */
	if (getenv("l1vh_writer"))
		write_until_killed();
	agent.channel = "vsock";
	agent.fd = system_open_vsock();
	if (agent.fd < 0) {
		agent.channel = "virtio-console";
		agent.fd = system_open_channel();
	}
	if (agent.fd < 0)
		die("no result channel");
	/* Back to back, so that the host learns what one exit costs here. */
	for (i = 0; i < CALIBRATE_COUNT; i++)
		system_stamp(WL_STAMP_CALIBRATE | i);
	/* Here a guest may be saved, and here it goes on. */
	system_stamp(WL_STAMP_PHASE | WL_STAMP_PHASE_AGENT_READY);
	system_stamp(WL_STAMP_PHASE | WL_STAMP_PHASE_GOES_ON);
}

static void send_hello(void)
{
	static char text[WIRE_MAX_PAYLOAD];
	size_t len = 0;

	/* How the results travel is a difference between guests as well. */
	if (agent.channel)
		len = (size_t)snprintf(text, sizeof(text), "agent.channel=%s\n",
				       agent.channel);
	len += identity_write(text + len, sizeof(text) - len);
	send_frame(WIRE_HELLO, text, len);
}

int main(int argc, char **argv)
{
	bool running = true;

	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	if (argc == 2 && !strcmp(argv[1], "--echo"))
		return rr_serve();
	if (argc == 2 && !strcmp(argv[1], "--touch"))
		return touch_run();
	if (argc == 4 && !strcmp(argv[1], "--micro"))
		return micro_native_run(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "--check-writes"))
		return writer_check(argv[2], argv[3]);
	if (argc == 6 && !strcmp(argv[1], "--rr"))
		return rr_client(argv[2], argv[3],
				 (uint32_t)strtoul(argv[4], NULL, 10),
				 strtoull(argv[5], NULL, 10));
	if (argc == 3 && !strcmp(argv[1], "--channel-fd")) {
		agent.fd = (int)strtol(argv[2], NULL, 10);
		fcntl(agent.fd, F_SETFD, FD_CLOEXEC);
	} else if (getpid() == 1) {
		guest_start();
	} else {
		fputs("usage: guest-agent --channel-fd N\n", stderr);
		return 64;
	}
	program_remember_cpus();
	pin();
	send_hello();
	while (running) {
		enum wire_type type;
		char *payload;

		type = receive_frame(&payload);
		if (type == WIRE_JOB)
			run_job(payload);
		else if (type == WIRE_SHUTDOWN)
			running = false;
		else
			die("an unexpected frame came in");
		free(payload);
	}
	if (agent.is_guest)
		system_power_off();
	return 0;
}
