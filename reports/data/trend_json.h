/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_TREND_JSON_H
#define REPORTS_DATA_TREND_JSON_H

/* trend_json - the history of one series. */
#include <jansson.h>

struct trend;

json_t *trend_json(const struct trend *t); /* caller owns */

#endif
