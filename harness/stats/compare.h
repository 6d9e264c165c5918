/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_COMPARE_H
#define HARNESS_STATS_COMPARE_H

/*
 * compare - all statistics of two columns of numbers, A the baseline and B the
 * candidate. A figure that does not exist is NaN. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/margin.h"
#include "harness/stats/ranks.h"
#include "harness/stats/ratio.h"
#include "harness/stats/ttest.h"

struct compare_options {
	double confidence;
	double margin; /* 0: no verdict is wanted */
	enum margin_kind kind;
	bool is_paired; /* A[i] and B[i] belong together */
	bool higher_is_better;
};

struct compare_arm {
	size_t n;
	double mean, sd;
	double median, median_low, median_high;
};

struct comparison {
	struct compare_arm a, b;
	struct ratio means; /* Fieller's; not where values are paired */
	struct ratio log;   /* of geometric means, the one that is judged */
	struct rank_shift shift; /* B above A */
	struct rank_test ranks;  /* signed ranks where values are paired */
	struct ttest t;          /* A less B; paired, or Welch's */
	struct margin_test margin;
	const char *reason; /* why there is no verdict; NULL */
};

struct comparison compare(const double *a, size_t a_count, const double *b,
			  size_t b_count, const struct compare_options *o);

#endif
