/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_H
#define RUNNERS_MACHINE_H

/*
 * machine - what every runner shares: one child process with an agent in it
 * or behind it, from its start to its end.
 */
#include <stdbool.h>
#include <sys/types.h>

struct bench_case;
struct io_site;
struct vsock_listener;
struct result;
struct watch;

/* What the child tells beside the agent's channel. */
enum machine_events {
	MACHINE_EVENTS_NONE, /* an agent alone */
	MACHINE_EVENTS_VMM,  /* ours: stamps, counts, the end */
	MACHINE_EVENTS_QMP,  /* a socket for lines both ways, see on_event */
};

struct machine_spec {
	const char *const *argv;    /* NULL-terminated */
	const struct io_site *site; /* borrowed; NULL: no disk, no network */
	const struct vsock_listener *vsock; /* borrowed; NULL: not there */
	enum machine_events events;
	bool reads_kvm;            /* KVM counts this machine's exits */
	const struct watch *watch; /* borrowed; NULL: nobody watches */
	int (*prepare)(void *arg); /* see struct proc_spec; NULL: enter the
				    * site's network */
	void *prepare_arg;
	const char *(*on_event)(void *arg, pid_t pid,
				const char *line); /* QMP only */
	void *on_event_arg;
	int *qmp_fd; /* QMP only: where to write to */
	void (*on_hello)(void *arg, pid_t pid); /* optional */
	void *on_hello_arg;
};

/* The numbers of the descriptors that the child finds open. */
#define MACHINE_CHANNEL_FD 3
#define MACHINE_EVENTS_FD 4
#define MACHINE_TAP_FD 5 /* where the site has an open one */

/* Run BC to its end and fill RES; never fails by itself. */
void machine_run(const struct machine_spec *spec, const struct bench_case *bc,
		 struct result *res);

#endif
