/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_SEQUENTIAL_H
#define HARNESS_STATS_SEQUENTIAL_H

/*
 * sequential - interim looks at incomplete data, without a higher error rate.
 *
 * Each look may spend a part of alpha, by a function of the fraction of data
 * that was fixed in advance (Lan and DeMets 1983). The function here is of the
 * O'Brien-Fleming type: it spends almost nothing at first, so a run to the end
 * loses almost no power. A look's own level follows from its correlation with
 * earlier looks (Armitage, McPherson and Rowe 1969). Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#define SEQUENTIAL_MAX_LOOKS 16

/* One-sided alpha spent when FRACTION, 0 to 1, of the data is measured. */
double sequential_spent(double fraction, double alpha);

/*
 * The one-sided level at which each look is judged. FRACTIONS rise, the last
 * one is at most 1. IS_FINAL: there is no further look, and the time of the
 * last one did not depend on the data, so the last one spends the remaining
 * alpha. COUNT is at most SEQUENTIAL_MAX_LOOKS; LEVELS has room for it.
 */
void sequential_levels(const double *fractions, size_t count, double alpha,
		       bool is_final, double *levels);

/*
 * The same by shares that were fixed in advance: SPENT[i], rising to 1, of alpha up to
 * look I, whatever fraction of the data it has. So nothing but the looks' order may
 * depend on the data: whether there is a next one may (Lan and DeMets 1983).
 */
void sequential_levels_by(const double *fractions, const double *spent,
			  size_t count, double alpha, double *levels);

/*
 * A run that may have MORE blocks after BLOCK_COUNT (harness/findings/more.h): the
 * numbers of blocks after which it takes a look, and their shares. Most is spent on the
 * first, which most claims have alone. Both have room for SEQUENTIAL_MORE_LOOKS.
 * Returns the number of looks.
 */
#define SEQUENTIAL_MORE_LOOKS 3
size_t sequential_more_looks(size_t block_count, size_t more, size_t *looks,
			     double *spent);

/* The probability under the null hypothesis that a normal statistic is above
 * BOUNDS[i] at any look. */
double sequential_crossing(const double *bounds, const double *fractions,
			   size_t count);

/*
 * The numbers of blocks after which a run of BLOCK_COUNT takes a look; the
 * last is BLOCK_COUNT. There is no look after too few blocks. LOOKS has room
 * for WANTED. Returns the number of looks.
 */
size_t sequential_looks(size_t block_count, size_t wanted, size_t *looks);

#endif
