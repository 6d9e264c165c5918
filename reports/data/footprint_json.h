/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_FOOTPRINT_JSON_H
#define REPORTS_DATA_FOOTPRINT_JSON_H

/* footprint_json - footprints of all runners, an object per runner. */
#include <jansson.h>

struct footprints;

json_t *footprint_json(const struct footprints *fs); /* caller owns */

#endif
