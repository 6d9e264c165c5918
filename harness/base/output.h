/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HARNESS_BASE_OUTPUT_H
#define HARNESS_BASE_OUTPUT_H

/*
 * output - a file that a user names for a result: an old file stays until the new
 * one is whole, and nothing else than its content changes, as with cp.
 *
 * - A new or a regular file is written beside its place and takes it at the end.
 *   It has no name until then where the file system has O_TMPFILE, so that even
 *   SIGKILL leaves nothing behind. An old file's owner and mode stay.
 * - A device or a pipe is written to. /dev/stdout, /dev/fd/N: to the descriptor
 *   that this process has, from where it stands. A socket, a folder and a link
 *   to nothing are refused, the latter as cp refuses it: in a folder of others it
 *   may be a trap.
 * - Links are followed; the file at their end is replaced and they stay. A file
 *   that this process may not write is refused, whatever its folder allows.
 * - A file is written in its place, and a failure leaves a part of it, where it
 *   has several names (hard links), an access list or an owner that it could not
 *   get back, where its folder takes no new file, and where it is a mount point.
 */
#include <stdbool.h>
#include <stddef.h>

struct err;

struct output {
	int fd;       /* to write to; open until output_end() */
	char *path;   /* owned; as the caller named it, for messages */
	char *target; /* owned; without links; NULL: written in place */
	char *part;   /* owned; a name of its own; NULL: it has none */
	bool is_done;
};

/* 0, or a negative errno with O zeroed. */
int output_begin(struct output *o, const char *path, struct err *err);

/* Whether output_begin() could begin at PATH, as far as can be told without changing
 * what is there: 0, or its error. A disk may be full later. */
int output_check(const char *path, struct err *err);

/* All of LEN bytes. */
int output_write(struct output *o, const void *bytes, size_t len,
		 struct err *err);

/*
 * RET 0: what was written takes its place; IS_DURABLE: and is on the disk. Else it
 * is dropped. Returns the first failure of both; releases O in any case.
 */
int output_end(struct output *o, int ret, bool is_durable, struct err *err);

/* Whether both are one file, under whatever names; false if one is none. */
bool output_is_same(const char *path, const char *other);

#endif
