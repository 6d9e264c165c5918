/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_RANKS_H
#define HARNESS_STATS_RANKS_H

/*
 * ranks - exact rank tests, and the shifts that belong to them. They assume no
 * distribution.
 *
 * The distribution is counted, ties included, by adding one item after the
 * other to all sums of (doubled) ranks; beyond RANKS_EXACT_MAX values it is
 * the normal one with the ties' variance and a correction of a half. A test of
 * few values cannot give a small p at all. SMALLEST_P is the limit; do not use
 * a test whose limit exceeds alpha. As R's wilcox.test(a, b). Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#define RANKS_EXACT_MAX 100

/* The most differences, or means of two, of which a shift takes the median;
 * with more there is no shift. */
#define RANKS_SHIFT_MAX 4000000

struct rank_test {
	double statistic; /* U or V, of A */
	double p;         /* two-sided: twice the smaller tail, at most 1 */
	double p_less;    /* A tends to be less than B */
	double p_greater;
	double smallest_p; /* two-sided, that this many values can give */
	bool is_exact;
};

/* Mann and Whitney 1947; NaN for an empty sample. */
struct rank_test ranks_mann_whitney(const double *a, size_t a_count,
				    const double *b, size_t b_count);

/* Wilcoxon's signed ranks of A[i] - B[i]; differences of zero are left out. */
struct rank_test ranks_signed(const double *a, const double *b, size_t n);

/* Hodges and Lehmann 1963. LOW and HIGH are NaN if no interval has the
 * confidence. */
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
