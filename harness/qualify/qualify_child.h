/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_QUALIFY_QUALIFY_CHILD_H
#define HARNESS_QUALIFY_QUALIFY_CHILD_H

/* qualify_child - one command under a time limit, whatever it does. */
#include <stdbool.h>
#include <stdint.h>

struct err;
struct strbuf;

struct child_end {
	bool is_late;    /* it passed LIMIT_NS */
	bool is_stopped; /* *STOP became true before it ended */
	int exit_status; /* -1: killed */
	uint64_t elapsed_ns;
};

/*
 * Run WORDS with nothing to read, and append the last of what it prints to
 * OUTPUT. At the limit it is asked to end (SIGTERM, to its whole group), then
 * killed. 0, or a negative errno where it could not be started.
 */
int child_run(char *const *words, uint64_t limit_ns, const volatile bool *stop,
	      struct strbuf *output, struct child_end *end, struct err *err);

#endif
