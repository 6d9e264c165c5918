/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_TREND_TEXT_H
#define REPORTS_TEXT_TREND_TEXT_H

/* trend_text - the history of one series, for a terminal. */
#include <stdio.h>

struct change;
struct trend;

/* "p 0.0048", or what permutations leave open, into BUF. Returns BUF. */
const char *change_p_text(const struct change *c, char *buf, size_t size);

void trend_text_write(const struct trend *t, const char *title, FILE *out);

#endif
