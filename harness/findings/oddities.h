/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FINDINGS_ODDITIES_H
#define HARNESS_FINDINGS_ODDITIES_H

/*
 * oddities - oddities in the boots of one series in their order: drift,
 * autocorrelation, two modes, outliers (harness/stats/diagnose.h). It flags
 * them at a level of 1 % and leaves nothing out.
 */
#include <stdbool.h>
#include <stddef.h>

struct model;
struct model_cell;
struct model_row;

struct oddity {
	const struct model_row *row; /* borrowed */
	size_t runner;
	/* "drift 1.03 (p 0.004), two modes (6 boots at 1.2 ms, 4 at 2.0 ms)" */
	char text[200];
	bool is_outliers_alone;
};

struct oddities {
	struct oddity *rows; /* owned; in the model's order */
	size_t count;
};

/* Whether its boots have two modes (harness/stats/diagnose.h). */
bool oddity_has_modes(const struct model_cell *cell);

/* O borrows from M, and is released before it. */
void oddities_init(struct oddities *o, const struct model *m);
void oddities_release(struct oddities *o);

/* Of one series under one runner; "" for no oddity or too few boots. */
const char *oddities_text(const struct oddities *o, const struct model_row *row,
			  size_t runner);

#endif
