/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_DATA_JUNIT_H
#define REPORTS_DATA_JUNIT_H

/*
 * junit - a run for CI servers, in the format of Jenkins and Surefire: a suite
 * per runner with a case per boot, and a suite with a case per registered
 * claim. tests/data/junit.xsd describes the used part of the format.
 */

struct findings;
struct strbuf;

void junit_write(const struct findings *f, struct strbuf *out);

#endif
