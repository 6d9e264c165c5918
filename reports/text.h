/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

/* text - the comparison table for a terminal. */
#include <stdio.h>

struct model;

void text_write(const struct model *m, FILE *out);

#endif
