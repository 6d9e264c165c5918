/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_H
#define REPORTS_HTML_HTML_H

/* html - one self-contained page: no script, no network, nothing beside it. */
struct findings;
struct strbuf;

void html_write(const struct findings *f, struct strbuf *out);

/* Around other pages that look the same. NAV, markup, is outside of what the
 * page is about. */
void html_begin(struct strbuf *out, const char *title);
void html_begin_below(struct strbuf *out, const char *title, const char *nav);
void html_end(struct strbuf *out);

#endif
