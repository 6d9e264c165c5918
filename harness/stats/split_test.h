/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_SPLIT_TEST_H
#define HARNESS_STATS_SPLIT_TEST_H

/*
 * split_test - whether values that are split in two differ more than their
 * permutations do. All arrangements are counted where there are few. Otherwise
 * random ones are drawn until p is known to lie on one side of the level
 * (sampled_p.h), or SPLIT_TEST_DRAWS of them leave that open, and at least
 * SPLIT_TEST_PER_LEVEL / level, up to SPLIT_TEST_DRAWS_MAX. Their order follows from
 * SEED, the number of values and the place alone, so p is a function of the values
 * and the level: it does not change with what was tested before. Pure.
 */
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/energy.h"

/* All arrangements are counted up to this number, or to 50 / level. */
#define SPLIT_TEST_EXACT_MAX 50000
#define SPLIT_TEST_EXACT_PER_LEVEL 50
/* And up to this one, which takes seconds, where random ones leave it open. */
#define SPLIT_TEST_LAST_MAX 4000000
#define SPLIT_TEST_DRAWS 100000
#define SPLIT_TEST_PER_LEVEL 100
/* Below a level of 2e-5 what is left open stays so. */
#define SPLIT_TEST_DRAWS_MAX 5000000

struct split_p {
	double p;
	double low, high;  /* its interval; both are P where it is exact */
	size_t draws;      /* random permutations; 0: all were counted */
	bool is_undecided; /* the interval holds the level */
};

struct split_test {
	double level;
	size_t least; /* values on either side of a split */
	unsigned long seed;
	gsl_rng *rng;                /* owned, as all below */
	struct energy_tables tables; /* for all values, as is COPY's room */
	double *copy;
	size_t *chosen;
};

/* For tests of up to N values. */
void split_test_init(struct split_test *t, size_t n, double level, size_t least,
		     unsigned long seed);
void split_test_release(struct split_test *t);

/* The chance that permuted values have a best split as good as Q, theirs. */
struct split_p split_test_best(struct split_test *t, const double *values,
			       size_t n, double q);

/* The chance that permuted values differ as much before and from INDEX on. */
struct split_p split_test_place(struct split_test *t, const double *values,
				size_t n, size_t index);

#endif
