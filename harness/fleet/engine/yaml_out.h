/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_FLEET_ENGINE_YAML_OUT_H
#define HARNESS_FLEET_ENGINE_YAML_OUT_H

/* yaml_out - values of JSON as documents of YAML, in block style, which YAML 1.1
 * and 1.2 read alike: whatever either takes for no text is quoted. */
#include <jansson.h>
#include <stdio.h>

struct err;

/* One more document, with "---" before it. 0, or -EIO. */
int yaml_out_write(const json_t *value, FILE *out, struct err *err);

#endif
