/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_PERMUTE_H
#define HARNESS_STATS_PERMUTE_H

/*
 * permute - permutation tests. All permutations are counted if there are at
 * most PERMUTE_EXACT_MAX; otherwise PERMUTE_DRAWS are drawn by SEED and p is
 * (1 + hits) / (1 + draws). Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERMUTE_EXACT_MAX 1000000
#define PERMUTE_DRAWS 9999

struct permute_test {
	double p;          /* two-sided; NaN without values */
	double smallest_p; /* that this many values can give */
	bool is_exact;
};

/* The difference of means, over all assignments of the values to the
 * samples. */
struct permute_test permute_means(const double *a, size_t a_count,
				  const double *b, size_t b_count,
				  uint64_t seed);

/* The mean of differences D, over all choices of their signs. */
struct permute_test permute_signs(const double *d, size_t n, uint64_t seed);

#endif
