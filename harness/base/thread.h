/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_THREAD_H
#define HARNESS_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A thread whose stack has STACK_BYTES. Less than a huge page, 2 MiB, is
 * meant: the kernel backs a default stack with one where it gives them
 * freely, which would be most of the VMM's own memory. 0, or a negative
 * errno; the caller joins it.
 */
int thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
		 void *arg);

/*
 * How long the calling thread has had to wait for a CPU while it could have
 * run, since it began (proc(5), schedstat): what others took from it. Sleeping
 * is not waiting. 0 where the kernel does not say.
 */
struct thread_wait {
	pid_t tid; /* whose file is open; 0: none's */
	int fd;
};

uint64_t thread_wait_ns(struct thread_wait *w);
void thread_wait_close(struct thread_wait *w);

#endif
