/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_TREND_SVG_H
#define REPORTS_HTML_TREND_SVG_H

/*
 * trend_svg - the history of a series as a line, a point a boot, with where it
 * changed. Drawn here, not by gnuplot: a page is made each time it is asked for.
 */
struct strbuf;
struct trend;

void trend_svg(const struct trend *t, const char *name, struct strbuf *out);

#endif
