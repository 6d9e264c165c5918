/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNNERS_VMM_SANDBOX_STARTER_H
#define RUNNERS_VMM_SANDBOX_STARTER_H

/*
 * starter - a thread that starts those of network cards. A thread inherits the
 * filter of the one that made it, so that a vCPU's could not make a card's; this
 * one has the calls of its children, and serves no guest.
 */
#include <pthread.h>
#include <stddef.h>

/* Main thread. 0, or a negative errno. */
int starter_open(void);
void starter_close(void);

/* From any thread; waits for the start. As thread_start(). */
int starter_ask(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
		void *arg);

#endif
