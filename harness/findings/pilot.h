/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_PILOT_H
#define HARNESS_FINDINGS_PILOT_H

/*
 * pilot - the optimal number of samples per boot, from the variance and the
 * cost of boots and of samples in a stored run (Kalibera and Jones, ISMM
 * 2013). The time of more samples is better spent on more boots.
 */
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/levels.h"

struct model;
struct model_row;

/* One series under one runner that has an optimum. */
struct pilot_row {
	const struct model_row *row; /* borrowed, as RUNNER */
	const char *runner;
	size_t boot_count, sample_count; /* samples of each boot */
	struct levels levels;
	double wanted; /* samples per boot, 3 to 50 */
};

struct pilot {
	struct pilot_row *rows; /* owned; in the model's order */
	size_t count;
	uint32_t best_samples; /* the median of the optima; 0: there are none */
};

/* P borrows from M, and is released before it. */
void pilot_init(struct pilot *p, const struct model *m);
void pilot_release(struct pilot *p);

#endif
