/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_QUESTIONS_H
#define REPORTS_HTML_HTML_QUESTIONS_H

/* html_questions - the page's section with this project's main questions: each
 * has an answer from this run alone, or "not measured" and the command that
 * measures it. */
struct findings;
struct strbuf;

void html_questions_write(const struct findings *f, struct strbuf *out);

#endif
