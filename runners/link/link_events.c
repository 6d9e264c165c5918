// SPDX-License-Identifier: GPL-3.0-or-later
/* The agent link's handling of a VMM's events. */
#include <stdio.h>
#include <string.h>

#include "harness/base/xmalloc.h"
#include "harness/core/result.h"
#include "runners/link/agent_link.h"
#include "runners/measure/watch.h"
#include "runners/vmm/event.h"

#define MAX_STAMPS 1000000u
#define MAX_PHASES 64u
/* More than every kind of exit of the largest machine. */
#define MAX_EXIT_ROWS 4096u
#define MAX_FACT_BYTES 4096u
#define MAX_EVENT_BYTES 4096u

static void take_stamp(struct agent_link *link, const struct event *e)
{
	if (link->stamp_count >= MAX_STAMPS)
		return;
	link->stamps = xrealloc(link->stamps, link->stamp_count + 1,
				sizeof(*link->stamps));
	link->stamps[link->stamp_count++] =
		(struct link_stamp){.section = e->number,
				    .begin_ns = e->begin_ns,
				    .end_ns = e->ns,
				    .waited_ns = e->waited_ns};
}

static void take_ledger(struct agent_link *link, const struct event *e)
{
	struct exit_row *row;

	if (link->res->exit_count >= MAX_EXIT_ROWS)
		return;
	row = result_add_exit(link->res);
	row->vcpu = e->number;
	row->count = e->count;
	row->handled_ns = e->ns;
	snprintf(row->kind, sizeof(row->kind), "%.15s", e->name);
}

static void take_phase(struct agent_link *link, const struct event *e)
{
	if (!strcmp(e->name, "held"))
		watch_stopped(link->watch, WATCH_STARTED,
			      link->programs.meter.machine);
	else if (link->res->phase_count < MAX_PHASES)
		result_add_phase(link->res, e->name, e->ns);
}

static void take_line(struct agent_link *link, const char *line)
{
	struct event e;

	if (!event_parse(line, &e))
		return;
	switch (e.kind) {
	case EVENT_PHASE:
		take_phase(link, &e);
		break;
	case EVENT_STAMP:
		take_stamp(link, &e);
		break;
	case EVENT_EXIT_COST:
		link->res->exit_cost_ns = e.ns;
		break;
	case EVENT_LEDGER:
		take_ledger(link, &e);
		break;
	case EVENT_COUNT:
		program_log_count(&link->programs, &e);
		break;
	case EVENT_EACH:
		program_log_each(&link->programs, &e);
		break;
	case EVENT_DEVICE_NET:
		snprintf(link->programs.net_backend,
			 sizeof(link->programs.net_backend), "%.15s", e.name);
		break;
	case EVENT_FACT:
		if (link->facts.len < MAX_FACT_BYTES)
			strbuf_printf(&link->facts, "\nvmm.%s=%s", e.name,
				      e.text);
		break;
	case EVENT_PLACE:
		link->place = (struct guest_place){.knows_rip = true,
						   .rip = e.rip,
						   .knows_requests = true,
						   .disk_requests = e.count};
		break;
	case EVENT_END:
	case EVENT_ERROR:
		snprintf(link->end, sizeof(link->end), "%s", e.text);
	}
}

static void take_event(struct agent_link *link, const char *line)
{
	const char *reason;

	if (!link->on_event) {
		take_line(link, line);
		return;
	}
	reason = link->on_event(link->on_event_arg,
				link->programs.meter.machine, line);
	if (reason)
		agent_link_break(link, reason);
}

/* A VMM that its guest has taken over may write without end; no line of ours
 * is this long. */
static void check_rest(struct agent_link *link)
{
	if (link->events_in.len <= MAX_EVENT_BYTES)
		return;
	strbuf_consume(&link->events_in, link->events_in.len);
	agent_link_break(link, "an event of the VMM has no end");
}

void agent_link_events(struct agent_link *link, const void *bytes, size_t len)
{
	char *nl;

	strbuf_add(&link->events_in, bytes, len);
	while (link->events_in.len &&
	       (nl = memchr(link->events_in.str, '\n', link->events_in.len))) {
		*nl = '\0';
		take_event(link, link->events_in.str);
		strbuf_consume(&link->events_in,
			       (size_t)(nl - link->events_in.str) + 1);
	}
	check_rest(link);
}
