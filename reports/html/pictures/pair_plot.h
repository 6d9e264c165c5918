/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_PAIR_PLOT_H
#define REPORTS_HTML_PICTURES_PAIR_PLOT_H

/*
 * pair_plot - two runs as a picture: of each series how many times worse B is than A,
 * with its interval, the largest differences first. What the intervals exclude is
 * coloured.
 */
#include <stddef.h>

struct run_pair;
struct strbuf;

/* MOST lanes. Returns how many there are, of *FOUND that have a ratio; 0: nothing can
 * be compared, and nothing is written. */
size_t pair_plot_write(const struct run_pair *p, size_t most, size_t *found,
		       struct strbuf *out);

#endif
