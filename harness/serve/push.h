/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_PUSH_H
#define HARNESS_SERVE_PUSH_H

/* push - sends a bundle to the dashboard of another host (upload.h). */
#include <stdbool.h>
#include <stdint.h>

struct err;

struct push {
	const char *url;        /* of the dashboard */
	const char *path;       /* of the bundle */
	const char *token_file; /* read anew for each try; NULL: none */
	const char *ca;         /* a file, PEM; NULL: the system's CAs */

	/* Before the first retry, then twice that each time up to retry_max_ms
	 * (0: no limit). A pause is between half of that and all of it, so that
	 * the nodes of a fleet do not come back together. */
	unsigned int retry_ms, retry_max_ms;

	/* Retry for so long; then a rejected token is retried as well, because
	 * somebody may renew it. 0: three times, and a token is final. */
	uint64_t patience_ns;
	const volatile bool *stop; /* one last try, without a pause; or NULL */
	/* Told before each pause; or NULL. */
	void (*waits)(void *arg, const struct err *why, uint64_t pause_ns);
	void *arg;
};

struct push_reply {
	bool is_new; /* false: the server already has the run */
	/* This host's clock minus the server's, where the server told it. */
	int64_t clock_ahead_s;
};

/*
 * Retries if the server does not answer, is temporarily unavailable, or asks for
 * another time (429, Retry-After). -EPROTO: the server rejected the bundle or
 * the token; -EHOSTUNREACH: no server took it.
 */
int push_bundle(const struct push *p, struct push_reply *reply,
		struct err *err);

/* The token in PATH's first line; -EINVAL without one. */
int push_read_token(const char *path, char *token, size_t size,
		    struct err *err);

/* "this node's clock is 3 days behind the dashboard's", or "" where both agree
 * within a minute. */
const char *push_clock_text(const struct push_reply *reply, char *buf,
			    size_t size);

#endif
