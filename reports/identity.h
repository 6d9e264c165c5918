/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_IDENTITY_H
#define REPORTS_IDENTITY_H

/*
 * identity - what the machines of a run said of themselves, compared. The
 * word "identical" is used only where guests were compared and differ in
 * nothing outside the written list of differences that cannot be avoided.
 */
#include <stdbool.h>
#include <stddef.h>

struct model;

struct identity_diff_row {
	char key[64];
	char *values[8];      /* owned; one a runner, NULL where it is absent */
	size_t seen_count[8]; /* boots of that runner that reported it */
	bool is_unavoidable;
};

struct identity_diff {
	struct identity_diff_row *rows; /* owned */
	size_t row_count;
	size_t guest_runner_count;
	size_t compared_count; /* keys that any guest reported */
	size_t boot_count[8];  /* boots of each runner that said hello */
	size_t unstable_count; /* keys that changed between boots of one runner */
	size_t guest_difference_count; /* between guests, avoidable ones */
};

void identity_diff_init(struct identity_diff *diff, const struct model *m);
void identity_diff_release(struct identity_diff *diff);

/* One sentence that says how far the word "identical" may be used. */
const char *identity_verdict(const struct identity_diff *diff, char *buf,
			     size_t size);

#endif
