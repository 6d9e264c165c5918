/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_RUN_PLAN_H
#define HARNESS_FINDINGS_RUN_PLAN_H

/*
 * run_plan - the parts of a stored run's plan that findings need.
 */
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"

struct claims;

struct run_plan {
	/* 0: the plan does not say. */
	uint64_t block_count;
	uint64_t io_block_count;   /* of boots with a disk or a network */
	uint64_t look_count;       /* interim looks and the last one */
	uint64_t more_block_count; /* at most, of series with two modes */
	char *command;             /* owned; NULL: it was not stored */
	struct claims *claims;     /* owned; registered with it; NULL: none */
	struct err err;            /* the plan, or its claims, cannot be read */
};

/* TEXT is the stored plan; fields that it lacks stay unset. */
void run_plan_init(struct run_plan *p, const char *text);
void run_plan_release(struct run_plan *p);

#endif
