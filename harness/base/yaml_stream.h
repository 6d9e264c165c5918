/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_YAML_STREAM_H
#define HARNESS_BASE_YAML_STREAM_H

/*
 * yaml_stream - the documents of a YAML or JSON stream, one at a time, as trees
 * of values with their lines: for foreign files, however long. Scalars have the
 * types that YAML 1.1 gives them, as kubectl reads them ("no" is false, 010 is
 * 8). Aliases refer to their anchor's value; what contains itself is an error,
 * and so is a document with more than a thousand anchors, or whose aliases stand
 * for more than 200,000 values, and a stream where they do for two million. One
 * thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

enum yaml_kind {
	YAML_ABSENT, /* not there, or null */
	YAML_BOOL,
	YAML_NUMBER,
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

/* Of the document in hand; NULL is a value that is not there. */
struct yaml_value;

/* Documents that were read before are gone with the next one. */
struct yaml_stream;

/* Members of a map that are passed over with all that they contain. NULL ends
 * them; the list must outlive the stream. */
struct yaml_stream *yaml_stream_open(FILE *in, const char *const *skipped);
struct yaml_stream *yaml_stream_open_bytes(const char *bytes, size_t len,
					   const char *const *skipped);
void yaml_stream_close(struct yaml_stream *s); /* NULL: fine */

/* 1: *ROOT is the next document (NULL: an empty one); 0: there is none left;
 * -EINVAL with the line of the mistake, -EIO. */
int yaml_stream_next(struct yaml_stream *s, const struct yaml_value **root,
		     struct err *err);

enum yaml_kind yaml_kind_of(const struct yaml_value *v);
size_t yaml_line_of(const struct yaml_value *v); /* from 1; 0: not there */

/* Of a scalar as it is written, without quotes; NULL: it is none. */
const char *yaml_text_of(const struct yaml_value *v);
bool yaml_is_true(const struct yaml_value *v); /* of a YAML_BOOL */

/* A whole number from 0; false: it is another. */
bool yaml_count_of(const struct yaml_value *v, uint64_t *count);

/* The member of that name of a map; NULL: not there, or no map. What "<<" merges
 * is the map's own, behind the rest. */
const struct yaml_value *yaml_member(const struct yaml_value *map,
				     const char *key);
/* The same along "spec.domain.cpu". */
const struct yaml_value *yaml_at(const struct yaml_value *map,
				 const char *path);

/* The text of the scalar there, whatever its type: a name can be a number. "":
 * there is none. */
const char *yaml_text_at(const struct yaml_value *map, const char *path);

/* The members of a map or the items of a list, one after the other: NULL gives
 * the first, and the last gives NULL. */
const struct yaml_value *yaml_each(const struct yaml_value *of,
				   const struct yaml_value *before);
/* Of what yaml_each() gave of a map. */
const char *yaml_key_of(const struct yaml_value *member);

/* What a template's parameters make of a scalar, once: TEXT is copied. IS_PLAIN:
 * it gets the type that it would have without quotes. */
bool yaml_is_replaced(const struct yaml_value *scalar);
void yaml_replace(struct yaml_stream *s, const struct yaml_value *scalar,
		  const char *text, bool is_plain);

#endif
