/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_SAMPLED_P_H
#define HARNESS_STATS_SAMPLED_P_H

/*
 * sampled_p - a p-value that random permutations estimate, until it is known on
 * which side of a level it lies. Pure.
 *
 * After n permutations, of which S reach the observed statistic, the interval
 * holds every p for which p^S (1-p)^(n-S) is at least SAMPLED_P_ERROR times the
 * mean of the same over p ~ Beta(1, 1 / level). The reciprocal ratio is a
 * martingale of mean 1 under the true p, so by Ville's inequality the intervals
 * of all n together miss the true p with a probability of at most
 * SAMPLED_P_ERROR. A caller may therefore look after each permutation and stop
 * when it likes (Robbins 1970; Ding, Gandy and Hahn 2020 for tests).
 */
#include <stdbool.h>
#include <stddef.h>

/* The probability of a decision on the wrong side. */
#define SAMPLED_P_ERROR 1e-3

struct sampled_p {
	double level;
	size_t hits, draws;
	double log_ratio; /* of the likelihood at the level to its mean */
};

void sampled_p_init(struct sampled_p *s, double level);

/* One more permutation; IS_HIT: it reaches the observed statistic. */
void sampled_p_add(struct sampled_p *s, bool is_hit);

/* The interval does not hold the level. */
bool sampled_p_is_decided(const struct sampled_p *s);

/* The ends of the interval; takes some hundred logarithms. */
void sampled_p_interval(const struct sampled_p *s, double *low, double *high);

#endif
