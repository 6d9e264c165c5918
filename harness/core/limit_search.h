/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CORE_LIMIT_SEARCH_H
#define HARNESS_CORE_LIMIT_SEARCH_H

/*
 * limit_search - the smallest limit that something survives, by bisection over
 * real tries. Near the edge chance decides; so both sides of it are tried
 * again, and the answer is a bracket whose ends always behaved.
 */
#include <stddef.h>
#include <stdint.h>

struct err;

/* Tries of each end of the bracket that must agree. */
#define LIMIT_SEARCH_CONFIRM 3

struct limit_search {
	/* 1: it survived a limit of so much; 0: it did not; a negative errno:
	 * nobody knows, which ends the search. */
	int (*survives)(void *arg, uint64_t limit_bytes, struct err *err);
	void *arg;
	uint64_t step_bytes; /* what the bracket is narrowed to */

	/* Before: what surely fails, what is expected to survive. After: the
	 * largest that failed each time and the smallest that never did. */
	uint64_t low_bytes, high_bytes;
	uint64_t max_bytes; /* of what is tried when HIGH fails */
	size_t try_count;
};

/* 0; -ERANGE when it does not survive MAX_BYTES; or what survives() said. */
int limit_search_run(struct limit_search *s, struct err *err);

#endif
