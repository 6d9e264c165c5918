/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_TREND_CHART_H
#define REPORTS_TEXT_TREND_CHART_H

/*
 * trend_chart - a history as a picture for a terminal: a mark per run at its median,
 * in half lines of Unicode's blocks or in ASCII, and lines where it changed.
 */
#include <stdio.h>

struct trend;

/* The latest runs, so many as the terminal has columns. Nothing for a single run. */
void trend_chart_write(const struct trend *t, FILE *out);

#endif
