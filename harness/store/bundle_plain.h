/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_PLAIN_H
#define HARNESS_STORE_BUNDLE_PLAIN_H

/* bundle_plain - whether what a hostile bundle holds may be stored and shown. */
#include <stdbool.h>
#include <stddef.h>

struct result;

/* Such as names are made of; what is shown is escaped all the same. */
bool bundle_is_name(const char *text, size_t max);
bool bundle_is_uuid(const char *text);
bool bundle_is_status(const char *text); /* of a run */

/* Cleans the free texts of RES; false: a name or a value is not plain. */
bool bundle_is_result_plain(struct result *res);

/* A run has all of its samples or none. */
bool bundle_is_of_kind(const struct result *res, bool has_samples);

#endif
