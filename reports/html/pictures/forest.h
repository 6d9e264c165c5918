/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_FOREST_H
#define REPORTS_HTML_PICTURES_FOREST_H

/*
 * forest - a claim's effect with its interval against its margin, as a strip
 * of SVG for a cell of a table. All strips of a table share one axis, so that
 * they read as one plot (Lewis and Clarke 2001): logarithmic, no difference in
 * the middle, worse to the right for times and for rates. The shaded area is
 * where the claim holds.
 */
#include <stddef.h>

struct claim_verdict;
struct strbuf;

struct forest {
	double extent; /* of the logarithm, to either side of no difference */
};

/* Such that V's estimates and margins fit; an interval may reach beyond. */
struct forest forest_of(const struct claim_verdict *v, size_t count);

/* The axis with its numbers, for the column's head. */
void forest_axis(const struct forest *f, struct strbuf *out);

/* COLOUR is a class of the page's. */
void forest_strip(const struct forest *f, const struct claim_verdict *v,
		  const char *colour, struct strbuf *out);

#endif
