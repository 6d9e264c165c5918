/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_QUERY_H
#define HARNESS_SERVE_QUERY_H

/*
 * query - the decoded target of a request, a path alone or with scheme and
 * authority, or "*" (RFC 9112, 3.2). The input is
 * hostile: damaged percent-encoding, invalid UTF-8, control characters and
 * duplicate parameters are errors.
 */
#include <stddef.h>

struct err;

#define QUERY_MAX_PARAMETERS 16

struct query {
	char *authority; /* owned; NULL: the target has none */
	char *text;      /* owned; all below points into it */
	const char *path;
	struct query_parameter {
		const char *name, *value;
	} parameters[QUERY_MAX_PARAMETERS];
	size_t count;
};

/* 0 or -EINVAL; there is something to release only after 0. */
int query_parse(const char *target, struct query *q, struct err *err);
void query_release(struct query *q);

/* NULL if it is absent, or empty: a form sends blank fields as empty. */
const char *query_get(const struct query *q, const char *name);

/* -EINVAL for a parameter that is not in NAMES (NULL ends them). */
int query_only(const struct query *q, const char *const *names,
	       struct err *err);

#endif
