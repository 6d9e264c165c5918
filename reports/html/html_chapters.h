/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_CHAPTERS_H
#define REPORTS_HTML_HTML_CHAPTERS_H

/* html_chapters - a chapter per group of series: two sentences, one picture, and
 * the numbers folded below it. */
struct model;
struct strbuf;

void html_chapters_write(const struct model *m, struct strbuf *out);

#endif
