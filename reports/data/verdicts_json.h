/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_VERDICTS_JSON_H
#define REPORTS_DATA_VERDICTS_JSON_H

/* verdicts_json - claims and their verdicts. */
#include <jansson.h>

struct claim_verdict;
struct judgement;

json_t *verdict_json(const struct claim_verdict *v); /* caller owns */
json_t *verdicts_json(const struct judgement *j);    /* caller owns; or null */

#endif
