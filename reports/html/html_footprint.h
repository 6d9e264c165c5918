/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_HTML_FOOTPRINT_H
#define REPORTS_HTML_HTML_FOOTPRINT_H

/* html_footprint - the page's section on the memory cost of guests. */
struct footprints;
struct strbuf;

void html_footprint_write(const struct footprints *fs, struct strbuf *out);

#endif
