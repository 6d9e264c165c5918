/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_TREND_SVG_H
#define REPORTS_HTML_PICTURES_TREND_SVG_H

/*
 * trend_svg - the history of a series as a line, a point per boot, with its
 * changes. Not drawn by gnuplot, because every request draws the page again.
 */
struct strbuf;
struct trend;

void trend_svg(const struct trend *t, const char *name, const char *runner,
	       struct strbuf *out);

#endif
