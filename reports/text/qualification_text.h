/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_QUALIFICATION_TEXT_H
#define REPORTS_TEXT_QUALIFICATION_TEXT_H

/* qualification_text - a qualification on one screen, and its steps beforehand. */
#include <stdio.h>

struct qualification;

/* One line per step, then the sentence. */
void qualification_text_write(const struct qualification *q, FILE *out);

/* What would be done: one line per step with its limit, and the sum. */
void qualification_text_plan(const struct qualification *q, FILE *out);

#endif
