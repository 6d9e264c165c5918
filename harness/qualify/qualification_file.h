/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_QUALIFY_QUALIFICATION_FILE_H
#define HARNESS_QUALIFY_QUALIFICATION_FILE_H

/*
 * qualification_file - a qualification as one file to send: gzip (RFC 1952) of its
 * JSON object. It is written again after each step, whole or not at all, and
 * flushed to the disk: a node that dies in one step leaves all that was before.
 */
#include <stdbool.h>

struct err;
struct qualification;

int qualification_write(const struct qualification *q, const char *path,
			struct err *err);

/* Whether the file begins as one. */
bool qualification_is_file(const char *path);

/* -EPROTO for a file that is damaged or of a later version. Q is to be released
 * in any case. */
int qualification_read(const char *path, struct qualification *q,
		       struct err *err);

#endif
