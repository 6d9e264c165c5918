/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_VERDICTS_TEXT_H
#define REPORTS_TEXT_VERDICTS_TEXT_H

/* verdicts_text - claims and what became of them, as a table for a terminal. */
#include <stdio.h>

struct findings;

/* Nothing is written where nothing is claimed. */
void verdicts_text_write(const struct findings *f, FILE *out);

#endif
