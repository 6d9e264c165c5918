/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_UPLOAD_H
#define HARNESS_SERVE_UPLOAD_H

/* upload - a bundle that somebody sent, on its way into the store. */
#include <pthread.h>

struct err;
struct http_reply;

struct upload {
	const char *db;       /* borrowed */
	pthread_mutex_t turn; /* to write: the bundles come in one by one */
};

void upload_init(struct upload *u, const char *db);
void upload_release(struct upload *u);

/* A file without a name beside the store, where there must be room anyway. */
int upload_open(const struct upload *u, struct err *err);

/* 201 for a run that is new, 200 for one that was here; or what it was that
 * would not do: 400, 507, 503. */
int upload_import(struct upload *u, int fd, struct http_reply *re,
		  struct err *err);

#endif
