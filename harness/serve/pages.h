/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PAGES_H
#define HARNESS_SERVE_PAGES_H

/* pages - the HTML pages; each function makes an answer (rendered.h). */
struct err;
struct http_reply;
struct http_request;
struct store;
struct strbuf;

int page_runs(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);
int page_run(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err);
int page_compare(struct store *store, const struct http_request *rq,
		 struct http_reply *re, struct err *err);
int page_history(struct store *store, const struct http_request *rq,
		 struct http_reply *re, struct err *err);
int page_hosts(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err);

/* The start of every page; html_end() ends it. */
void page_begin(struct strbuf *out, const char *title);

/* The page for an error, with the status of RE. */
void page_error(const char *reason, struct http_reply *re);

#endif
