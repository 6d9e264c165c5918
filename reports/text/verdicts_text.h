/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_VERDICTS_TEXT_H
#define REPORTS_TEXT_VERDICTS_TEXT_H

/* verdicts_text - claims and their verdicts, as a table for a terminal. */
#include <stdio.h>

struct findings;

/* Writes nothing if there are no claims. */
void verdicts_text_write(const struct findings *f, FILE *out);

#endif
