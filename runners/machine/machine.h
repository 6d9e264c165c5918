/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_MACHINE_H
#define RUNNERS_MACHINE_MACHINE_H

/*
 * machine - the part that all runners share: one child process that is or
 * contains an agent, from its start to its end.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_case;
struct guest_place;
struct io_site;
struct vsock_listener;
struct result;
struct watch;

/* The child's outputs besides the agent's channel. */
enum machine_events {
	MACHINE_EVENTS_NONE, /* an agent alone */
	MACHINE_EVENTS_MUTE, /* a VMM that has a console alone: neither
			      * this nor the channel, its agent calls */
	MACHINE_EVENTS_VMM,  /* ours: stamps, counts, the end */
	MACHINE_EVENTS_QMP,  /* a socket for lines both ways, see on_event */
};

/* How a machine ended, for callers that must act on it. */
enum machine_end {
	MACHINE_END_DONE,       /* every item was answered */
	MACHINE_END_HYPERVISOR, /* the hypervisor stopped it */
	MACHINE_END_DIED,       /* any other way to end too early */
	MACHINE_END_POINT_LATE, /* one point passed its limit */
	MACHINE_END_LATE,       /* the case passed its own */
	MACHINE_END_BROKEN,     /* the agent broke a rule of the channel */
};

struct machine_outcome {
	enum machine_end end;
	/* Of the case: what the agent was at; item_count: nothing. */
	size_t item;
	char detail[200]; /* the VMM's text; "" if it has none */
};

struct machine_spec {
	const char *const *argv;    /* NULL-terminated */
	const struct io_site *site; /* borrowed; NULL: no disk, no network */
	const struct vsock_listener *vsock; /* borrowed; NULL: not there */
	enum machine_events events;
	uint64_t point_limit_ns; /* see struct agent_link */
	bool reads_kvm;          /* KVM counts this machine's exits */
	const pid_t *vmm; /* the VMM's process, if not the child; or NULL */
	bool is_on_mshv;  /* under the hypervisor's scheduler */
	const struct watch *watch; /* borrowed; NULL: nobody watches */
	int (*prepare)(void *arg); /* see struct proc_spec; optional */
	void *prepare_arg;
	const char *(*on_event)(void *arg, pid_t pid,
				const char *line); /* QMP only */
	void *on_event_arg;
	int *qmp_fd; /* QMP only: where to write to */
	void (*on_hello)(void *arg, pid_t pid); /* optional */
	void *on_hello_arg;
	/* Make the VMM tell where its guest is; returns the VMM's own pid. NULL:
	 * it cannot. The answer comes to PLACE, or if it is NULL as an event of
	 * our VMM. */
	pid_t (*ask_place)(void *arg, pid_t pid);
	void *ask_place_arg;
	const struct guest_place *place;
	const char *console_path; /* the guest's, if not the stream; or NULL */
	struct machine_outcome *outcome; /* filled in; may be NULL */
};

/* The numbers of the descriptors that the child finds open. */
#define MACHINE_CHANNEL_FD 3
#define MACHINE_EVENTS_FD 4
#define MACHINE_TAP_FD 5 /* where the site has an open one */

/* Run BC to its end and fill RES; never fails by itself. */
void machine_run(const struct machine_spec *spec, const struct bench_case *bc,
		 struct result *res);

#endif
