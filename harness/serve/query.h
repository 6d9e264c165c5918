/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_QUERY_H
#define HARNESS_SERVE_QUERY_H

/*
 * query - the target of a request (RFC 9112, 3.2.1), decoded. It is hostile:
 * damaged percent-encoding, what is no UTF-8, control characters and a
 * parameter that comes twice are refused, not repaired.
 */
#include <stddef.h>

struct err;

#define QUERY_MAX_PARAMETERS 16

struct query {
	char *text; /* owned; all below points into it */
	const char *path;
	struct query_parameter {
		const char *name, *value;
	} parameters[QUERY_MAX_PARAMETERS];
	size_t count;
};

/* 0 or -EINVAL; there is something to release only after 0. */
int query_parse(const char *target, struct query *q, struct err *err);
void query_release(struct query *q);

/* NULL where it is absent or empty, as a form sends what was left blank. */
const char *query_get(const struct query *q, const char *name);

/* -EINVAL when there is a parameter that is none of NAMES (NULL ends them). */
int query_only(const struct query *q, const char *const *names,
	       struct err *err);

#endif
