/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_SCREEN_H
#define REPORTS_TEXT_SCREEN_H

/*
 * screen - a run on one screen, SCREEN_LINES at most: where it was measured and
 * of what grade, the verdict in a sentence, the highlights, what failed, and
 * where the rest is.
 */
#include <stdio.h>

struct line_style;
struct findings;

#define SCREEN_LINES 40

/* Where the rest is. */
struct screen_places {
	const char *page;    /* NULL: there is none */
	const char *store;   /* NULL: who asks knows it */
	const char *command; /* that prints every row */
};

void screen_write(const struct findings *f, const struct line_style *style,
		  const struct screen_places *places, FILE *out);

#endif
