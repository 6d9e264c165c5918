/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_CHAPTERS_H
#define REPORTS_HTML_HTML_CHAPTERS_H

/*
 * html_chapters - a chapter per group: two sentences that are computed from its data,
 * the pictures that carry them, and all its numbers folded below.
 */
struct findings;
struct strbuf;

void html_chapters_write(const struct findings *f, struct strbuf *out);

#endif
