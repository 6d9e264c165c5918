/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_SAMPLES_JSON_H
#define REPORTS_DATA_SAMPLES_JSON_H

/*
 * samples_json - every raw sample of a run, in columns: one object per series and
 * runner, in which each column has a list per boot. An object per sample would
 * name its series a million times.
 */
#include <stdio.h>

struct run_data;

/* The elements of the member "samples", each on lines of its own; a line break
 * follows the last one. Nothing where no sample is there. */
void samples_json_write(const struct run_data *run, FILE *out);

#endif
