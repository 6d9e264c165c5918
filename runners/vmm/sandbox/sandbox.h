/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SANDBOX_SANDBOX_H
#define RUNNERS_VMM_SANDBOX_SANDBOX_H

/*
 * sandbox - what the VMM's process can no longer do once its machine is made,
 * so that a guest that takes the VMM over gains little (docs/sandbox.md).
 *
 * One sandbox per process. The order of calls:
 *
 *   sandbox_init()      main thread, before the machine
 *   sandbox_isolate()   main thread alone, with everything opened: namespaces,
 *                       an empty root, no capabilities
 *   sandbox_thread_start()  threads, each of which calls sandbox_enter()
 *                       before it serves the guest: Landlock, and the system
 *                       calls of its kind
 *   sandbox_seal()      main thread: all threads are in, and so is this one.
 *                       What could not be had is now known
 *   sandbox_go()        lets the threads out of sandbox_enter()
 *
 * Without sandbox_init(), or with SANDBOX_OFF, every call does nothing and
 * succeeds: tests and fuzzers use devices without a sandbox.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "runners/vmm/sandbox/rules.h"

struct err;
struct thread_wait;

enum sandbox_mode {
	SANDBOX_OFF,
	SANDBOX_ON,       /* what this host permits */
	SANDBOX_REQUIRED, /* all of it, or no guest */
};

/*
 * CALLS: the hypervisor's. EVENTS_FD: a call that the sandbox stops is reported
 * there and on stderr; -1: on stderr alone. HAS_SECCOMP is false where a library
 * makes other calls than the program's.
 */
struct sandbox_config {
	enum sandbox_mode mode;
	enum sandbox_calls calls;
	int events_fd;
	bool has_seccomp;
};

void sandbox_init(const struct sandbox_config *cfg);
bool sandbox_is_on(void);

/* Leaves the host's namespaces and file system, and every capability. A network
 * card's thread that is started later comes from a thread that is started here,
 * with WANTS_STARTER. */
int sandbox_isolate(bool wants_starter, struct err *err);

/* Opens W, whose file is gone once sandbox_seal() was called. */
void sandbox_open_wait(struct thread_wait *w);

/* The calling thread becomes one of KIND, for good. One that was started before
 * sandbox_seal() waits here for sandbox_go(). */
void sandbox_enter(enum sandbox_thread kind);

/* Waits for the threads. An error with SANDBOX_REQUIRED, when something could not
 * be had. */
int sandbox_seal(struct err *err);

/* "seccomp, landlock 4, no capabilities, user+mount+net namespaces; not: ..."
 * or "off". Whole after sandbox_seal(). */
const char *sandbox_text(void);

void sandbox_go(void);

/* Before sandbox_seal(): an io_uring was made. RET: 0, or the negative errno for
 * which it has no restrictions; the sandbox then lacks "restricted io_uring". */
void sandbox_note_ring(int ret);

/* As thread_start(), also from a thread that may start none. */
int sandbox_thread_start(pthread_t *thread, size_t stack_bytes,
			 void *(*run)(void *), void *arg);

/* Ends the starter's thread; main thread, after every device. */
void sandbox_release(void);

#endif
