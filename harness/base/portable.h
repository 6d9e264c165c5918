/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_PORTABLE_H
#define HARNESS_BASE_PORTABLE_H

/*
 * portable - text and numbers of a run as other programs can read them. What
 * a run holds may come from anywhere: what is no character of UTF-8, or none
 * that XML 1.0 allows, becomes U+FFFD whatever the format.
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

/* Whether every character of it is one that may be written. */
bool portable_is_text(const char *text);

/* The first of TABLE that fits is taken. */
void portable_text(struct strbuf *out, const char *text,
		   const struct escape *table);

/* In as few digits as bring back the same value; "" for what is absent. */
const char *portable_number(double value, char *buf, size_t size);

#endif
