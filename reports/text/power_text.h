/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_POWER_TEXT_H
#define REPORTS_TEXT_POWER_TEXT_H

/*
 * power_text - the number of blocks that a margin needs on this host, by the
 * noise of a stored run. Users read it before they start another run.
 */
#include <stdio.h>

struct findings;

void power_text_write(const struct findings *f, FILE *out);

#endif
