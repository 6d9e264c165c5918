/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_VERDICTS_H
#define REPORTS_HTML_VERDICTS_H

/* html_verdicts - the page's section on what was claimed before the run: in
 * words for whoever decides, in numbers for whoever doubts. Without claims
 * there is none. */
struct model;
struct strbuf;

void html_verdicts_write(const struct model *m, struct strbuf *out);

#endif
