/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_OVERHEAD_TEXT_H
#define REPORTS_TEXT_OVERHEAD_TEXT_H

/* overhead_text - KubeVirt's figures of guests for people: all of one guest, a
 * line for each of several, the sums, and what a second release changes. */
#include <stdbool.h>
#include <stddef.h>

struct survey;

struct overhead_text {
	struct survey *survey; /* borrowed */
	/* The writer's own. */
	size_t row_count;
	char *whole, *row; /* of the first guest */
};

/* Sets the survey's callbacks. Prints to stdout, errors to stderr. */
void overhead_text_begin(struct overhead_text *o);
/* IS_INCOMPLETE: not all of the input was read. */
void overhead_text_end(struct overhead_text *o, bool is_incomplete);

#endif
