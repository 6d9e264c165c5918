/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_THREAD_H
#define HARNESS_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A thread whose stack has STACK_BYTES, less than a huge page of 2 MiB. With
 * transparent huge pages always on, the kernel backs a default stack with a
 * huge page, which would be most of the VMM's own memory. 0, or a negative
 * errno; the caller joins it.
 */
int thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *),
		 void *arg);

/* What the calling thread is called in `top -H` and perf; 15 characters of it. */
void thread_set_name(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * The time that the calling thread has been runnable and waiting for a CPU
 * since it began (proc(5), schedstat). Sleeping does not count. 0 if the kernel
 * does not report it.
 */
struct thread_wait {
	pid_t tid; /* whose file is open; 0: none's */
	int fd;
};

/* For the calling thread, before it can open files no more. PROC_FD is the
 * folder of proc(5); -1: where it is mounted. */
void thread_wait_open(struct thread_wait *w, int proc_fd);

/* Opens the file of a thread that is not W's. */
uint64_t thread_wait_ns(struct thread_wait *w);
void thread_wait_close(struct thread_wait *w);

#endif
