/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_PAINT_H
#define REPORTS_TEXT_PAINT_H

/*
 * paint - colour for important words, only on a terminal that has colours and
 * only if NO_COLOR is not set (no-color.org). Other outputs get the same text
 * without colour.
 */
#include <stdio.h>

#include "harness/stats/margin.h"

/* VERDICT's name, with blanks to WIDTH. */
void paint_verdict(enum verdict verdict, int width, FILE *out);

/* TEXT as a warning; a newline at its end comes after the colour codes. */
void paint_warning(const char *text, FILE *out);

#endif
