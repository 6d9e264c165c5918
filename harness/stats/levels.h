/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STATS_LEVELS_H
#define HARNESS_STATS_LEVELS_H

/*
 * levels - the variance within and between boots, and the optimal number of
 * samples per boot (Kalibera and Jones, ISMM 2013). Pure.
 */
#include <stddef.h>

struct levels {
	double mean;            /* of boots' means */
	double within, between; /* S^2 of both levels */
	double between_alone;   /* T^2: variance that boots add; 0 or more */
	double correlation;     /* of samples of one boot */
	double low, high;       /* of the mean, over boots */
};

/* VALUES[boot * PER_BOOT + i]; at least two of each. */
struct levels levels_of(const double *values, size_t boot_count,
			size_t per_boot, double confidence);

/* Samples per boot, from the cost of one boot and of one sample; at least 1.
 * NaN if boots add no variance. */
double levels_best_samples(const struct levels *l, double boot_cost,
			   double sample_cost);

#endif
