/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_PALETTE_H
#define REPORTS_HTML_PICTURES_PALETTE_H

/*
 * palette - the look of each runner: one colour and one shape, the same in every
 * picture of every page. page.css has the colours, for light and dark; they are
 * after Okabe and Ito (jfly.uni-koeln.de/color), made darker or lighter until each
 * has a contrast of 3:1 to the page (WCAG 2.2, 1.4.11).
 */
#include <stddef.h>

struct strbuf;

#define PALETTE_LOOKS 8
/* Of what is of no runner. */
#define PALETTE_NEUTRAL 8

/*
 * The look of RUNNERS[RUNNER], below PALETTE_LOOKS. A known runner has always the
 * same, unless another of RUNNERS has it already; the first COUNT of them, at most
 * PALETTE_LOOKS, have different ones.
 */
size_t palette_look(const char *const *runners, size_t count, size_t runner);

/* The mark of LOOK around (X, Y), as SVG. */
void palette_mark(size_t look, double x, double y, struct strbuf *out);

#endif
