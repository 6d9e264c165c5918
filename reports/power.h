/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_POWER_H
#define REPORTS_POWER_H

/*
 * power - how many blocks a margin needs on this host, by the noise of a run
 * that has been made: before one starts another.
 */
#include <stdio.h>

struct model;

void power_write(const struct model *m, FILE *out);

#endif
