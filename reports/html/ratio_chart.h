/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_RATIO_CHART_H
#define REPORTS_HTML_RATIO_CHART_H

/*
 * ratio_chart - how much worse than native each guest is, a small picture per
 * group of highlights. All pictures share one axis, logarithmic, native a line
 * in it and worse to the right, so that groups compare at a glance. A group
 * that natively is nothing has its first row's figures.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/findings/highlights.h"

struct model;
struct strbuf;

/* ROWS are of highlights_choose(). False, and nothing written, where there is
 * no guest to draw. */
bool ratio_chart_write(const struct model *m, const struct highlight_row *rows,
		       size_t count, struct strbuf *out);

#endif
