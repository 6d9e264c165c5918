/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_RANKS_H
#define HARNESS_STATS_RANKS_H

/*
 * ranks - exact tests by ranks, and the shifts that belong to them. They
 * assume nothing of how values are distributed.
 *
 * The distribution is counted, ties included, by adding one item after the
 * other to all sums of (doubled) ranks; beyond RANKS_EXACT_MAX values it is
 * the normal one with the ties' variance and a correction of a half. A test
 * of few values cannot give a small p at all: SMALLEST_P says how small, and
 * one that exceeds alpha is to be refused. As R's wilcox.test(a, b). Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#define RANKS_EXACT_MAX 100

/* Differences, or means of two, that a shift is the median of; of more there is
 * none. */
#define RANKS_SHIFT_MAX 4000000

struct rank_test {
	double statistic; /* U or V, of A */
	double p;         /* two-sided: twice the smaller tail, at most 1 */
	double p_less;    /* A tends to be less than B */
	double p_greater;
	double smallest_p; /* two-sided, that so many values can give */
	bool is_exact;
};

/* Mann and Whitney 1947; NaN for an empty arm. */
struct rank_test ranks_mann_whitney(const double *a, size_t a_count,
				    const double *b, size_t b_count);

/* Wilcoxon's signed ranks of A[i] - B[i]; differences of zero are left out. */
struct rank_test ranks_signed(const double *a, const double *b, size_t n);

/* Hodges and Lehmann 1963. Without an interval that is wide enough LOW and
 * HIGH are NaN. */
struct rank_shift {
	double shift; /* by how much B is above A */
	double low, high;
};

struct rank_shift ranks_shift(const double *a, size_t a_count, const double *b,
			      size_t b_count, double confidence);
struct rank_shift ranks_shift_paired(const double *a, const double *b, size_t n,
				     double confidence);

/* The same of differences D: the median of all means of two of them. */
struct rank_shift ranks_center(const double *d, size_t n, double confidence);

#endif
