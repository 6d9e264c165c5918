/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_SERVE_ACCEPT_H
#define HARNESS_SERVE_ACCEPT_H

/*
 * accept - which of several representations a client prefers (RFC 9110,
 * 12.5.1 and 12.5.3). The header is hostile: an element of it that is not well-formed is
 * left out. Pure.
 */
#include <stddef.h>

/*
 * The index of the media type among OFFERS ("text/plain; version=0.0.4") with
 * the highest quality; the first of equals. COUNT where HEADER accepts none.
 * The most specific range decides an offer's quality, and a range fits an offer
 * that has all of its parameters.
 */
size_t accept_choose(const char *header, const char *const *offers,
		     size_t count);

enum accept_coding {
	ACCEPT_PLAIN,
	ACCEPT_GZIP,
	ACCEPT_GZIP_ONLY, /* "identity;q=0" */
};

/* By the Accept-Encoding of HEADER; NULL: there is none. A client that excludes
 * both gets plain bytes: an answer is of more use than 406. */
enum accept_coding accept_coding(const char *header);

#endif
