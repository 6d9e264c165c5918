/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_SCREEN_H
#define REPORTS_TEXT_SCREEN_H

/*
 * screen - a run on one screen of at most SCREEN_LINES: the host, the grade, the
 * verdict in a sentence, the highlights, the failures, and the place of the
 * full report.
 */
#include <stdio.h>

struct line_style;
struct findings;

#define SCREEN_LINES 40

/* The places of the full report. */
struct screen_places {
	const char *page;    /* NULL: there is none */
	const char *store;   /* NULL: the reader knows it */
	const char *command; /* that prints every row */
};

void screen_write(const struct findings *f, const struct line_style *style,
		  const struct screen_places *places, FILE *out);

#endif
