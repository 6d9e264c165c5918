/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_JSON_H
#define REPORTS_DATA_JSON_H

/* json - a run for programs: every raw sample, and the estimates. */
#include <jansson.h>
#include <stdio.h>

#define REPORT_JSON_VERSION 2

struct findings;

/* As text, and the samples series by series: as objects of jansson's a million of
 * them take two gigabytes. What JSON cannot hold of stored texts is U+FFFD there. */
void json_report_write(const struct findings *f, FILE *out);

/* NaN and infinity have no place in JSON: null. */
json_t *json_number(double value);

/* Prints JSON to stdout, for a command, and consumes it. */
void json_print(json_t *json);

/* Replaces invalid UTF-8 by U+FFFD. */
json_t *json_text(const char *text);

#endif
