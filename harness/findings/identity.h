/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_IDENTITY_H
#define HARNESS_FINDINGS_IDENTITY_H

/*
 * identity - compares what the machines of a run reported about themselves.
 * Reports use the word "identical" only if guests were compared and differ
 * only in the written list of unavoidable differences. Only boots of one kind
 * are compared: under every runner a boot for storage has a disk, a boot for
 * the CPU has none.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/core/result.h"

struct model;

struct identity_diff_row {
	char *key;                 /* owned; whole, as the values */
	enum machine_kind machine; /* of the boots compared */
	uint32_t same_machines; /* bits: boots of these kinds report the same */
	char *values[8];      /* owned; one per runner, NULL if it is absent */
	size_t seen_count[8]; /* boots of that runner that reported it */
	bool is_unstable[8];  /* its boots differ */
	bool is_unavoidable;
};

struct identity_diff {
	struct identity_diff_row *rows; /* owned */
	size_t row_count;
	size_t guest_runner_count;
	size_t compared_count; /* keys that any guest reported, by machine */
	size_t unstable_count; /* of these, by runner: changed between boots */
	size_t guest_difference_count; /* between guests, avoidable ones */
	/* Boots of each runner that reported their identity. */
	size_t boot_count[MACHINE_KIND_COUNT][8];
};

void identity_diff_init(struct identity_diff *diff, const struct model *m);
void identity_diff_release(struct identity_diff *diff);

/* "with a disk" */
const char *identity_machine_name(enum machine_kind machine);

/* " (with a disk)", or "" if the row is the same for all boots. */
const char *identity_row_scope(const struct identity_diff *diff,
			       const struct identity_diff_row *row, char *buf,
			       size_t size);

/* One sentence: whether the guests are identical, and in how many values. */
const char *identity_verdict(const struct identity_diff *diff, char *buf,
			     size_t size);

#endif
