/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_VERDICT_COMPARABLE_H
#define HARNESS_VERDICT_COMPARABLE_H

/*
 * comparable - whether two runs can be compared, by the differences of their
 * hosts, guests and plans. comparable.c has a table of all keys and their
 * classes; an unknown key is marked.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum difference_class {
	DIFFERENCE_FATAL,    /* there is no verdict with this difference */
	DIFFERENCE_MARKED,   /* readers of the numbers must know it */
	DIFFERENCE_HARMLESS, /* names, dates, lengths of the run */
	DIFFERENCE_CLASS_COUNT,
};

/* What stands in a table for all keys that begin so. */
struct key_rule {
	const char *prefix;
	int value; /* the table's own enum */
};

/* The rule of KEY: that of the longest prefix; NULL: none. */
const struct key_rule *key_rule_of(const char *key,
				   const struct key_rule *rules, size_t count);

const char *difference_class_name(enum difference_class c);
enum difference_class difference_class_of(const char *key);

struct difference {
	char *key, *a, *b; /* owned; "absent" where one has none */
	/* What a line has of long values that are nearly the same: the words that
	 * only one of them has, or the part from where they differ. Owned. */
	char *short_a, *short_b;
	enum difference_class class;
};

struct differences {
	struct difference *rows; /* owned; fatal ones first, then by key */
	size_t count;
	size_t counts[DIFFERENCE_CLASS_COUNT];
};

/* A and B: objects of texts, numbers and other values. For
 * differences_release(). */
void differences_init(struct differences *d, const json_t *a, const json_t *b);

/* The same by other rules than those of difference_class_of(); ARG is theirs. */
typedef enum difference_class difference_class_fn(const char *key,
						  const void *arg);
void differences_init_by(struct differences *d, const json_t *a,
			 const json_t *b, difference_class_fn *class_of,
			 const void *arg);
void differences_release(struct differences *d);

/* Whether differences_init() would count a fatal one, without any text. */
bool differences_are_fatal(const json_t *a, const json_t *b);

json_t *differences_to_json(const struct differences *d); /* caller owns */

#endif
