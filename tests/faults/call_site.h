/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_FAULTS_CALL_SITE_H
#define TESTS_FAULTS_CALL_SITE_H

#include <stdbool.h>
#include <sys/types.h>

struct call;
struct seccomp_data;

/*
 * call_site - which program makes a system call, and from where in its code.
 *
 * All functions read another process that waits in the call, through /proc.
 */
struct call_site {
	const char *role; /* "bench", "worker", "vmm", "agent"; static */
	char hash
		[20]; /* of the call's number and FRAMES: the same in every run */
	char frames
		[96]; /* " 0x1a2b 0x...": addresses for addr2line, inmost first */
};

/* False for a program that is not ours, and for a call from one of the
 * libraries SKIP, a list that NULL ends. */
bool call_site_get(pid_t tid, const struct seccomp_data *data,
		   const char *const *skip, struct call_site *site);

/* The file or path that the call is about; static, "" where there is none. */
const char *call_site_subject(pid_t tid, const struct call *c,
			      const struct seccomp_data *data);

/* The command line of a process; static. */
const char *call_site_command(pid_t pid);

pid_t call_site_tgid(pid_t tid);

#endif
