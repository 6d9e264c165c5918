/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_PROC_H
#define HARNESS_BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct strbuf;

/*
 * proc - child processes that never outlive us.
 *
 * A child gets its own process group, dies with its parent, and inherits
 * exactly the listed descriptors.
 */
struct proc_fd {
	int parent; /* -1: /dev/null */
	int child;  /* the number that the child sees */
};

struct proc_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up */
	const struct proc_fd *fds;
	int fd_count;
	/* Runs in the child before exec, async-signal-safe; may be NULL.
	 * A return below 0 is a negative errno that stops the start. */
	int (*prepare)(void *arg);
	void *prepare_arg;
	/* Process 1 of a PID namespace of its own, where the host permits it: who
	 * is not root gets a user namespace with it, in which it is the same
	 * user. Its pid here is as any other's. */
	bool wants_pid_ns;
};

/* 0 and the pid, or a negative errno: a failed exec is reported here. */
int proc_spawn(const struct proc_spec *spec, pid_t *pid, struct err *err);

/*
 * The same with pipes to its stdin and from its stdout; stderr is ours. Once
 * there are pipes both are the caller's, whether the start failed or not.
 */
int proc_spawn_piped(const char *const *argv, pid_t *pid, int *to_fd,
		     int *from_fd, struct err *err);

/*
 * Wait at most TIMEOUT_NS for the child, then SIGKILL its whole group, and wait
 * at most 20 s more. A child that the kernel cannot kill is abandoned.
 * Returns the wait status; never fails.
 */
int proc_reap(pid_t pid, uint64_t timeout_ns);

/*
 * The first line that a helper says, into LINE and without its end, within
 * TIMEOUT_MS of silence. 0, -ETIMEDOUT, -EPIPE when the helper has ended, or the
 * errno of a failed read.
 */
int proc_read_line(int fd, int timeout_ms, char *line, size_t size);

/* SIGKILL the group and reap. A pid of 0 or less is ignored. */
void proc_kill(pid_t pid);

/* "exited with status 3", "was killed by signal 9 (Killed)". */
const char *proc_status_text(int status, char *buf, size_t size);

/* Run to the end and collect stdout. 0, or -EIO when it did not exit 0. */
int proc_capture(const char *const *argv, const char *input, struct strbuf *out,
		 struct err *err);

/* The same, with the output on stderr. */
int proc_capture_all(const char *const *argv, struct strbuf *out,
		     struct err *err);

#endif
