// SPDX-License-Identifier: GPL-3.0-or-later
#include "runners/link/agent_link.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/base.h"
#include "harness/base/clock.h"
#include "harness/base/xmalloc.h"
#include "harness/core/bench_case.h"
#include "harness/core/metric.h"
#include "harness/core/result.h"
#include "runners/link/agent_job.h"
#include "runners/link/vsock_listener.h"
#include "runners/measure/watch.h"
#include "workloads/wire.h"
#include "workloads/workload.h"

/* Clocks may differ by this fraction of a section, plus the cost of one
 * exit. */
#define CLOCK_TOLERANCE 0.005
/* Of a section, that others may have had its CPU. */
#define WAIT_TOLERANCE 0.01
/* Samples for each one that was wanted, the disturbed ones included. */
#define MAX_SAMPLE_FACTOR 2

void agent_link_init(struct agent_link *link, const struct bench_case *bc,
		     struct result *res)
{
	memset(link, 0, sizeof(*link));
	link->bc = bc;
	link->res = res;
	link->answered = xcalloc(bc->item_count, sizeof(*link->answered));
	link->channel_fd = link->events_fd = link->console_fd = -1;
	link->vsock_fd = -1;
}

void agent_link_release(struct agent_link *link)
{
	strbuf_release(&link->channel_in);
	strbuf_release(&link->events_in);
	strbuf_release(&link->console_in);
	if (link->vsock_fd >= 0)
		close(link->vsock_fd);
	link->vsock_fd = -1;
	program_log_release(&link->programs);
	placement_seen_release(&link->seen);
	free(link->stamps);
	free(link->answered);
	link->stamps = NULL;
	link->answered = NULL;
	strbuf_release(&link->facts);
}

void agent_link_break(struct agent_link *link, const char *why)
{
	if (link->state != LINK_BROKEN)
		snprintf(link->error, sizeof(link->error), "%s", why);
	link->state = LINK_BROKEN;
}

static void send_frame(struct agent_link *link, enum wire_type type,
		       const char *payload)
{
	size_t length = strlen(payload);
	char *buf = xcalloc(1, WIRE_HEADER_BYTES + length);
	static const uint32_t sequence; /* agents do not check ours */
	size_t len =
		wire_encode(type, sequence, payload, (uint32_t)length, buf);
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(link->channel_fd, buf + done, len - done,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			agent_link_break(link, "the agent does not read");
		if (n <= 0)
			break; /* the reader's end shows up as closed streams */
		done += (size_t)n;
	}
	free(buf);
}

static void send_job(struct agent_link *link)
{
	char *text = agent_job_text(link->bc, link->env);

	send_frame(link, WIRE_JOB, text);
	free(text);
}

/* A point without a name travels as "-". */
static const char *point_name(const char *word)
{
	return strcmp(word, "-") ? word : "";
}

/* What has no unit of its own yet takes the one in the table. */
static const char *unit_of(const char *workload)
{
	const struct workload *wl = workload_find(workload);

	return wl ? wl_unit_name(wl->unit) : "ns";
}

/* What the machine says must answer something it was asked, and once. */
static bool take_item(struct agent_link *link, const char *workload,
		      const char *point)
{
	size_t i;

	for (i = 0; i < link->bc->item_count; i++) {
		const struct case_item *item = &link->bc->items[i];

		if (link->answered[i] || strcmp(item->workload, workload) ||
		    strcmp(item->point, point))
			continue;
		link->answered[i] = true;
		link->item = i;
		return true;
	}
	return false;
}

static bool has_open(const struct agent_link *link)
{
	return link->has_open_series || link->programs.is_open;
}

size_t agent_link_item(const struct agent_link *link)
{
	size_t i;

	if (has_open(link))
		return link->item;
	for (i = 0; i < link->bc->item_count; i++)
		if (!link->answered[i] &&
		    agent_job_has(link->bc->items[i].workload))
			break;
	return i;
}

static bool all_answered(const struct agent_link *link)
{
	return agent_link_item(link) == link->bc->item_count;
}

static struct series *open_series(struct agent_link *link)
{
	return &link->res->series[link->res->series_count - 1];
}

static void on_series(struct agent_link *link, const char *text)
{
	char workload[32], point[32], unit[16];
	uint64_t iterations;

	if (has_open(link) || sscanf(text, "%31s %31s %15s %" SCNu64, workload,
				     point, unit, &iterations) != 4) {
		agent_link_break(link, "a series began out of order");
		return;
	}
	if (!take_item(link, workload, point_name(point)) ||
	    strcmp(unit, unit_of(workload))) {
		agent_link_break(link, "a series came that was not requested");
		return;
	}
	if (!strcmp(unit, wl_unit_name(WL_UNIT_DOCUMENT))) {
		program_log_open(&link->programs, workload, point_name(point));
		return;
	}
	result_add_series(link->res, workload, point_name(point), unit)
		->iterations = iterations;
	link->has_open_series = true;
	link->good_count = 0;
	guard_begin(&link->guard);
}

/* Sections count up, so stamps are sorted unless a guest lied. */
static const struct link_stamp *find_stamp(const struct agent_link *link,
					   uint32_t section)
{
	size_t low = 0, high = link->stamp_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (link->stamps[mid].section < section)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < link->stamp_count && link->stamps[low].section == section)
		return &link->stamps[low];
	return NULL;
}

static bool clocks_disagree(const struct agent_link *link,
			    const struct sample *s)
{
	double tolerance = (double)s->elapsed_ns * CLOCK_TOLERANCE +
			   (double)link->res->exit_cost_ns;
	double gap = (double)s->host_elapsed_ns - (double)s->elapsed_ns;

	return gap > tolerance || gap < -tolerance;
}

static void judge_sample(const struct agent_link *link, const char *workload,
			 struct sample *s)
{
	const struct workload *wl = workload_find(workload);
	const struct link_stamp *stamp = find_stamp(link, s->section);

	s->disturbances &= ~(uint32_t)(DISTURBED_CLOCKS | DISTURBED_CPU);
	if (stamp) {
		s->host_elapsed_ns = stamp->end_ns - stamp->begin_ns;
		if (stamp->waited_ns > s->waited_ns)
			s->waited_ns = stamp->waited_ns;
	}
	if (link->has_stamps && (!stamp || clocks_disagree(link, s)))
		s->disturbances |= DISTURBED_CLOCKS;
	if (wl && !(wl->flags & WL_SHARES_CPU) &&
	    (double)s->waited_ns > WAIT_TOLERANCE * (double)s->elapsed_ns)
		s->disturbances |= DISTURBED_CPU;
}

/* Enough that count, or no patience left with those that do not. */
static bool has_enough(struct agent_link *link)
{
	return link->good_count >= link->bc->sample_count ||
	       open_series(link)->sample_count >=
		       MAX_SAMPLE_FACTOR * (size_t)link->bc->sample_count;
}

static void on_sample(struct agent_link *link, const char *text)
{
	struct sample s = {0};

	if (!link->has_open_series || has_enough(link) ||
	    sscanf(text, "%" SCNu32 " %" SCNu64 " %lf %" SCNu64, &s.section,
		   &s.elapsed_ns, &s.value, &s.waited_ns) < 3 ||
	    !isfinite(s.value) || s.value < 0) {
		agent_link_break(
			link, "a sample came out of order or is not a number");
		return;
	}
	agent_link_drain_events(link);
	s.disturbances = guard_next(&link->guard);
	judge_sample(link, open_series(link)->workload, &s);
	link->machine_ns = host_meter_cpu_ns(&link->programs.meter);
	*series_add_sample(open_series(link)) = s;
	link->good_count += !s.disturbances;
	send_frame(link, WIRE_GO, has_enough(link) ? "0" : "1");
}

static void on_mark(struct agent_link *link, const char *text)
{
	pid_t pid = link->programs.meter.machine;

	if (program_log_mark(&link->programs, text)) {
		agent_link_break(link, "a mark came out of order");
		return;
	}
	/* The agent waits for the answer. */
	if (!strncmp(text, "begin ", 6))
		watch_at(link->watch, WATCH_READY, pid);
	else if (!strncmp(text, "end ", 4))
		watch_at(link->watch, WATCH_TOUCHED, pid);
	send_frame(link, WIRE_GO, "");
}

static void on_output(struct agent_link *link, const struct wire_frame *frame)
{
	int ret = program_log_output(&link->programs, frame->payload,
				     frame->length);

	if (ret == -EFBIG)
		agent_link_break(
			link,
			"output without end: over 2 MiB of one program, or 32 MiB in all");
	else if (ret)
		agent_link_break(link, "output came out of order");
}

static void look_at_placement(struct agent_link *link)
{
	if (link->placement)
		placement_look(link->placement,
			       host_meter_machine(&link->programs.meter),
			       link->programs.is_native, &link->seen);
}

static void on_end(struct agent_link *link, const char *text)
{
	size_t count;

	link->asked_ns = clock_mono_ns();
	look_at_placement(link);
	if (link->programs.is_open) {
		if (program_log_end(&link->programs, text))
			agent_link_break(link, "a program ended out of order");
		return;
	}
	if (!link->has_open_series || sscanf(text, "%zu", &count) != 1 ||
	    count != open_series(link)->sample_count || !has_enough(link)) {
		agent_link_break(
			link,
			"a series ended with the wrong number of samples");
		return;
	}
	link->has_open_series = false;
}

/* The name under which a series is refused: a program's has a metric. */
static const char *refused_point(const char *workload, const char *point,
				 char *buf, size_t size)
{
	const struct workload *wl = workload_find(workload);

	if (wl && wl->unit == WL_UNIT_DOCUMENT)
		snprintf(buf, size, "%s/%s", point,
			 program_main_metric(workload));
	else
		snprintf(buf, size, "%s", point);
	return buf;
}

static const char *refused_unit(const char *workload, const char *point)
{
	const struct metric *m = metric_of_point(point);

	return m ? m->unit : unit_of(workload);
}

static void on_refusal(struct agent_link *link, const char *text,
		       enum run_status status)
{
	char workload[32], point[32], name[64];
	struct series *s;
	int at = 0;

	link->asked_ns = clock_mono_ns();
	if (sscanf(text, "%31s %31s %n", workload, point, &at) != 2 || !at) {
		agent_link_break(link, "a refusal is not well formed");
		return;
	}
	if (!has_open(link) && !take_item(link, workload, point_name(point))) {
		agent_link_break(link, "a refusal came that was not requested");
		return;
	}
	if (link->programs.is_open)
		program_log_drop(&link->programs);
	if (link->has_open_series) {
		s = open_series(link);
	} else {
		refused_point(workload, point_name(point), name, sizeof(name));
		s = result_add_series(link->res, workload, name,
				      refused_unit(workload, name));
	}
	link->has_open_series = false;
	s->status = status;
	s->sample_count = 0;
	snprintf(s->reason, sizeof(s->reason), "%s",
		 text[at] ? text + at : "no reason given");
	text_clean(s->reason);
}

/* What a guest says of itself; what is said of its VMM is for others to say. */
static void add_guests_lines(const char *text, struct strbuf *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		len += text[len] == '\n';
		if (strncmp(text, "vmm.", 4) != 0)
			strbuf_add(out, text, len);
		text += len;
	}
}

static void on_hello(struct agent_link *link, const char *text)
{
	struct strbuf identity = {0};

	if (link->state != LINK_WANTS_HELLO) {
		agent_link_break(link, "the agent said hello twice");
		return;
	}
	add_guests_lines(text, &identity);
	strbuf_puts(&identity, strbuf_str(&link->facts));
	link->res->identity = xstrdup(strbuf_str(&identity));
	strbuf_release(&identity);
	text_clean(link->res->identity);
	link->state = LINK_RUNNING;
	result_add_phase(link->res, "hello", clock_mono_ns());
	if (link->on_hello)
		link->on_hello(link->on_hello_arg,
			       link->programs.meter.machine);
	if (link->placement && !link->programs.is_native)
		placement_apply(link->placement,
				host_meter_machine(&link->programs.meter),
				&link->seen);
	/* A VMM of ours says it by an event. */
	if (link->env && link->env->net_backend[0])
		snprintf(link->programs.net_backend,
			 sizeof(link->programs.net_backend), "%s",
			 link->env->net_backend);
	send_job(link);
	link->asked_ns = clock_mono_ns();
}

static void on_done(struct agent_link *link)
{
	if (has_open(link) || link->state != LINK_RUNNING ||
	    !all_answered(link)) {
		agent_link_break(link, "the agent was done too early");
		return;
	}
	look_at_placement(link);
	if (link->placement)
		placement_look_at_memory(
			link->placement,
			host_meter_machine(&link->programs.meter), &link->seen);
	link->state = LINK_SHUTTING_DOWN;
	link->shutdown_ns = clock_mono_ns();
	send_frame(link, WIRE_SHUTDOWN, "");
}

static void on_frame(struct agent_link *link, const struct wire_frame *frame)
{
	char *text = xcalloc(1, frame->length + 1);

	memcpy(text, frame->payload, frame->length);
	if (frame->sequence != link->next_sequence++)
		agent_link_break(link, "a frame is missing");
	else if (frame->type == WIRE_HELLO)
		on_hello(link, text);
	else if (link->state != LINK_RUNNING)
		agent_link_break(link, "a frame came out of order");
	else if (frame->type == WIRE_SERIES)
		on_series(link, text);
	else if (frame->type == WIRE_SAMPLE)
		on_sample(link, text);
	else if (frame->type == WIRE_END)
		on_end(link, text);
	else if (frame->type == WIRE_SKIP)
		on_refusal(link, text, RUN_SKIPPED);
	else if (frame->type == WIRE_FAIL)
		on_refusal(link, text, RUN_WORKLOAD_FAILED);
	else if (frame->type == WIRE_MARK)
		on_mark(link, text);
	else if (frame->type == WIRE_OUTPUT)
		on_output(link, frame);
	else if (frame->type == WIRE_DONE)
		on_done(link);
	else
		agent_link_break(link, "a frame of the wrong kind came");
	free(text);
}

void agent_link_channel(struct agent_link *link, const void *bytes, size_t len)
{
	struct wire_frame frame;

	strbuf_add(&link->channel_in, bytes, len);
	while (link->state != LINK_BROKEN) {
		long used = wire_decode(strbuf_str(&link->channel_in),
					link->channel_in.len, &frame);

		if (used < 0)
			agent_link_break(link, "a damaged frame came");
		if (used <= 0)
			return;
		on_frame(link, &frame);
		strbuf_consume(&link->channel_in, (size_t)used);
	}
}

/* How the host was, beside what the machine itself measured. */
static void add_guard(struct agent_link *link)
{
	json_t *json = guard_to_json(&link->guard, link->machine_ns);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		result_add_document(link->res, GUARD_DOCUMENT, "", text);
	free(text);
	json_decref(json);
}

/* Where a hypervisor decides where vCPUs run, it may decide otherwise. */
static void add_placement(struct agent_link *link)
{
	const char *scheduler =
		link->scheduler[0] && !hv_scheduler_shows_cpu(link->scheduler)
			? link->scheduler
			: NULL;
	char *text, words[240];
	json_t *json;

	if (!link->placement || !link->seen.look_count)
		return;
	if (link->seen.error[0] && !scheduler) {
		result_fail(link->res, RUN_RUNNER_FAILED, "%s",
			    link->seen.error);
		/* Figures of threads that were elsewhere are none of this plan. */
		result_drop_series(link->res);
	}
	json = placement_to_json(link->placement, &link->seen, scheduler);
	text = json_dumps(json, JSON_COMPACT);
	result_add_document(link->res, PLACEMENT_DOCUMENT, "", text);
	free(text);
	placement_text(&link->seen, scheduler, words, sizeof(words));
	result_add_fact(link->res, "vmm.placement", words);
	json_decref(json);
}

void agent_link_finish(struct agent_link *link)
{
	size_t i, k;

	if (link->has_open_series) {
		struct series *s = open_series(link);

		s->status = RUN_RUNNER_FAILED;
		s->sample_count = 0;
		snprintf(s->reason, sizeof(s->reason),
			 "the machine ended within the series");
		link->has_open_series = false;
	}
	/* Once more and of all: now every stamp is here. */
	for (i = 0; i < link->res->series_count; i++)
		for (k = 0; k < link->res->series[i].sample_count; k++)
			judge_sample(link, link->res->series[i].workload,
				     &link->res->series[i].samples[k]);
	add_guard(link);
	program_log_finish(&link->programs, link->res);
	add_placement(link);
	free(link->res->console);
	link->res->console = xstrdup(strbuf_str(&link->console_in));
	text_clean(link->res->console);
}
