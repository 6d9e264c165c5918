/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SANDBOX_SANDBOX_PRIV_H
#define RUNNERS_VMM_SANDBOX_SANDBOX_PRIV_H

/* The parts of a sandbox, for sandbox.c and their tests. Each returns 0 or a
 * negative errno, and leaves what could not be changed as it was. */
#include <stddef.h>

#include "runners/vmm/sandbox/rules.h"

/* A mask of what namespaces_leave() got. */
#define NAMESPACE_USER (1u << 0)
#define NAMESPACE_MOUNT (1u << 1)
#define NAMESPACE_NET (1u << 2)
#define NAMESPACE_PID (1u << 3)
#define NAMESPACE_ALL 0xfu

/*
 * New namespaces for the calling process, which must have one thread, and an
 * empty folder that cannot be written to as its root. *GOT is a mask; the result
 * is the reason why the first of those that are absent is.
 */
int namespaces_leave(unsigned int *got);

/* "user+mount+net", of MASK. */
void namespaces_text(unsigned int mask, char *text, size_t size);

/* Of the calling thread and those that it starts: every capability, also of
 * programs. */
int capabilities_drop(void);

/* Landlock's version; negative without it. */
int landlock_version(void);

/* Rules that permit nothing, for landlock_enter(): a descriptor. */
int landlock_open(int version);

/* For the calling thread and those that it starts; needs no new privileges. */
int landlock_enter(int ruleset_fd);

/* The filter of KIND for the calling thread and those that it starts. */
int filter_enter(enum sandbox_calls calls, enum sandbox_thread kind);

/* What a call is called; NULL: not known. */
const char *filter_call_name(int number);

/*
 * Once per process: a forbidden call is reported as "error the VMM was stopped
 * by its sandbox: system call NAME in the KIND thread" to EVENTS_FD, which may
 * be -1, and to stderr. Then the process ends with TRAP_EXIT_STATUS.
 */
#define TRAP_EXIT_STATUS 15
int trap_set(int events_fd);

/* Of the calling thread, for that report. */
void trap_set_kind(enum sandbox_thread kind);

#endif
