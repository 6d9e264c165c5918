/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_PILOT_TEXT_H
#define REPORTS_TEXT_PILOT_TEXT_H

/* pilot_text - the samples per boot that a stored run suggests. */
#include <stdio.h>

struct findings;

void pilot_text_write(const struct findings *f, FILE *out);

#endif
