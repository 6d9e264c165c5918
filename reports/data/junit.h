/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_JUNIT_H
#define REPORTS_DATA_JUNIT_H

/*
 * junit - a run for CI servers, as Jenkins and Surefire have the format: a
 * suite for each runner with a case for each boot, and one with a case for
 * each claim that the run was begun with. tests/data/junit.xsd says what of
 * the format is used.
 */

struct findings;
struct strbuf;

void junit_write(const struct findings *f, struct strbuf *out);

#endif
