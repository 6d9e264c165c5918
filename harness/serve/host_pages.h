/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_HOST_PAGES_H
#define HARNESS_SERVE_HOST_PAGES_H

/* host_pages - one host, and the claims of all hosts over time; each makes an answer
 * (rendered.h) from a watch. */
struct err;
struct http_reply;
struct http_request;
struct watch;

int host_page(struct watch *w, const struct http_request *rq,
	      struct http_reply *re, struct err *err);
int host_claims_page(struct watch *w, const struct http_request *rq,
		     struct http_reply *re, struct err *err);

#endif
