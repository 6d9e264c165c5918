/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_PAINT_H
#define REPORTS_TEXT_PAINT_H

/*
 * paint - colour for words that must not be overlooked. Only on a terminal
 * that can show it, and not where NO_COLOR is set (no-color.org): elsewhere
 * the same bytes without it.
 */
#include <stdio.h>

#include "harness/stats/margin.h"

/* VERDICT's name, with blanks to WIDTH. */
void paint_verdict(enum verdict verdict, int width, FILE *out);

/* TEXT as a warning; a newline at its end stays the last thing written. */
void paint_warning(const char *text, FILE *out);

#endif
