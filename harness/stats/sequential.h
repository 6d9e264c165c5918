/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_SEQUENTIAL_H
#define HARNESS_STATS_SEQUENTIAL_H

/*
 * sequential - looking before all data are in, without erring more often.
 *
 * Each look may spend a part of alpha, by a function of how much of the data
 * is in that was fixed beforehand (Lan and DeMets 1983); the one here has
 * O'Brien and Fleming's shape: almost nothing at first, so that a run to the
 * end loses next to no power. What a look's own level is follows from how it
 * hangs together with those before it (Armitage, McPherson and Rowe 1969).
 * Pure.
 */
#include <stdbool.h>
#include <stddef.h>

#define SEQUENTIAL_MAX_LOOKS 16

/* One-sided alpha spent once FRACTION, 0 to 1, of the data is in. */
double sequential_spent(double fraction, double alpha);

/*
 * The one-sided level at which each look is to be judged. FRACTIONS rise, the
 * last one at most 1. IS_FINAL: there will be no other look, whose time was
 * not chosen by what was seen, so that the last one spends what is left. COUNT
 * is at most SEQUENTIAL_MAX_LOOKS; LEVELS has room for it.
 */
void sequential_levels(const double *fractions, size_t count, double alpha,
		       bool is_final, double *levels);

/* The probability, were there nothing to find, that a normal statistic is above
 * BOUNDS[i] at any look. */
double sequential_crossing(const double *bounds, const double *fractions,
			   size_t count);

/*
 * The numbers of blocks at which a run of BLOCK_COUNT is looked at, the last
 * of them BLOCK_COUNT; too few blocks for a look have none. LOOKS has room for
 * WANTED. Returns how many there are.
 */
size_t sequential_looks(size_t block_count, size_t wanted, size_t *looks);

#endif
