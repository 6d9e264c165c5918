/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_FLEET_TEXT_H
#define REPORTS_TEXT_FLEET_TEXT_H

/* fleet_text - a fleet's report for a terminal: what ran where, claims over
 * nodes, and the odd nodes. */
#include <stdio.h>

struct fleet_report;

void fleet_text_write(const struct fleet_report *r, FILE *out);

#endif
