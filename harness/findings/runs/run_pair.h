/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_RUN_PAIR_H
#define HARNESS_FINDINGS_RUN_PAIR_H

/*
 * run_pair - compares run B with run A, if they are comparable. Guests are
 * compared as a ratio of ratios, each to native on its own host. Native is
 * compared directly, which shows how the hosts differ. No comparison was
 * registered before: the p values are Benjamini and Hochberg's, and the
 * verdicts exploratory.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/margin.h"
#include "harness/stats/ratio.h"
#include "harness/verdict/comparable.h"

struct model;
struct model_row;

struct run_pair_options {
	const char *runner_a, *runner_b; /* NULL: all, each with itself */
	double margin;                   /* not worse by; 0: no verdicts */
	bool is_forced;                  /* numbers even if not comparable */
};

struct run_pair_row {
	const struct model_row *row; /* of A; borrowed */
	const char *runner_a, *runner_b;
	struct ratio a, b;       /* to native of its own host; NaN natively */
	struct ratio ratio;      /* B over A */
	double p;                /* of no difference, corrected; NaN: none */
	size_t count_a, count_b; /* blocks, natively boots */
	struct margin_test test;
	enum verdict verdict;
	const char *reason; /* why there is no verdict; NULL */
};

struct run_pair {
	const struct model *a, *b; /* borrowed */
	struct run_pair_options options;
	struct differences differences;
	struct run_pair_row *rows; /* owned; none if it was refused */
	size_t row_count;
	bool is_refused; /* not comparable, and not forced */
};

void run_pair_init(struct run_pair *p, const struct model *a,
		   const struct model *b, const struct run_pair_options *o);
void run_pair_release(struct run_pair *p);

/* Blocks, or boots where both are native, of the run that has fewer. */
size_t run_pair_least_count(const struct run_pair_row *r);

/* Of all rows together: FAIL before UNDECIDED before NOT EVALUABLE. */
enum verdict run_pair_verdict(const struct run_pair *p);

#endif
