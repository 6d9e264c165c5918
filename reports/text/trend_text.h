/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_TREND_TEXT_H
#define REPORTS_TEXT_TREND_TEXT_H

/* trend_text - the history of one series, for a terminal. */
#include <stdio.h>

struct trend;

void trend_text_write(const struct trend *t, const char *title, FILE *out);

#endif
