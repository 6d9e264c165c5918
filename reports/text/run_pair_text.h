/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_RUN_PAIR_TEXT_H
#define REPORTS_TEXT_RUN_PAIR_TEXT_H

/* run_pair_text - two runs side by side, for a terminal. */
#include <stdio.h>

struct run_pair;

void run_pair_text_write(const struct run_pair *p, FILE *out);

#endif
