/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_LIMIT_SEARCH_H
#define HARNESS_CORE_LIMIT_SEARCH_H

/*
 * limit_search - the smallest limit that a test survives, by bisection over
 * real tries. Near the edge the result is random. So both sides of it are
 * tried again, and the answer is a bracket whose ends gave the same result
 * each time.
 */
#include <stddef.h>
#include <stdint.h>

struct err;

/* Tries of each end of the bracket that must agree. */
#define LIMIT_SEARCH_CONFIRM 3

struct limit_search {
	/* 1: it survived this limit; 0: it did not; a negative errno: the try
	 * failed, which ends the search. */
	int (*survives)(void *arg, uint64_t limit_bytes, struct err *err);
	void *arg;
	uint64_t step_bytes; /* what the bracket is narrowed to */

	/* Before: a limit that surely fails, and one that should survive.
	 * After: the largest that failed each time and the smallest that
	 * never did. */
	uint64_t low_bytes, high_bytes;
	uint64_t max_bytes; /* of what is tried when HIGH fails */
	size_t try_count;
};

/* 0; -ERANGE when it does not survive MAX_BYTES; or what survives() said. */
int limit_search_run(struct limit_search *s, struct err *err);

#endif
