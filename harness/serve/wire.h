/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_WIRE_H
#define HARNESS_SERVE_WIRE_H

/*
 * wire - whether the head of a request is what RFC 9112 allows. The parser of
 * libmicrohttpd 0.9.75 forgives bare LF, NUL, folded lines and blanks in every
 * place, also with MHD_OPTION_STRICT_FOR_CLIENT; a proxy in front may read the
 * same bytes in another way. Pure.
 */
#include <stdbool.h>
#include <stddef.h>

struct err;
struct strbuf;

/* More than any client sends. */
#define WIRE_MAX_FIELDS 100

/*
 * Texts end in '\0' and are borrowed; of the target, which query_parse() checks,
 * only the place and the length count. With IS_IN_PLACE they are still where the
 * client's bytes were read to, each with its separator behind it overwritten:
 * then their distances say what was between them. Not seen is what has the same
 * length: NUL LF for CRLF, and ":" LF for an empty line (docs/dashboard.md).
 */
struct wire {
	const char *method, *target, *version;
	size_t target_len;
	size_t bytes; /* of the whole head, its empty line included */
	bool is_in_place;
	bool is_too_long; /* more fields than fit in */
	size_t count;
	struct wire_field {
		const char *name;
		const char *value; /* without the blanks at its end */
		const char *raw;   /* as it came */
	} fields[WIRE_MAX_FIELDS];
};

/* One field more; VALUE may be NULL. What is stored must be released. */
void wire_add(struct wire *w, const char *name, const char *value);
void wire_release(struct wire *w);

/* 0, or -EINVAL and the *STATUS that the client gets: the connection must close,
 * since where the next request begins is not known. */
int wire_check(const struct wire *w, unsigned int *status, struct err *err);

/* The first field of that name; NULL: there is none. */
const char *wire_get(const struct wire *w, const char *name);

/* All fields of that name as one list (RFC 9110, 5.3); "" without any. */
void wire_join(const struct wire *w, const char *name, struct strbuf *out);

/* Whether TEXT is one token (RFC 9110, 5.6.2). */
bool wire_is_token(const char *text);

#endif
