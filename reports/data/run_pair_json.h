/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_RUN_PAIR_JSON_H
#define REPORTS_DATA_RUN_PAIR_JSON_H

/* run_pair_json - two runs side by side. */
#include <jansson.h>

struct run_pair;

json_t *run_pair_json(const struct run_pair *p); /* caller owns */

#endif
