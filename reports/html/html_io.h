/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_IO_H
#define REPORTS_HTML_HTML_IO_H

/* html_io - the page's sections on storage and network: for each job a table
 * of all metrics, a row per runner, and the distribution of its latencies. */
struct model;
struct strbuf;

void html_io_write(const struct model *m, struct strbuf *out);

#endif
