/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_TREND_JSON_H
#define REPORTS_DATA_TREND_JSON_H

/* trend_json - the history of one series. */
#include <jansson.h>

struct change;
struct trend;

/* One change; its index is from 0. Caller owns. */
json_t *change_json(const struct change *c);

json_t *trend_json(const struct trend *t); /* caller owns */

#endif
