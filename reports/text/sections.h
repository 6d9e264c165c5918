/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_SECTIONS_H
#define REPORTS_TEXT_SECTIONS_H

/*
 * sections - parts of a report that are a few lines of plain text, both on a
 * terminal and on the page. A section without content writes nothing.
 */
#include <stdio.h>

struct findings;

void sections_write_implausible(const struct findings *f, FILE *out);
void sections_write_oddities(const struct findings *f, FILE *out);
void sections_write_suites(const struct findings *f, FILE *out);

#endif
