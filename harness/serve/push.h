/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PUSH_H
#define HARNESS_SERVE_PUSH_H

/* push - sends a bundle to the dashboard of another host (upload.h). */
#include <stdbool.h>

struct err;

struct push {
	const char *url;   /* of the dashboard */
	const char *path;  /* of the bundle */
	const char *token; /* NULL: none */
	const char *ca;    /* a file, PEM; NULL: the system's CAs */
	unsigned int
		retry_ms; /* before the first retry; twice that each time */
};

/*
 * Retries three times if the server does not answer or is temporarily
 * unavailable. *IS_NEW is false if the server already has the run. -EPROTO: the
 * server rejected the bundle; -EHOSTUNREACH: no server took it.
 */
int push_bundle(const struct push *p, bool *is_new, struct err *err);

#endif
