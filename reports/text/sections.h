/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_SECTIONS_H
#define REPORTS_TEXT_SECTIONS_H

/*
 * sections - parts of a report that are a few lines of text wherever they are
 * shown: on a terminal, or on the page as they stand. Each writes nothing where
 * there is nothing to say.
 */
#include <stdio.h>

struct findings;

void sections_write_implausible(const struct findings *f, FILE *out);
void sections_write_oddities(const struct findings *f, FILE *out);
void sections_write_suites(const struct findings *f, FILE *out);

#endif
