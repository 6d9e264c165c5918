/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_PILOT_TEXT_H
#define REPORTS_TEXT_PILOT_TEXT_H

/* pilot_text - how many samples per boot a stored run speaks for. */
#include <stdio.h>

struct findings;

void pilot_text_write(const struct findings *f, FILE *out);

#endif
