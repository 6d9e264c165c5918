/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_PILOT_H
#define REPORTS_PILOT_H

/*
 * pilot - how many samples a boot should take, by what boots and samples added
 * to the noise of a stored run and what they cost (Kalibera and Jones, ISMM
 * 2013). More samples than that would better have been boots.
 */
#include <stdint.h>
#include <stdio.h>

struct model;

/* The median of what the series want, 3 to 50; 0 where none can tell. */
uint32_t pilot_best_samples(const struct model *m);

void pilot_write(const struct model *m, FILE *out);

#endif
