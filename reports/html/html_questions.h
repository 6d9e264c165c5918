/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_QUESTIONS_H
#define REPORTS_HTML_HTML_QUESTIONS_H

/* html_questions - the page's section with the questions that this project
 * was begun for: each answered from the run alone, or "not measured" and what
 * to run. */
struct findings;
struct strbuf;

void html_questions_write(const struct findings *f, struct strbuf *out);

#endif
