/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_MEASURE_WATCH_H
#define RUNNERS_MEASURE_WATCH_H

/*
 * watch - a watcher that reads a machine's memory at three moments, and the
 * limits of its process. The guest and its VMM wait while their memory is
 * read.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum watch_moment {
	WATCH_STARTED, /* the VMM has built the machine, no guest code has run */
	WATCH_READY,   /* the guest has booted and waits */
	WATCH_TOUCHED, /* the guest has used all its memory */
	WATCH_GONE, /* its process has ended; not reported, see machine_run() */
	WATCH_MOMENT_COUNT,
};

/* One of the processes of a guest. */
struct watch_process {
	const char *role; /* "vmm"; under libvirt "virtqemud" and others too */
	pid_t pid;
};

#define WATCH_MAX_PROCESSES 4

struct watch {
	void (*at)(void *arg, enum watch_moment moment,
		   const struct watch_process *processes, size_t count);
	void *arg;
	int procs_fd; /* of the cgroup it is to be in; -1: none */
	bool has_memlock;
	uint64_t memlock_bytes; /* RLIMIT_MEMLOCK of a process that may not
				 * pass it, as a pod's may not */
};

const char *watch_moment_name(enum watch_moment moment);

/* W may be NULL in all of these; PID is the VMM's. */
void watch_at(const struct watch *w, enum watch_moment moment, pid_t pid);

/* The same for a process that waits for SIGCONT to be looked at: it is stopped for
 * that, and goes on afterwards. */
void watch_stopped(const struct watch *w, enum watch_moment moment, pid_t pid);

/* In the child, before exec: async-signal-safe. 0 or a negative errno. */
int watch_enter(const struct watch *w);

#endif
