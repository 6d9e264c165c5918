/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_UPLOAD_H
#define HARNESS_SERVE_UPLOAD_H

/* upload - imports an uploaded bundle into the store. */
#include <pthread.h>

struct err;
struct http_reply;
struct http_request;

struct upload {
	const char *db;       /* borrowed */
	pthread_mutex_t turn; /* serialises the imports */
};

void upload_init(struct upload *u, const char *db);
void upload_release(struct upload *u);

/* An unnamed file beside the store, on the same file system. */
int upload_open(const struct upload *u, struct err *err);

/* -ENOTSUP if its headers say that the body cannot be a bundle. */
int upload_check_type(const struct http_request *rq, struct err *err);

/* 201 for a new run, 200 for a known one; 400, 507 or 503 for an error. */
int upload_import(struct upload *u, int fd, struct http_reply *re,
		  struct err *err);

#endif
