/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_API_H
#define HARNESS_SERVE_API_H

/* api - the JSON twins of the pages; each function makes an answer (rendered.h). */
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

/* JSON as the body of RE; it is consumed. */
int api_write(json_t *json, struct http_reply *re, struct err *err);

/* One run of a list. */
json_t *api_line(const struct run_line *line); /* caller owns */

/* The answer for an error, with the status of RE. */
void api_error(const char *reason, struct http_reply *re);

#endif
