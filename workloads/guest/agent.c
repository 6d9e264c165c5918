// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * agent - runs workloads on the harness's behalf: as PID 1 in a guest, or
 * natively with the channel as an open descriptor. It is the same file in
 * both places, so that libc and compiler are not part of any difference.
 */
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workloads/guest/identity.h"
#include "workloads/guest/measure.h"
#include "workloads/guest/system.h"
#include "workloads/stamp_port.h"
#include "workloads/wire.h"

#define CALIBRATE_COUNT 32u

struct agent {
	int fd;
	bool is_guest;
	uint32_t send_sequence;
	uint32_t sample_count; /* in the open series */
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

static void on_sample(void *arg, const struct measure_sample *s)
{
	char text[128];

	(void)arg;
	agent.sample_count++;
	snprintf(text, sizeof(text), "%u %llu %.17g", s->section,
		 (unsigned long long)s->elapsed_ns, s->value);
	send_text(WIRE_SAMPLE, text);
}

static void send_answer(enum wire_type type, const char *workload,
			const char *point, const char *reason)
{
	char text[400];

	snprintf(text, sizeof(text), "%s %s %s", workload, point, reason);
	send_text(type, text);
}

static void run_series(const char *name, const char *point_name,
		       const struct measure_plan *plan)
{
	const struct measure_sink sink = {
		.series = on_series,
		.sample = on_sample,
		.stamp = agent.is_guest ? system_stamp : NULL,
	};
	const struct workload *wl = workload_find(name);
	const struct wl_point *point =
		workload_point(wl, strcmp(point_name, "-") ? point_name : "");
	char reason[200] = "";
	char count[32];

	if (!point || !wl->run) {
		send_answer(WIRE_FAIL, name, point_name,
			    "this agent does not know it");
		return;
	}
	if ((wl->flags & WL_SELFTEST) && !agent.is_guest) {
		send_answer(WIRE_SKIP, name, point_name, "for guests only");
		return;
	}
	switch (measure_run(wl, point, plan, &sink, reason, sizeof(reason))) {
	case WL_OK:
		snprintf(count, sizeof(count), "%u", agent.sample_count);
		send_text(WIRE_END, count);
		break;
	case WL_SKIP:
		send_answer(WIRE_SKIP, name, point_name, reason);
		break;
	case WL_FAIL:
		send_answer(WIRE_FAIL, name, point_name, reason);
		break;
	}
}

static void run_job(char *text)
{
	char name[64], point[64];
	unsigned long long target_ns;
	unsigned int warmup, samples;
	char *rest = text;
	char *row;

	while ((row = strsep(&rest, "\n"))) {
		struct measure_plan plan;

		if (!*row)
			continue;
		if (sscanf(row, "%63s %63s %u %u %llu", name, point, &warmup,
			   &samples, &target_ns) != 5) {
			send_answer(WIRE_FAIL, "?", "-", "a damaged job line");
			continue;
		}
		plan = (struct measure_plan){.warmup_count = warmup,
					     .sample_count = samples,
					     .target_ns = target_ns};
		run_series(name, point, &plan);
	}
	send_text(WIRE_DONE, "");
}

/* One CPU for all that is timed: the first that we were given. */
static void pin(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set); cpu++)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void guest_start(void)
{
	uint32_t i;

	agent.is_guest = true;
	/* For VMMs that do not know the stamp port, see tests/perf. */
	if (getenv("l1vh_announce"))
		fputs("l1vh-init\n", stderr);
	system_stamp_enable();
	system_stamp(WL_STAMP_PHASE | WL_STAMP_PHASE_INIT);
	system_mount();
	system_enable_huge_pages();
	system_load_modules();
	agent.fd = system_open_channel();
	if (agent.fd < 0)
		die("no result channel");
	/* Back to back, so that the host learns what one exit costs here. */
	for (i = 0; i < CALIBRATE_COUNT; i++)
		system_stamp(WL_STAMP_CALIBRATE | i);
	system_stamp(WL_STAMP_PHASE | WL_STAMP_PHASE_AGENT_READY);
}

static void send_hello(void)
{
	static char text[WIRE_MAX_PAYLOAD];
	size_t len = identity_write(text, sizeof(text));

	send_frame(WIRE_HELLO, text, len);
}

int main(int argc, char **argv)
{
	bool running = true;

	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	if (argc == 3 && !strcmp(argv[1], "--channel-fd")) {
		agent.fd = (int)strtol(argv[2], NULL, 10);
	} else if (getpid() == 1) {
		guest_start();
	} else {
		fputs("usage: guest-agent --channel-fd N\n", stderr);
		return 64;
	}
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
