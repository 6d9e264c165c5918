/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_UPLOAD_H
#define HARNESS_SERVE_UPLOAD_H

/* upload - a bundle that somebody sent, on its way into the store. */
struct err;
struct http_reply;
struct stores;

struct upload {
	const char *db;        /* borrowed */
	struct stores *stores; /* borrowed */
};

/* A file without a name beside the store, where there must be room anyway. */
int upload_open(const struct upload *u, struct err *err);

/* 201 for a run that is new, 200 for one that was here; or what it was that
 * would not do: 400, 507, 503. */
int upload_import(struct upload *u, int fd, struct http_reply *re,
		  struct err *err);

#endif
