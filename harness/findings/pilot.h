/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_PILOT_H
#define HARNESS_FINDINGS_PILOT_H

/*
 * pilot - how many samples per boot are worth their time, by what boots and samples added
 * to the noise of a stored run and what they cost (Kalibera and Jones, ISMM
 * 2013). More samples than that would better have been boots.
 */
#include <stddef.h>
#include <stdint.h>

#include "harness/stats/levels.h"

struct model;
struct model_row;

/* One series under one runner that says anything. */
struct pilot_row {
	const struct model_row *row; /* borrowed, as RUNNER */
	const char *runner;
	size_t boot_count, sample_count; /* so many samples of each boot */
	struct levels levels;
	double wanted; /* samples per boot, 3 to 50 */
};

struct pilot {
	struct pilot_row *rows; /* owned; in the model's order */
	size_t count;
	uint32_t best_samples; /* the median of what is wanted; 0: none tells */
};

/* P borrows from M, and is released before it. */
void pilot_init(struct pilot *p, const struct model *m);
void pilot_release(struct pilot *p);

#endif
