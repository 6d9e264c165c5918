/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_TEXT_CHAPTER_WORDS_H
#define REPORTS_TEXT_CHAPTER_WORDS_H

/*
 * chapter_words - what the figures of one group say, in two sentences: the
 * group as a whole by runner, and the series that stands out. They only state
 * what was computed; grades and verdicts are others' to say.
 */
#include <stddef.h>

struct highlight_row;
struct model;
struct strbuf;

/* ROWS are of one group, COUNT of them, 1 at least. Adds plain text. */
void chapter_words_add(const struct model *m, const struct highlight_row *rows,
		       size_t count, struct strbuf *out);

#endif
