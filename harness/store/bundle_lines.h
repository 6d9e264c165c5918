/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_STORE_BUNDLE_LINES_H
#define HARNESS_STORE_BUNDLE_LINES_H

/*
 * bundle_lines - the lines of a bundle: one gzip member (RFC 1952), or text that is
 * not compressed. The input is hostile: lines and the whole have limits, and
 * nothing may stand behind the member.
 */
#include <stddef.h>

struct bundle_lines;
struct err;

/* FD stays the caller's and is read from where it stands; it may be a pipe. */
struct bundle_lines *bundle_lines_create(int fd);
void bundle_lines_destroy(struct bundle_lines *in); /* NULL is fine */

/*
 * The next line, with '\0' in place of '\n', valid until the next call. It may be
 * written to. -EPROTO for damaged, truncated or too much data; -EIO and others
 * where FD cannot be read.
 */
int bundle_lines_next(struct bundle_lines *in, char **line, size_t *len,
		      struct err *err);

/* 0 if there is nothing more; -EPROTO otherwise. */
int bundle_lines_end(struct bundle_lines *in, struct err *err);

#endif
