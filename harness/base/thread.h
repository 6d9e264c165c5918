/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_THREAD_H
#define HARNESS_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * A thread whose stack has STACK_BYTES. Less than a huge page, 2 MiB, is
 * meant: the kernel backs a default stack with one where it gives them
 * freely, which would be most of the VMM's own memory. 0, or a negative
 * errno; the caller joins it.
 */
int thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
		 void *arg);

#endif
