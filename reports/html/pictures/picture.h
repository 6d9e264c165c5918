/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_PICTURE_H
#define REPORTS_HTML_PICTURES_PICTURE_H

/*
 * picture - the frame of every SVG picture of a run: what its axis shows and which
 * way is better, the grades of its figures, and a legend of runners. A picture that
 * is cut out of its page still says what it may be used for.
 */
#include <stdbool.h>
#include <stddef.h>

#include "harness/core/grade.h"

struct model;
struct model_row;
struct strbuf;

/* Of one column of a page; in pixels there, and on a phone. */
#define PICTURE_WIDTH 460

struct picture {
	const struct model *m;       /* borrowed, as all texts */
	size_t first, end;           /* the runners that are drawn */
	const char *label;           /* what one hears of it */
	const char *says;            /* quantity, unit, direction */
	bool has_grade[GRADE_COUNT]; /* of what is drawn */
};

/* All grades of ROW's cells from the first runner on. */
void picture_add_grades(struct picture *p, const struct model_row *row);

/* Pixels from the top until the legend ends. */
int picture_head_height(const struct picture *p);

/* All runners from FIRST on; its texts are the caller's to set. */
struct picture picture_of(const struct model *m, size_t first);

/* Begin an SVG of PICTURE_WIDTH by HEIGHT; it ends with "</svg>". */
void picture_begin(const struct picture *p, int height, struct strbuf *out);

size_t picture_look(const struct picture *p, size_t runner);

/* The words of picture_title(), escaped. */
void picture_say(const struct model *m, const char *name,
		 const struct model_row *row, size_t runner,
		 struct strbuf *out);

/*
 * The <title> of what shows RUNNER's figure of ROW: the median, its ratio and
 * interval, boots, samples, grade. NAME is what is measured.
 */
void picture_title(const struct picture *p, const char *name,
		   const struct model_row *row, size_t runner,
		   struct strbuf *out);

#endif
