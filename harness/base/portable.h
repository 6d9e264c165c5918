/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_PORTABLE_H
#define HARNESS_BASE_PORTABLE_H

/*
 * portable - text and numbers of a run in a form that other programs can read.
 * The text may come from any source: bytes that are not UTF-8, or characters
 * that XML 1.0 does not allow, become U+FFFD in every format.
 */
#include <stdbool.h>
#include <stddef.h>

struct strbuf;

/* What is written instead of a piece of text. */
struct escape {
	const char *text; /* NULL ends a table */
	const char *instead;
};

/* For elements of HTML and XML; and for attributes, where white space would
 * otherwise be made one blank. */
extern const struct escape *const escape_markup;
extern const struct escape escape_attribute[];
/* For pages that people read: marks that reorder what stands beside them are shown as
 * what they are (Unicode Standard Annex 9, 2). */
extern const struct escape escape_page[];

/* Whether every character of it is one that may be written. */
bool portable_is_text(const char *text);

/* The first of TABLE that fits is taken. */
void portable_text(struct strbuf *out, const char *text,
		   const struct escape *table);

/* The fewest digits that read back as the same value; "" for an absent one. */
const char *portable_number(double value, char *buf, size_t size);

#endif
