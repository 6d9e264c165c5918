/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PUSH_H
#define HARNESS_SERVE_PUSH_H

/* push - a bundle on its way to another's dashboard (upload.h). */
#include <stdbool.h>

struct err;

struct push {
	const char *url;   /* of the dashboard */
	const char *path;  /* of the bundle */
	const char *token; /* NULL: none */
	const char *ca;    /* a file, PEM; NULL: whom the system trusts */
	unsigned int
		retry_ms; /* before the first retry; twice that each time */
};

/*
 * Tried again three times where nobody answers, or the other end says that it
 * cannot now. *IS_NEW is false for a run that was there already. -EPROTO: it
 * was refused; -EHOSTUNREACH: nobody took it.
 */
int push_bundle(const struct push *p, bool *is_new, struct err *err);

#endif
