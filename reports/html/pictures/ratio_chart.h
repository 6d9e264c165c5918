/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_RATIO_CHART_H
#define REPORTS_HTML_PICTURES_RATIO_CHART_H

/*
 * ratio_chart - the slow-down of each guest relative to native, a small picture
 * per group of highlights. All pictures share one logarithmic axis, with native
 * as a line and worse to the right, so that readers can compare groups. A group
 * without native results shows the figures of its first row.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/findings/highlights.h"

struct model;
struct strbuf;

/* ROWS are of highlights_choose(). Returns false and writes nothing if
 * there is no guest to draw. */
bool ratio_chart_write(const struct model *m, const struct highlight_row *rows,
		       size_t count, struct strbuf *out);

#endif
