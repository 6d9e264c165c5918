/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_VERDICTS_H
#define REPORTS_HTML_HTML_VERDICTS_H

/* html_verdicts - the page's first screen: what was claimed before the run and
 * whether it holds, in a sentence for whoever decides, in a plot for whoever
 * asks how clearly, in numbers for whoever doubts. Without claims it says that
 * there were none. */
struct findings;
struct judgement;
struct strbuf;

void html_verdicts_write_sentence(const struct findings *f, struct strbuf *out);
void html_verdicts_write_table(const struct judgement *j, struct strbuf *out);

#endif
