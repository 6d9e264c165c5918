/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_LIBVIRT_LIBVIRT_DAEMON_H
#define RUNNERS_LIBVIRT_LIBVIRT_DAEMON_H

/* libvirt_daemon - libvirt's daemons: which are here, and one of our own. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* What a daemon's children inherit, as in a pod. */
struct libvirt_limits {
	int procs_fd; /* of the guest's cgroup; -1: none */
	bool has_memlock;
	uint64_t memlock_bytes;
};

/* The daemon's name, "virtqemud" or "libvirtd"; NULL: neither is here. */
const char *libvirt_daemon_name(void);

/* Where a running daemon answers, or NULL: none runs here. */
const char *libvirt_daemon_socket(void);

/* PROGRAM in the guest's cgroup, and, where there is a limit, without the right
 * to pass it. Its output is ours. */
int libvirt_daemon_start(const struct libvirt_limits *l, const char *program,
			 pid_t *pid, struct err *err);

/* RLIMIT_MEMLOCK from outside, as virt-handler sets it. */
int libvirt_daemon_limit(const struct libvirt_limits *l, pid_t daemon,
			 struct err *err);

#endif
