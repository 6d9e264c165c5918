/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_STORED_JSON_H
#define HARNESS_STORE_STORED_JSON_H

/*
 * stored_json - the JSON that a store keeps as text: plans, fingerprints,
 * probes and documents. Only this file parses stored text.
 */
#include <jansson.h>

/* TEXT's value; the caller owns it. NULL, from which every member reads as
 * absent, where TEXT is not JSON or is NULL. */
json_t *stored_json(const char *text);

#endif
