/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_ENTITY_H
#define HARNESS_SERVE_ENTITY_H

/*
 * entity - the form in which a body is sent, and whether the client has it
 * already: gzip, entity tags and preconditions (RFC 9110, 8.4, 8.8.3 and 13).
 * Any thread may call.
 */
#include <stdbool.h>

#include "harness/serve/accept.h"

struct cache;
struct strbuf;

#define ENTITY_TAG_BYTES 40 /* with quotes and the end */

/* Shorter ones fit into one packet as they are. */
#define ENTITY_MIN_GZIP_BYTES 1024

struct entity {
	char tag[ENTITY_TAG_BYTES]; /* ""; or strong, of bytes and coding */
	bool is_gzip;
};

/*
 * Replaces BODY by its compressed form where CODING asks for it. KEPT holds
 * compressed forms by the bytes that they are of, so that a page is compressed
 * once; NULL: the body is of this moment, and gets no tag either.
 */
void entity_make(struct cache *kept, enum accept_coding coding,
		 struct strbuf *body, struct entity *out);

/* Whether LIST, of If-None-Match, names TAG (weak comparison) or is "*". */
bool entity_is_known(const char *list, const char *tag);

/* Whether LIST, of If-Match, names TAG (strong comparison) or is "*". */
bool entity_is_wanted(const char *list, const char *tag);

#endif
