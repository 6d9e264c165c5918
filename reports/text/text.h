/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_TEXT_H
#define REPORTS_TEXT_TEXT_H

/* text - the comparison table for a terminal. */
#include <stdio.h>

struct findings;

void text_write(const struct findings *f, FILE *out);

#endif
