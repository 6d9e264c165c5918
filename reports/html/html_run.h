/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_RUN_H
#define REPORTS_HTML_HTML_RUN_H

/* html_run - details of the run: differences between the guests, boots and
 * their exits, the host, the plan, and the commands to repeat the run. */
struct findings;
struct model;
struct strbuf;

/* What grade the figures are of, unless it is hardware; and the run in a line. */
void html_run_write_banner(const struct model *m, struct strbuf *out);
void html_run_write_line(const struct model *m, struct strbuf *out);

void html_run_write(const struct findings *f, struct strbuf *out);

#endif
