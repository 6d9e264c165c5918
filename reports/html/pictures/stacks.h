/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPORTS_HTML_PICTURES_STACKS_H
#define REPORTS_HTML_PICTURES_STACKS_H

/*
 * stacks - horizontal bars made of parts, on one linear axis from zero: phases of a
 * start, terms of a footprint, and, where parts begin late, a waterfall.
 */
#include <stdbool.h>
#include <stddef.h>

struct picture;
struct strbuf;

struct stack_part {
	size_t number; /* in the key, from 1; 0: it has none */
	double from, to;
	char *title;  /* owned, markup */
	bool is_less; /* taken away: drawn as an outline */
};

struct stack {
	char *name;               /* owned */
	size_t look;              /* of palette.h */
	char *text;               /* owned, markup; at the end of the lane */
	struct stack_part *parts; /* owned */
	size_t count;
};

struct stacks {
	struct stack *stacks; /* owned */
	size_t count;
	const char *unit; /* of units_format() */
};

/* A new one, valid until the next; NAME and TEXT are copied, TITLE is taken. */
struct stack *stacks_add(struct stacks *s, const char *name, size_t look,
			 const char *text);
void stack_text(struct stack *s, const char *text);
void stack_add(struct stack *s, size_t number, double from, double to,
	       char *title);
void stacks_release(struct stacks *s);

/* Has S a part of any length. */
void stacks_write(const struct picture *p, const struct stacks *s,
		  struct strbuf *out);

#endif
