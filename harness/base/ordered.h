/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_ORDERED_H
#define HARNESS_BASE_ORDERED_H

/*
 * ordered - the same work on many items, by several threads, and what came of it in
 * the order of the items: nothing depends on how many threads there were.
 */
#include <stddef.h>

/* More threads than that are not used. */
#define ORDERED_MAX_THREADS 16

struct ordered {
	size_t count;
	/* On any thread, with others at work on other items. THREAD counts from 0, and
	 * no two threads have one number. */
	void *(*make)(void *arg, size_t at, unsigned int thread);
	/* On the caller's thread, in order, and now the owner of MADE. Not 0: no more
	 * items are wanted. */
	int (*take)(void *arg, size_t at, void *made);
	void (*drop)(void *made); /* instead of take, of what is not wanted */
	/* So many items for each thread may be made before the one that is taken next;
	 * 0: a few. More where one item may take as long as many. */
	size_t ahead_of_each;
	void *arg;
};

/* As many as there are CPUs to run on. */
unsigned int ordered_threads(void);

/* What TAKE returned last. All threads have ended then; threads that cannot be started
 * are done without. */
int ordered_run(const struct ordered *o, unsigned int thread_count);

#endif
