/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_CLI_PROGRESS_H
#define HARNESS_CLI_PROGRESS_H

/*
 * progress - how far a run is, on stderr: a bar with the time left on a
 * terminal, a plain line per case elsewhere. How long the rest takes is the
 * forecast's to say.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct forecast;

struct progress {
	size_t done_count;
	size_t total_count;
	uint64_t case_began_ns;
	struct forecast *forecast; /* borrowed */
	bool is_terminal;
	char what[64]; /* the case that runs now */
};

/* Cases end in the order of FORECAST's schedule. */
void progress_init(struct progress *p, struct forecast *forecast);

/* A case begins. */
void progress_begin(struct progress *p, const char *what);

/* Redraw; cheap enough to be called a few times a second. */
void progress_tick(void *progress);

/* A case ended with this outcome. */
void progress_end(struct progress *p, const char *outcome);
void progress_finish(struct progress *p);

#endif
