/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_JSON_H
#define REPORTS_DATA_JSON_H

/* json - a run for programs: every raw sample, and the estimates. */
#include <jansson.h>
#include <stdio.h>

#define REPORT_JSON_VERSION 1

struct findings;

json_t *json_report(const struct findings *f); /* caller owns */

/* The same as text, sample by sample: as an object a million of them take two
 * gigabytes. */
void json_report_write(const struct findings *f, FILE *out);

/* NaN and infinity have no place in JSON: null. */
json_t *json_number(double value);

/* JSON to stdout, as a command shows it; it is consumed. */
void json_print(json_t *json);

/* What is no character of UTF-8 becomes U+FFFD. */
json_t *json_text(const char *text);

#endif
