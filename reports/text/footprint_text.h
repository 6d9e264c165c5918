/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_FOOTPRINT_TEXT_H
#define REPORTS_TEXT_FOOTPRINT_TEXT_H

/* footprint_text - footprints of all runners as tables for a terminal. */
#include <stdbool.h>
#include <stdio.h>

struct footprints;

/* WANTS_ADVICE: with constants that would cover such guests. */
void footprint_text_write(const struct footprints *fs, bool wants_advice,
			  FILE *out);

#endif
