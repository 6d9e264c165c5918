/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_H
#define REPORTS_HTML_HTML_H

/* html - one self-contained page: no script, no network, no other files. */
struct findings;
struct strbuf;

void html_write(const struct findings *f, struct strbuf *out);

/* The frame of other pages with the same look. CLASS is the body's; NAV is markup,
 * outside of the page's main content. */
void html_begin(struct strbuf *out, const char *title);
void html_begin_below(struct strbuf *out, const char *title, const char *class,
		      const char *nav);
void html_end(struct strbuf *out);

/* What is within the only style element of a page, byte by byte. */
const char *html_style(void);

#endif
