/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_REPLY_HEAD_H
#define HARNESS_SERVE_REPLY_HEAD_H

/* reply_head - the headers of an answer. Any thread may call. */
#include <stdbool.h>
#include <stddef.h>

struct MHD_Response;
struct entity;
struct http_reply;
struct http_route;

/* What an answer has beside its reply; the texts are borrowed. */
struct reply_head {
	const struct http_reply *reply; /* with its status */
	const struct http_route *route; /* NULL: there is none */
	const struct entity *entity;
	const char *allow;  /* ""; or methods */
	const char *policy; /* of reply_policy() */
	bool is_last;       /* the connection closes behind it */
};

void reply_head_add(struct MHD_Response *r, const struct reply_head *h);

#define REPLY_POLICY_BYTES 320

/* A Content-Security-Policy for pages whose only inline style is STYLE (NULL:
 * none) and that have no inline script. */
void reply_policy(const char *style, char policy[REPLY_POLICY_BYTES]);

#endif
