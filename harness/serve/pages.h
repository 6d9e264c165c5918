/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PAGES_H
#define HARNESS_SERVE_PAGES_H

/* pages - the HTML pages; each function makes an answer (rendered.h). */
#include <stdbool.h>
#include <stddef.h>

struct err;
struct http_reply;
struct http_request;
struct query;
struct store;
struct strbuf;

int page_runs(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);
int page_run(struct store *store, const struct http_request *rq,
	     struct http_reply *re, struct err *err);
int page_compare(struct store *store, const struct http_request *rq,
		 struct http_reply *re, struct err *err);
int page_hosts(struct store *store, const struct http_request *rq,
	       struct http_reply *re, struct err *err);

/* The start of every page; html_end() ends it, or page_end() with the script. */
void page_begin(struct strbuf *out, const char *title);
void page_end(struct strbuf *out);

struct page_field {
	const char *name, *label, *type;
};

/* A form that comes back as it was sent; LIST ends with a field of no name. */
void page_form(const struct query *q, const char *action,
	       const struct page_field *list, struct strbuf *out);

/* All that was asked for, but of the pages beside this one. */
void page_buttons(const struct query *q, const char *action, size_t page,
		  bool has_more, struct strbuf *out);

/* The page for an error, with the status of RE. */
void page_error(const char *reason, struct http_reply *re);

/* The icon of the pages, for who asks beside them. */
int page_icon(struct store *store, const struct http_request *rq,
	      struct http_reply *re, struct err *err);

#endif
