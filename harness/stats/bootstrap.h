/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_BOOTSTRAP_H
#define HARNESS_STATS_BOOTSTRAP_H

/*
 * bootstrap - an interval for a ratio that was measured in blocks.
 *
 * The estimate is the geometric mean of the blocks' ratios, candidate over
 * baseline: drift over a run affects both sides of a block and cancels. The
 * unit that is resampled is the block, never a sample within a boot: samples
 * of one boot are not independent, and pooling them raises a false alarm in up
 * to 57 % of cases at a nominal 5 % (docs/statistics.md). The interval is BCa,
 * corrected for bias and for skewness (Efron and Tibshirani 1993, 14.3). With
 * fewer than eight blocks its coverage is below nominal, so verdicts never use
 * it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ratio_estimate {
	double ratio; /* geometric mean over blocks */
	double low;
	double high;
	size_t block_count;
	bool has_interval; /* needs at least two blocks */
};

#define BOOTSTRAP_DRAWS 10000

/*
 * LOGS are of the blocks' ratios, candidate over baseline.
 * Pure: the same input and seed give the same answer.
 */
struct ratio_estimate bootstrap_ratio(const double *logs, size_t block_count,
				      double confidence, uint64_t seed);

/*
 * The same for many series. The drawn blocks depend only on the seed and on
 * the number of blocks, so the draws for the last number are kept. For one
 * thread at a time.
 */
struct bootstrap;
struct bootstrap *bootstrap_create(uint64_t seed);
void bootstrap_destroy(struct bootstrap *b); /* NULL is fine */
struct ratio_estimate bootstrap_ratio_by(struct bootstrap *b,
					 const double *logs, size_t block_count,
					 double confidence);

#endif
