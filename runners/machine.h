/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MACHINE_H
#define RUNNERS_MACHINE_H

/*
 * machine - what every runner shares: one child process with an agent in it
 * or behind it, from its start to its end.
 */
#include <stdbool.h>

struct bench_case;
struct result;

struct machine_spec {
	const char *const *argv;   /* NULL-terminated */
	bool is_vmm;               /* tells events and a console as well */
	int (*prepare)(void *arg); /* see struct proc_spec */
	void *prepare_arg;
};

/* The numbers of the descriptors that the child finds open. */
#define MACHINE_CHANNEL_FD 3
#define MACHINE_EVENTS_FD 4

/* Run BC to its end and fill RES; never fails by itself. */
void machine_run(const struct machine_spec *spec, const struct bench_case *bc,
		 struct result *res);

#endif
