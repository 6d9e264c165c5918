/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_EXPLAIN_TEXT_H
#define REPORTS_TEXT_EXPLAIN_TEXT_H

/* explain_text - what exits explain of each slow-down of a run. */
#include <stdio.h>

struct findings;

void explain_text_write(const struct findings *f, FILE *out);

#endif
