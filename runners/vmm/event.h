/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_EVENT_H
#define RUNNERS_VMM_EVENT_H

/*
 * event - the VMM's reports to the harness while a guest runs: lines of text on
 * `--events-fd`, written and read only here.
 *
 *   phase NAME MONO_NS
 *   stamp SECTION BEGIN_MONO_NS END_MONO_NS WAITED_NS
 *                             the last: that others had the vCPU's CPU
 *   exit_cost NS              longest of the calibration writes so far
 *   ledger VCPU KIND COUNT HANDLED_NS
 *   count NUMBER NAME VALUE   what had been counted when the guest said NUMBER
 *   each NUMBER NS NS ...     what each exit of a section took
 *   device net BACKEND
 *   fact NAME TEXT            of the hypervisor, for the guest's identity
 *   place RIP DISK_REQUESTS   of vCPU 0, when somebody asked
 *   end HOW DETAIL
 *   error REASON
 *
 * Times are of CLOCK_MONOTONIC. Writers take the stream, which may be NULL without
 * a reader; they do not flush it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum event_kind {
	EVENT_PHASE,      /* name, ns */
	EVENT_STAMP,      /* number, begin_ns, ns for its end, waited_ns */
	EVENT_EXIT_COST,  /* ns */
	EVENT_LEDGER,     /* number of the vCPU, name, count, ns */
	EVENT_COUNT,      /* number, name, count */
	EVENT_EACH,       /* number, text: for event_next_ns() */
	EVENT_DEVICE_NET, /* name */
	EVENT_FACT,       /* name, text */
	EVENT_PLACE,      /* rip, count */
	EVENT_END,        /* text, of both */
	EVENT_ERROR,
};

struct event {
	enum event_kind kind;
	uint32_t number;
	char name[32];
	uint64_t ns, begin_ns, waited_ns;
	uint64_t count, rip;
	const char *text; /* into the line */
};

/* False for a line of none of these kinds, or one that is not whole. */
bool event_parse(const char *line, struct event *event);

/* The next time of an EVENT_EACH, which *TEXT then stands behind. */
bool event_next_ns(const char **text, uint64_t *ns);

void event_phase(FILE *out, const char *name, uint64_t mono_ns);
void event_stamp(FILE *out, uint32_t section, uint64_t begin_ns,
		 uint64_t end_ns, uint64_t waited_ns);
void event_exit_cost(FILE *out, uint64_t ns);
void event_ledger(FILE *out, uint32_t vcpu, const char *kind, uint64_t count,
		  uint64_t handled_ns);
/* NAME is printed by its format: "exit.%s", "disk%u.requests". */
void event_count(FILE *out, uint32_t number, uint64_t value, const char *name,
		 ...) __attribute__((format(printf, 4, 5)));
void event_each_begin(FILE *out, uint32_t number);
void event_each_add(FILE *out, uint64_t ns);
void event_each_end(FILE *out);
void event_device_net(FILE *out, const char *backend);
void event_fact(FILE *out, const char *name, const char *text);
void event_place(FILE *out, uint64_t rip, uint64_t disk_requests);
void event_end(FILE *out, const char *how, const char *detail);

/* The same, and sent; "events_lost" in place of HOW if any event before could not
 * be sent: its counts would pass for small ones. False then. */
bool event_finish(FILE *out, const char *how, const char *detail);
void event_error(FILE *out, const char *reason);

#endif
