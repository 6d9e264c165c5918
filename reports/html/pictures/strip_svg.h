/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_STRIP_SVG_H
#define REPORTS_HTML_PICTURES_STRIP_SVG_H

/*
 * strip_svg - the samples of one series as dots, one strip per runner. This
 * code draws them itself because one external process per picture would take
 * most of a report's time.
 */
#include <stdbool.h>

struct model;
struct model_row;
struct strbuf;

/* Returns false and writes nothing if no runner has a sample. */
bool strip_svg(const struct model *m, const struct model_row *row,
	       struct strbuf *out);

#endif
