/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_ODDITIES_H
#define REPORTS_ODDITIES_H

/*
 * oddities - what is odd about the boots of one series in their order: drift,
 * neighbours that are alike, two modes, outliers (harness/stats/diagnose.h). It
 * flags, at one in a hundred; nothing is left out for it.
 */
#include <stddef.h>
#include <stdio.h>

struct model;
struct model_cell;

/* "drift 1.03 (p 0.004), two modes", or "" for nothing or too few boots. */
const char *oddities_of(const struct model_cell *cell, char *buf, size_t size);

/* All that are flagged, as text; nothing where none is. */
void oddities_write(const struct model *m, FILE *out);

#endif
