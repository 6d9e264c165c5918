/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_QUALIFICATION_H
#define REPORTS_HTML_HTML_QUALIFICATION_H

/* html_qualification - the page of one node: the sentence, the steps, and what
 * each printed. Complete by itself, as all pages are. */
struct qualification;
struct strbuf;

void html_qualification_write(const struct qualification *q,
			      struct strbuf *out);

#endif
