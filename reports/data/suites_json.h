/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_SUITES_JSON_H
#define REPORTS_DATA_SUITES_JSON_H

/* suites_json - groups of series, an object per group and runner. */
#include <jansson.h>

struct findings;

json_t *suites_json(const struct findings *f); /* caller owns */

#endif
