/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_DOT_PLOT_H
#define REPORTS_HTML_DOT_PLOT_H

/*
 * dot_plot - the series of one group as a picture: a lane per series, a mark per
 * runner with its interval, on one logarithmic axis of how many times worse than
 * native; or, of figures that native has not, bars by runner. Every mark says its
 * number, interval and grade when one points at it. Marks differ by shape as well
 * as by colour.
 */
#include <stddef.h>

struct highlight_row;
struct model;
struct strbuf;

/* ROWS are of one group, COUNT of them, 1 at least. */
void dot_plot_write(const struct model *m, const struct highlight_row *rows,
		    size_t count, struct strbuf *out);

#endif
