/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_FLEET_JSON_H
#define REPORTS_DATA_FLEET_JSON_H

/* fleet_json - a fleet's report for programs, docs/schema/fleet.schema.json. */
#include <jansson.h>

struct fleet_report;

#define FLEET_JSON_VERSION 1

json_t *fleet_json(const struct fleet_report *r); /* caller owns */

#endif
