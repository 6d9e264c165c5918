/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_VERDICTS_H
#define REPORTS_HTML_HTML_VERDICTS_H

/* html_verdicts - the page's first screen: the claims registered before the
 * run and their verdicts, as a sentence, as a plot and as a table of numbers.
 * A run without claims gets a sentence that says so. */
#include "harness/stats/margin.h"

struct findings;
struct judgement;
struct strbuf;

/* "PASS" in its colour. */
void html_verdict_badge(enum verdict v, struct strbuf *out);

void html_verdicts_write_sentence(const struct findings *f, struct strbuf *out);
void html_verdicts_write_table(const struct judgement *j, struct strbuf *out);

#endif
