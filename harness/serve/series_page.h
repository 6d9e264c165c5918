/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_SERIES_PAGE_H
#define HARNESS_SERVE_SERIES_PAGE_H

/* series_page - one series over time: its picture, what changed and what changed with
 * it, and every boot. Makes an answer (rendered.h). */
struct err;
struct http_reply;
struct http_request;
struct store;

int series_page(struct store *store, const struct http_request *rq,
		struct http_reply *re, struct err *err);

#endif
