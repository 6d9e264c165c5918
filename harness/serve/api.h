/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_API_H
#define HARNESS_SERVE_API_H

/* api - the same as the pages, as JSON; each is an answer's function (rendered.h). */
#include <jansson.h>

struct err;
struct http_reply;
struct http_request;
struct run_line;
struct store;

int api_runs(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err);
int api_run(struct store *store, const struct http_request *rq,
	    struct http_reply *re, struct err *err);
int api_compare(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err);
int api_history(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err);
int api_hosts(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);

/* A run of a list. */
json_t *api_line(const struct run_line *line); /* caller owns */

/* What is answered in place of these, with the status that RE has. */
void api_error(const char *reason, struct http_reply *re);

#endif
