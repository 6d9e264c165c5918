/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_DOT_PLOT_H
#define REPORTS_HTML_PICTURES_DOT_PLOT_H

/*
 * dot_plot - series as lanes, a mark per runner in each. Every mark says its number,
 * interval and grade when one points at it. Marks differ by shape as well as by
 * colour.
 */
#include <stddef.h>

struct highlight_row;
struct model;
struct model_row;
struct strbuf;

/*
 * How many times worse than native, with intervals, on one logarithmic axis; or, of
 * figures that native has not, bars by runner, each series on a scale of its own.
 * ROWS are of one group, COUNT of them, 1 at least.
 */
void dot_plot_write(const struct model *m, const struct highlight_row *rows,
		    size_t count, struct strbuf *out);

struct dot_lane {
	const char *name;
	const struct model_row *row;
};

/*
 * Figures of one unit on one logarithmic axis, native's among them; a line goes from
 * the least boot to the largest. LABEL says of what. No output without a figure above
 * zero.
 */
void dot_plot_write_values(const struct model *m, const char *label,
			   const struct dot_lane *lanes, size_t count,
			   struct strbuf *out);

#endif
