/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_IDENTITY_H
#define HARNESS_FINDINGS_IDENTITY_H

/*
 * identity - what the machines of a run said of themselves, compared. The
 * word "identical" is used only where guests were compared and differ in
 * nothing outside the written list of differences that cannot be avoided.
 * Like is compared with like: a boot for storage has a disk that one for the
 * CPU has not, under every runner.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/result.h"

struct model;

struct identity_diff_row {
	char key[64];
	enum machine_kind machine; /* of the boots compared */
	uint32_t same_machines;    /* bits: such boots say just the same */
	char *values[8];      /* owned; one a runner, NULL where it is absent */
	size_t seen_count[8]; /* boots of that runner that reported it */
	bool is_unstable[8];  /* not all its boots say the same */
	bool is_unavoidable;
};

struct identity_diff {
	struct identity_diff_row *rows; /* owned */
	size_t row_count;
	size_t guest_runner_count;
	size_t compared_count; /* keys that any guest reported, by machine */
	size_t unstable_count; /* of these, by runner: changed between boots */
	size_t guest_difference_count; /* between guests, avoidable ones */
	/* Boots of each runner that said what they are. */
	size_t boot_count[MACHINE_KIND_COUNT][8];
};

void identity_diff_init(struct identity_diff *diff, const struct model *m);
void identity_diff_release(struct identity_diff *diff);

/* "with a disk" */
const char *identity_machine_name(enum machine_kind machine);

/* " (with a disk)", or "" where the row says the same of all boots. */
const char *identity_row_scope(const struct identity_diff *diff,
			       const struct identity_diff_row *row, char *buf,
			       size_t size);

/* One sentence that says how far the word "identical" may be used. */
const char *identity_verdict(const struct identity_diff *diff, char *buf,
			     size_t size);

#endif
