/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_OVERVIEW_H
#define HARNESS_SERVE_OVERVIEW_H

/* overview - how all hosts stand, on a page and on a board for a wall; each makes an
 * answer (rendered.h) from a watch. */
struct err;
struct http_reply;
struct http_request;
struct store;
struct watch;

int overview_page(struct watch *w, struct store *store,
		  const struct http_request *rq, struct http_reply *re,
		  struct err *err);
int overview_board(struct watch *w, struct store *store,
		   const struct http_request *rq, struct http_reply *re,
		   struct err *err);

#endif
